#include "queue_handle.h"

#include "throw_failure.h"

namespace sysring {

Napi::Function QueueHandle::Define(Napi::Env env) {
  return DefineClass(env, "QueueHandle",
                     {
                         InstanceMethod<&QueueHandle::Description>("description"),
                         InstanceMethod<&QueueHandle::Data>("data"),
                         InstanceMethod<&QueueHandle::Poll>("poll"),
                         InstanceMethod<&QueueHandle::Tail>("tail"),
                         InstanceMethod<&QueueHandle::Wait>("wait"),
                         InstanceMethod<&QueueHandle::Release>("release"),
                         InstanceMethod<&QueueHandle::State>("state"),
                         InstanceMethod<&QueueHandle::IsLocal>("isLocal"),
                         InstanceMethod<&QueueHandle::Counters>("counters"),
                         InstanceMethod<&QueueHandle::Pending>("pending"),
                         InstanceMethod<&QueueHandle::Taken>("taken"),
                         InstanceMethod<&QueueHandle::Close>("close"),
                     });
}

Napi::Object QueueHandle::Wrap(Napi::Env env, Napi::Function constructor, std::shared_ptr<AttachedQueue> queue) {
  Napi::Object object = constructor.New({});
  if (env.IsExceptionPending()) return object;
  Unwrap(object)->queue_ = std::move(queue);
  return object;
}

QueueHandle::QueueHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

bool QueueHandle::Open(Napi::Env env) const {
  if (queue_) return true;
  ThrowFailure(env, {"ERR_CAPTURE_CLOSED", "this queue is closed", "open it again"});
  return false;
}

// description(): what the producer says of the queues, JSON.
Napi::Value QueueHandle::Description(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  return Napi::String::New(info.Env(), queue_->Description());
}

// data(): its memory, twice in a row. Read-only pages: an assignment through a view of it ends the process.
Napi::Value QueueHandle::Data(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  return buffer_.Lend(info.Env(), queue_->reader().data());
}

// poll(): the position before which entries are complete, a number below 2^32.
Napi::Value QueueHandle::Poll(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), queue_->Head());
}

// tail(): the position where this consumer goes on.
Napi::Value QueueHandle::Tail(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), queue_->reader().tail());
}

// wait(bytes, ms): sleeps until so many bytes wait, or so long. Blocks the thread. Returns what poll() does.
Napi::Value QueueHandle::Wait(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  queue_->Wait(info[0].ToNumber().Uint32Value(), info[1].ToNumber().Uint32Value());
  return Poll(info);
}

// release(tail): gives what lies before it back. False if that is not between tail and head.
Napi::Value QueueHandle::Release(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), queue_->Release(info[0].ToNumber().Uint32Value()));
}

// state(): "running", "ended", "gone" (the producer has died), or what it failed with.
Napi::Value QueueHandle::State(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Open(env)) return env.Undefined();
  switch (queue_->State()) {
    case ClusterState::kEnded: return Napi::String::New(env, "ended");
    case ClusterState::kFailed: return Napi::String::New(env, "failed: " + queue_->Reason());
    default: return Napi::String::New(env, queue_->ProducerLives() ? "running" : "gone");
  }
}

void WriteCounters(const QueueCounters& c, double* out) {
  for (uint64_t value : {c.received, c.dropped, c.filtered, c.bytes, c.state_received, c.state_dropped, uint64_t{c.high_watermark}, uint64_t{c.faults}, uint64_t{c.waiting}}) {
    *out++ = static_cast<double>(value);
  }
}

// isLocal(): does the producer run on this machine?
Napi::Value QueueHandle::IsLocal(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), queue_->IsLocal());
}

// counters(out: Float64Array)
void QueueHandle::Counters(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return;
  auto out = info[0].As<Napi::Float64Array>();
  if (out.ElementLength() >= kCounters) WriteCounters(queue_->reader().Counters(), out.Data());
}

// pending(): records that wait, copies for the state not counted.
Napi::Value QueueHandle::Pending(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(queue_->reader().Pending()));
}

// taken(): records that a balancing thread has taken from it.
Napi::Value QueueHandle::Taken(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(queue_->reader().taken()));
}

void QueueHandle::Close(const Napi::CallbackInfo&) {
  buffer_.TakeBack();
  queue_.reset();
}

}  // namespace sysring
