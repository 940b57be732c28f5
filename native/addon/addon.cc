// The addon: makes probes. Everything else happens on their handles.
#include <napi.h>

#include "../probe/bpf/bpf_probe.h"
#include "../probe/synthetic/synthetic_probe.h"
#include "kmod_plan.h"
#include "probe_handle.h"

namespace sysring {

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports) {
    handle_ = Napi::Persistent(ProbeHandle::Define(env));
    DefineAddon(exports, {
                             InstanceMethod<&Addon::OpenBpf>("openBpf"),
                             InstanceMethod<&Addon::OpenKmod>("openKmod"),
                             InstanceMethod<&Addon::OpenSynthetic>("openSynthetic"),
                         });
  }

 private:
  // openBpf({ ringBytes, snaplen, exitOnly, selfTgid, wanted?: Uint8Array, pidFilter: 0 | 1 | 2, pids: number[], pidChildren,
  //           procexit, signaldeliver, switch, page_fault }): options are checked in lib/probe/bpf.ts.
  Napi::Value OpenBpf(const Napi::CallbackInfo& info) {
    Napi::Object from = info[0].As<Napi::Object>();
    auto number = [&](const char* name) { return from.Get(name).ToNumber().Uint32Value(); };
    auto flag = [&](const char* name) { return from.Get(name).ToBoolean().Value(); };
    BpfOptions options;
    options.ring_bytes = number("ringBytes");
    options.snaplen = number("snaplen");
    options.exit_only = flag("exitOnly");
    options.self_tgid = number("selfTgid");
    options.filter = static_cast<pid_filter>(number("pidFilter"));
    options.pid_children = flag("pidChildren");
    options.procexit = flag("procexit");
    options.signaldeliver = flag("signaldeliver");
    options.sched_switch = flag("switch");
    options.page_fault = flag("page_fault");
    if (from.Get("wanted").IsTypedArray()) {
      auto wanted = from.Get("wanted").As<Napi::Uint8Array>();
      options.wanted.assign(wanted.Data(), wanted.Data() + wanted.ElementLength());
    }
    if (from.Get("pids").IsArray()) {
      auto pids = from.Get("pids").As<Napi::Array>();
      for (uint32_t i = 0; i < pids.Length(); i++) options.pids.push_back(pids.Get(i).ToNumber().Uint32Value());
    }
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

  template <typename Maker>
  Napi::Value Make(Napi::Env env, Maker maker) {
    try {
      return ProbeHandle::Wrap(env, handle_.Value(), maker());
    } catch (const Failure& failure) {
      ThrowFailure(env, failure);
      return env.Undefined();
    }
  }

  Napi::FunctionReference handle_;
};

NODE_API_ADDON(Addon)

}  // namespace sysring
