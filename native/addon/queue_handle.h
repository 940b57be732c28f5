// What JavaScript holds of a queue that it consumes.
#pragma once

#include <napi.h>

#include <memory>

#include "../cluster/attached_queue.h"
#include "lent_buffer.h"

namespace sysring {

class QueueHandle : public Napi::ObjectWrap<QueueHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  // Takes the queue over and wraps it.
  static Napi::Object Wrap(Napi::Env env, Napi::Function constructor, std::shared_ptr<AttachedQueue> queue);

  explicit QueueHandle(const Napi::CallbackInfo& info);

  const std::shared_ptr<AttachedQueue>& queue() const { return queue_; }

 private:
  Napi::Value Description(const Napi::CallbackInfo& info);
  Napi::Value Data(const Napi::CallbackInfo& info);
  Napi::Value Poll(const Napi::CallbackInfo& info);
  Napi::Value Tail(const Napi::CallbackInfo& info);
  Napi::Value Wait(const Napi::CallbackInfo& info);
  Napi::Value Release(const Napi::CallbackInfo& info);
  Napi::Value State(const Napi::CallbackInfo& info);
  Napi::Value IsLocal(const Napi::CallbackInfo& info);
  void Counters(const Napi::CallbackInfo& info);
  Napi::Value Pending(const Napi::CallbackInfo& info);
  Napi::Value Taken(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  // Throws a JavaScript error and returns false when the queue was given up.
  bool Open(Napi::Env env) const;

  std::shared_ptr<AttachedQueue> queue_;
  LentBuffer buffer_;
};

// Counters as numbers, in the order of COUNTERS in lib/cluster/counters.ts.
void WriteCounters(const QueueCounters& counters, double* out);
constexpr size_t kCounters = 9;

}  // namespace sysring
