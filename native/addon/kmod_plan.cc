#include "kmod_plan.h"

#include <algorithm>

#include "../probe/kmod/abi.h"

namespace sysring {

Napi::Object DriverOf(Napi::Env env, const KmodDevices& devices) {
  Napi::Object driver = Napi::Object::New(env);
  driver.Set("device", devices.name());
  driver.Set("version", devices.DriverVersion());
  driver.Set("api", Napi::BigInt::New(env, devices.PackedVersion(kGetApiVersion)));
  driver.Set("schema", Napi::BigInt::New(env, devices.PackedVersion(kGetSchemaVersion)));
  driver.Set("events", devices.CountEvents());
  driver.Set("pid", std::max(0, devices.Control(kGetCurrentPid, 0)));
  return driver;
}

KmodPlan PlanFrom(Napi::Object from) {
  auto numbers = [](Napi::Value value) {
    std::vector<uint32_t> list;
    auto array = value.As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); i++) list.push_back(array.Get(i).ToNumber().Uint32Value());
    return list;
  };
  auto requests = [&](const char* name) {
    std::vector<KmodPlan::Request> list;
    auto array = from.Get(name).As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); i++) {
      auto request = array.Get(i).As<Napi::Object>();
      list.push_back({request.Get("name").ToString(), request.Get("number").ToNumber().Uint32Value(),
                      static_cast<uint64_t>(request.Get("arg").ToNumber().Int64Value()), request.Get("each").ToBoolean()});
    }
    return list;
  };
  KmodPlan plan;
  plan.ring_bytes = numbers(from.Get("ringBytes"));
  auto counters = from.Get("counters").As<Napi::Object>();
  plan.counters.drops_pf = counters.Get("dropsPf").ToNumber();
  plan.counters.preemptions = counters.Get("preemptions").ToNumber();
  auto buffer_drops = counters.Get("bufferDrops").As<Napi::Object>();
  auto names = buffer_drops.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); i++) {
    std::string name = names.Get(i).ToString();
    plan.buffer_drops.emplace_back(name, buffer_drops.Get(name).ToNumber().Uint32Value());
  }
  plan.trust = from.Get("header").ToNumber().Int32Value() == 22 ? Trust::kLength : Trust::kParameters;
  plan.settings = requests("settings");
  plan.start = requests("start");
  plan.stop = requests("stop");
  return plan;
}

}  // namespace sysring
