// The addon: opens probes, network interfaces and senders, makes clusters and attaches to queues. Everything else happens on their
// handles.
#include <napi.h>
#include <sched.h>

#include <algorithm>

#include "../probe/bpf/bpf_probe.h"
#include "../probe/bpf/kernel_features.h"
#include "../probe/bpf/iterators.h"
#include "../probe/synthetic/synthetic_probe.h"
#include "attach.h"
#include "cluster_handle.h"
#include "cluster_options.h"
#include "kmod_plan.h"
#include "nic_handle.h"
#include "probe_handle.h"
#include "queue_handle.h"
#include "sender_handle.h"
#include "tap_handle.h"
#include "throw_failure.h"

namespace sysring {

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports) {
    handle_ = Napi::Persistent(ProbeHandle::Define(env));
    cluster_ = Napi::Persistent(ClusterHandle::Define(env));
    queue_ = Napi::Persistent(QueueHandle::Define(env));
    nic_ = Napi::Persistent(NicHandle::Define(env));
    sender_ = Napi::Persistent(SenderHandle::Define(env));
    tap_ = Napi::Persistent(TapHandle::Define(env));
    DefineAddon(exports, {
                             InstanceMethod<&Addon::OpenBpf>("openBpf"),
                             InstanceMethod<&Addon::OpenKmod>("openKmod"),
                             InstanceMethod<&Addon::OpenSynthetic>("openSynthetic"),
                             InstanceMethod<&Addon::ReadKernelState>("readKernelState"),
                             InstanceMethod<&Addon::MissingFeature>("missingFeature"),
                             InstanceMethod<&Addon::MakeCluster>("makeCluster"),
                             InstanceMethod<&Addon::AttachQueue>("attachQueue"),
                             InstanceMethod<&Addon::PinThread>("pinThread"),
                             InstanceMethod<&Addon::OpenNic>("openNic"),
                             InstanceMethod<&Addon::OpenSender>("openSender"),
                             InstanceMethod<&Addon::OpenTap>("openTap"),
                             InstanceMethod<&Addon::Interfaces>("interfaces"),
                             InstanceMethod<&Addon::CompileFilter>("compileFilter"),
                         });
  }

 private:
  // openBpf({ ringBytes, snaplen, dynamicSnaplen, fullPortsFirst, fullPortsLast, exitOnly, selfTgid, needs: Uint8Array, pidFilter: 0 | 1 | 2, pids: number[], pidChildren,
  //           procexit, signaldeliver, switch, page_fault: 0 … 3, matchPids?: number[], matchTids?: number[],
  //           matchComms?: string[], matchFailed, dropFailed }): options are checked in lib/probe.
  Napi::Value OpenBpf(const Napi::CallbackInfo& info) {
    Napi::Object from = info[0].As<Napi::Object>();
    auto number = [&](const char* name) { return from.Get(name).ToNumber().Uint32Value(); };
    auto flag = [&](const char* name) { return from.Get(name).ToBoolean().Value(); };
    BpfOptions options;
    options.ring_bytes = number("ringBytes");
    options.snaplen = number("snaplen");
    options.dynamic_snaplen = flag("dynamicSnaplen");
    options.full_ports_first = number("fullPortsFirst");
    options.full_ports_last = number("fullPortsLast");
    options.exit_only = flag("exitOnly");
    options.self_tgid = number("selfTgid");
    options.filter = static_cast<pid_filter>(number("pidFilter"));
    options.pid_children = flag("pidChildren");
    options.procexit = number("procexit");
    options.signaldeliver = number("signaldeliver");
    options.sched_switch = number("switch");
    options.page_fault = number("page_fault");
    options.match_failed = flag("matchFailed");
    options.drop_failed = flag("dropFailed");
    auto needs = from.Get("needs").As<Napi::Uint8Array>();
    std::copy_n(needs.Data(), std::min(needs.ElementLength(), options.needs.size()), options.needs.begin());
    // An array's items; undefined: none is given.
    auto each = [&](const char* name, auto take) {
      if (!from.Get(name).IsArray()) return false;
      auto items = from.Get(name).As<Napi::Array>();
      for (uint32_t i = 0; i < items.Length(); i++) take(items.Get(i));
      return true;
    };
    auto numbers = [&](const char* name) {
      std::vector<uint32_t> all;
      bool given = each(name, [&](Napi::Value item) { all.push_back(item.ToNumber().Uint32Value()); });
      return given ? std::optional(all) : std::nullopt;
    };
    options.pids = numbers("pids").value_or(std::vector<uint32_t>{});
    options.match_pids = numbers("matchPids");
    options.match_tids = numbers("matchTids");
    std::vector<std::string> comms;
    if (each("matchComms", [&](Napi::Value item) { comms.push_back(item.ToString().Utf8Value()); })) options.match_comms = comms;
    return Make(info.Env(), [&] { return std::make_unique<BpfProbe>(options); });
  }

  // openKmod(plan): opens the kernel module's nodes, asks `plan` what to do with that driver, { device, version, api, schema,
  // events, pid } → KmodPlan, and does it. See lib/probe/kmod.
  Napi::Value OpenKmod(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    try {
      auto devices = std::make_shared<KmodDevices>();
      Napi::Value plan = info[0].As<Napi::Function>().Call({DriverOf(env, *devices)});
      return ProbeHandle::Wrap(env, handle_.Value(), std::make_unique<KmodProbe>(std::move(devices), PlanFrom(plan.As<Napi::Object>())));
    } catch (const Failure& failure) {
      ThrowFailure(env, failure);
      return env.Undefined();
    }
  }

  // openSynthetic(cpus, ringBytes)
  Napi::Value OpenSynthetic(const Napi::CallbackInfo& info) {
    int cpus = info[0].ToNumber().Int32Value();
    uint32_t ring_bytes = info[1].ToNumber().Uint32Value();
    return Make(info.Env(), [&] { return std::make_unique<SyntheticProbe>(cpus, ring_bytes); });
  }

  // readKernelState(maxFds): { threads, files }, each an Uint8Array of the records of iterators.bpf.c.
  Napi::Value ReadKernelState(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    try {
      KernelState read = sysring::ReadKernelState(info[0].ToNumber().Uint32Value());
      Napi::Object state = Napi::Object::New(env);
      state.Set("threads", Napi::Buffer<uint8_t>::Copy(env, read.threads.data(), read.threads.size()));
      state.Set("files", Napi::Buffer<uint8_t>::Copy(env, read.files.data(), read.files.size()));
      return state;
    } catch (const Failure& failure) {
      ThrowFailure(env, failure);
      return env.Undefined();
    }
  }

  // missingFeature(name): what the kernel says instead of having it, "" if it has.
  Napi::Value MissingFeature(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), sysring::MissingFeature(info[0].ToString()));
  }

  // openNic({ interface, ringBytes, retireMs, snaplen, promiscuous, fanout?: { mode, group }, bpf?: string })
  Napi::Value OpenNic(const Napi::CallbackInfo& info) { return NicHandle::Open(info.Env(), nic_.Value(), info[0].As<Napi::Object>()); }

  // openSender(interface, bypassQdisc)
  Napi::Value OpenSender(const Napi::CallbackInfo& info) {
    return SenderHandle::Open(info.Env(), sender_.Value(), info[0].ToString(), info[1].ToBoolean());
  }

  // openTap(name, headers: Uint8Array): makes that interface, which goes when the handle is closed. `headers`: the Ethernet header of
  // records, and another one.
  Napi::Value OpenTap(const Napi::CallbackInfo& info) {
    return TapHandle::Open(info.Env(), tap_.Value(), info[0].ToString(), info[1].As<Napi::Uint8Array>());
  }

  // interfaces(): of each network interface { name, index, linktype, mtu, up, loopback }.
  Napi::Value Interfaces(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    Napi::Array list = Napi::Array::New(env);
    try {
      for (const Interface& interface : sysring::Interfaces()) {
        Napi::Object each = Napi::Object::New(env);
        each.Set("name", interface.name);
        each.Set("index", interface.index);
        each.Set("linktype", interface.Linktype());
        each.Set("mtu", interface.mtu);
        each.Set("up", interface.up);
        each.Set("loopback", interface.loopback);
        list.Set(list.Length(), each);
      }
    } catch (const Failure& failure) {
      ThrowFailure(env, failure);
    }
    return list;
  }

  // compileFilter(expression, linktype, snaplen): how many instructions it has.
  Napi::Value CompileFilter(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    try {
      auto filter = sysring::CompileFilter(info[0].ToString(), info[1].ToNumber().Int32Value(), info[2].ToNumber().Uint32Value());
      return Napi::Number::New(env, static_cast<double>(filter.size()));
    } catch (const Failure& failure) {
      ThrowFailure(env, failure);
      return env.Undefined();
    }
  }

  // makeCluster(memory, distribution): see cluster_options.h
  Napi::Value MakeCluster(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    try {
      auto memory = std::make_unique<ClusterMemory>(ClusterOptionsFrom(info[0].As<Napi::Object>()));
      return ClusterHandle::Wrap(env, cluster_.Value(), std::move(memory), DistributorOptionsFrom(info[1].As<Napi::Object>()));
    } catch (const Failure& failure) {
      ThrowFailure(env, failure);
      return env.Undefined();
    }
  }

  // attachQueue(options): see attach.h
  Napi::Value AttachQueue(const Napi::CallbackInfo& info) { return Attach(info.Env(), info[0].As<Napi::Object>(), queue_); }

  // pinThread(cpu): the calling thread runs there only. False if it may not.
  Napi::Value PinThread(const Napi::CallbackInfo& info) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    const uint32_t cpu = info[0].ToNumber().Uint32Value();
    if (cpu < CPU_SETSIZE) CPU_SET(cpu, &cpus);
    return Napi::Boolean::New(info.Env(), sched_setaffinity(0, sizeof cpus, &cpus) == 0);
  }

  template <typename Maker>
  Napi::Value Make(Napi::Env env, Maker maker) {
    try {
      return ProbeHandle::Wrap(env, handle_.Value(), maker());
    } catch (const Failure& failure) {
      ThrowFailure(env, failure);
      return env.Undefined();
    }
  }

  Napi::FunctionReference handle_, cluster_, queue_, nic_, sender_, tap_;
};

NODE_API_ADDON(Addon)

}  // namespace sysring
