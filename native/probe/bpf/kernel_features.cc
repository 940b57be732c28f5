#include "kernel_features.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "libbpf_load.h"

namespace sysring {

namespace {

constexpr char kHelper[] = "helper:";

// Closes what has been made, and says nothing; or says why it has not.
std::string Outcome(int fd) {
  if (fd < 0) return strerror(errno);
  close(fd);
  return "";
}

std::string Btf() {
  btf* types = btf__load_vmlinux_btf();
  if (types == nullptr) return strerror(errno);
  btf__free(types);
  return "";
}

// A program on the raw tracepoint of system calls that does nothing; it is not attached.
std::string TpBtf() {
  int id = libbpf_find_vmlinux_btf_id("sys_enter", BPF_TRACE_RAW_TP);
  if (id < 0) return "the kernel's types have no btf_trace_sys_enter";
  bpf_insn nothing[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0}, {.code = BPF_JMP | BPF_EXIT}};
  LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_RAW_TP, .attach_btf_id = static_cast<__u32>(id));
  NoSignals hold;
  return Outcome(bpf_prog_load(BPF_PROG_TYPE_TRACING, "has_tp_btf", "GPL", nothing, 2, &options));
}

std::string MmapArray() {
  LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
  return Outcome(bpf_map_create(BPF_MAP_TYPE_ARRAY, "has_mmap", sizeof(__u32), 4096, 1, &options));
}

// A call with arguments that no helper takes: a verifier that knows the helper complains of those.
std::string Helper(int number) {
  bpf_insn call[] = {{.code = BPF_JMP | BPF_CALL, .imm = number}, {.code = BPF_JMP | BPF_EXIT}};
  char log[4096] = "";
  LIBBPF_OPTS(bpf_prog_load_opts, options, .log_level = 1, .log_size = sizeof log, .log_buf = log);
  NoSignals hold;
  std::string refused = Outcome(bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "has_helper", "GPL", call, 2, &options));
  if (refused.empty()) return "";
  if (strstr(log, "invalid func") != nullptr || strstr(log, "unknown func") != nullptr) return "the verifier does not know it";
  // Without a word the kernel did not even look.
  return log[0] == '\0' ? refused : "";
}

}  // namespace

std::string MissingFeature(const std::string& name) {
  PrepareLibbpf();
  if (name == "btf") return Btf();
  if (name == "tp_btf") return TpBtf();
  if (name == "mmap_array") return MmapArray();
  if (name.starts_with(kHelper)) return Helper(std::atoi(name.c_str() + sizeof kHelper - 1));
  return "there is no such feature";
}

}  // namespace sysring
