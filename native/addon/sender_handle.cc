#include "sender_handle.h"

#include "throw_failure.h"

namespace sysring {

Napi::Function SenderHandle::Define(Napi::Env env) {
  return DefineClass(env, "SenderHandle",
                     {
                         InstanceMethod<&SenderHandle::Send>("send"),
                         InstanceMethod<&SenderHandle::Notify>("notify"),
                         InstanceMethod<&SenderHandle::Sequence>("sequence"),
                         InstanceMethod<&SenderHandle::GiveUp>("giveUp"),
                         InstanceMethod<&SenderHandle::Counters>("counters"),
                         InstanceMethod<&SenderHandle::Close>("close"),
                     });
}

Napi::Value SenderHandle::Open(Napi::Env env, Napi::Function constructor, const std::string& interface, bool bypass_qdisc) {
  try {
    auto sender = std::make_unique<PacketSender>(interface, bypass_qdisc);
    Napi::Object object = constructor.New({});
    if (!env.IsExceptionPending()) Unwrap(object)->sender_ = std::move(sender);
    return object;
  } catch (const Failure& failure) {
    ThrowFailure(env, failure);
    return env.Undefined();
  }
}

SenderHandle::SenderHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

SenderHandle::~SenderHandle() = default;

bool SenderHandle::IsOpen(Napi::Env env) const {
  if (sender_) return true;
  ThrowFailure(env, {"ERR_CAPTURE_CLOSED", "this sender is closed", "open it again"});
  return false;
}

// send(frames: Uint8Array, lengths: Uint32Array, numbered: Uint8Array): how many of the frames, which lie back to back, are settled.
// Those marked in `numbered` get their sequence number into their last four bytes. Never waits.
Napi::Value SenderHandle::Send(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  auto frames = info[0].As<Napi::Uint8Array>();
  auto lengths = info[1].As<Napi::Uint32Array>();
  auto numbered = info[2].As<Napi::Uint8Array>();
  size_t count = 0, bytes = 0;
  for (; count < lengths.ElementLength() && count < numbered.ElementLength(); count++) {
    if (lengths[count] > frames.ElementLength() - bytes) break;
    bytes += lengths[count];
  }
  return Napi::Number::New(env, static_cast<double>(sender_->Send(frames.Data(), lengths.Data(), numbered.Data(), count)));
}

// notify(frame: Uint8Array): sends a frame that is in no count; false when that fails.
Napi::Value SenderHandle::Notify(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  auto frame = info[0].As<Napi::Uint8Array>();
  return Napi::Boolean::New(env, sender_->Notify(frame.Data(), frame.ElementLength()));
}

// sequence(): the number of the next numbered frame.
Napi::Value SenderHandle::Sequence(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  return Napi::Number::New(env, sender_->sequence());
}

// giveUp(count): counts so many as not sent for want of room.
void SenderHandle::GiveUp(const Napi::CallbackInfo& info) {
  if (IsOpen(info.Env())) sender_->GiveUp(info[0].ToNumber().Uint32Value());
}

// counters(out: Float64Array): sent, their bytes, too_long, too_short, no_buffer, down, other.
void SenderHandle::Counters(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return;
  auto out = info[0].As<Napi::Float64Array>();
  const SendCounters& c = sender_->counters();
  const uint64_t values[] = {c.sent, c.sent_bytes, c.too_long, c.too_short, c.no_buffer, c.down, c.other};
  for (size_t i = 0; i < std::size(values) && i < out.ElementLength(); i++) out[i] = static_cast<double>(values[i]);
}

void SenderHandle::Close(const Napi::CallbackInfo&) { sender_.reset(); }

}  // namespace sysring
