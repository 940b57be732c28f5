// What JavaScript holds of a probe: its rings as read-only memory, their heads, and the way to give room back.
//
// All calls come from the one thread of its environment; nothing is global, so each worker can open its own.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "../probe/probe.h"
#include "lent_buffer.h"

namespace sysring {

class ProbeHandle : public Napi::ObjectWrap<ProbeHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  // Takes the probe over and wraps it.
  static Napi::Object Wrap(Napi::Env env, Napi::Function constructor, std::unique_ptr<Probe> probe);

  explicit ProbeHandle(const Napi::CallbackInfo& info);
  ~ProbeHandle() override;

  // Null once closed. A balancer that shares it is the only one to read its rings.
  const std::shared_ptr<Probe>& probe() const { return probe_; }

 private:
  Napi::Value Cpus(const Napi::CallbackInfo& info);
  Napi::Value Data(const Napi::CallbackInfo& info);
  void Start(const Napi::CallbackInfo& info);
  void Stop(const Napi::CallbackInfo& info);
  void LeaveOut(const Napi::CallbackInfo& info);
  Napi::Value Tick(const Napi::CallbackInfo& info);
  Napi::Value Poll(const Napi::CallbackInfo& info);
  Napi::Value Release(const Napi::CallbackInfo& info);
  void Counters(const Napi::CallbackInfo& info);
  Napi::Value BufferDrops(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  Napi::Value Produce(const Napi::CallbackInfo& info);
  void Poke(const Napi::CallbackInfo& info);

  // Throws a JavaScript error and returns false when the probe is closed.
  bool Open(Napi::Env env) const;

  std::shared_ptr<Probe> probe_;
  // One per ring.
  std::vector<LentBuffer> buffers_;
};

}  // namespace sysring
