// What JavaScript holds of a cluster that it fills: its memory, the way records are distributed, and the balancing thread.
#pragma once

#include <napi.h>

#include <memory>

#include "../balance/balancer.h"

namespace sysring {

class ClusterHandle : public Napi::ObjectWrap<ClusterHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  static Napi::Object Wrap(Napi::Env env, Napi::Function constructor, std::unique_ptr<ClusterMemory> memory, DistributorOptions options);

  explicit ClusterHandle(const Napi::CallbackInfo& info);

 private:
  void SendFiles(const Napi::CallbackInfo& info);
  void SetPids(const Napi::CallbackInfo& info);
  void SetFlows(const Napi::CallbackInfo& info);
  Napi::Value Distribute(const Napi::CallbackInfo& info);
  void Abandon(const Napi::CallbackInfo& info);
  void Start(const Napi::CallbackInfo& info);
  Napi::Value Running(const Napi::CallbackInfo& info);
  void Stop(const Napi::CallbackInfo& info);
  void End(const Napi::CallbackInfo& info);
  void Beat(const Napi::CallbackInfo& info);
  void Counters(const Napi::CallbackInfo& info);
  Napi::Value Attached(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  bool Open(Napi::Env env) const;

  // In this order: the balancer uses what stands before it.
  std::unique_ptr<ClusterMemory> memory_;
  std::unique_ptr<Distributor> distributor_;
  std::unique_ptr<Balancer> balancer_;
};

}  // namespace sysring
