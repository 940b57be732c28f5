{
  "targets": [
    {
      "target_name": "sysring",
      "sources": [
        "addon/addon.cc",
        "addon/attach.cc",
        "addon/cluster_handle.cc",
        "addon/cluster_options.cc",
        "addon/kmod_plan.cc",
        "addon/lent_buffer.cc",
        "addon/nic_handle.cc",
        "addon/probe_handle.cc",
        "addon/queue_handle.cc",
        "balance/balancer.cc",
        "balance/distributor.cc",
        "balance/nic_source.cc",
        "balance/packet_flow.cc",
        "balance/processes.cc",
        "balance/queue_source.cc",
        "balance/ring_source.cc",
        "cluster/attached_queue.cc",
        "cluster/file.cc",
        "cluster/memory.cc",
        "cluster/passing.cc",
        "cluster/queue.cc",
        "addon/sender_handle.cc",
        "addon/throw_failure.cc",
        "nic/bpf_filter.cc",
        "nic/interface.cc",
        "nic/packet_block.cc",
        "nic/packet_ring.cc",
        "nic/packet_sender.cc",
        "nic/socket_failure.cc",
        "ring/ring.cc",
        "probe/bpf/bpf_probe.cc",
        "probe/bpf/ia32.cc",
        "probe/bpf/iterators.cc",
        "probe/bpf/kernel_features.cc",
        "probe/bpf/libbpf_load.cc",
        "probe/bpf/static_link.cc",
        "probe/cpus.cc",
        "probe/kmod/devices.cc",
        "probe/kmod/kmod_probe.cc",
        "probe/synthetic/synthetic_probe.cc"
      ],
      "include_dirs": [
        "<!@(node -p \"require('node-addon-api').include_dir\")",
        "build/<(target_arch)",
        "probe/bpf"
      ],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
      "cflags_cc": ["-std=c++20", "-fexceptions", "-frtti", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-missing-field-initializers", "-fvisibility=hidden", "-O2"],
      "ldflags": ["-Wl,--exclude-libs,ALL"],
      "libraries": ["-l:libbpf.a", "-l:libelf.a", "-l:libz.a"]
    }
  ]
}
