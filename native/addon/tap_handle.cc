#include "tap_handle.h"

#include <iterator>

#include "throw_failure.h"

namespace sysring {

Napi::Function TapHandle::Define(Napi::Env env) {
  return DefineClass(env, "TapHandle",
                     {
                         InstanceMethod<&TapHandle::Write>("write"),
                         InstanceMethod<&TapHandle::Counters>("counters"),
                         InstanceMethod<&TapHandle::Close>("close"),
                     });
}

Napi::Value TapHandle::Open(Napi::Env env, Napi::Function constructor, const std::string& name) {
  try {
    auto tap = std::make_unique<Tap>(name);
    Napi::Object object = constructor.New({});
    if (!env.IsExceptionPending()) Unwrap(object)->tap_ = std::move(tap);
    return object;
  } catch (const Failure& failure) {
    ThrowFailure(env, failure);
    return env.Undefined();
  }
}

TapHandle::TapHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

TapHandle::~TapHandle() = default;

bool TapHandle::IsOpen(Napi::Env env) const {
  if (tap_) return true;
  ThrowFailure(env, {"ERR_CAPTURE_CLOSED", "this interface is closed", "open it again"});
  return false;
}

// write(frames: Uint8Array, lengths: Uint32Array): the frames lie back to back. Never waits.
void TapHandle::Write(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return;
  auto frames = info[0].As<Napi::Uint8Array>();
  auto lengths = info[1].As<Napi::Uint32Array>();
  size_t count = 0, bytes = 0;
  for (; count < lengths.ElementLength(); count++) {
    if (lengths[count] > frames.ElementLength() - bytes) break;
    bytes += lengths[count];
  }
  try {
    tap_->Write(frames.Data(), lengths.Data(), count);
  } catch (const Failure& failure) {
    ThrowFailure(info.Env(), failure);
  }
}

// counters(out: Float64Array): frames written, their bytes, too_short, no_buffer, down, other.
void TapHandle::Counters(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return;
  auto out = info[0].As<Napi::Float64Array>();
  const TapCounters& c = tap_->counters();
  const uint64_t values[] = {c.written, c.written_bytes, c.too_short, c.no_buffer, c.down, c.other};
  for (size_t i = 0; i < std::size(values) && i < out.ElementLength(); i++) out[i] = static_cast<double>(values[i]);
}

void TapHandle::Close(const Napi::CallbackInfo&) { tap_.reset(); }

}  // namespace sysring
