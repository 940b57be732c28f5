#include "nic_handle.h"

#include "throw_failure.h"

namespace sysring {

Napi::Function NicHandle::Define(Napi::Env env) {
  return DefineClass(env, "NicHandle",
                     {
                         InstanceMethod<&NicHandle::Linktype>("linktype"),
                         InstanceMethod<&NicHandle::Data>("data"),
                         InstanceMethod<&NicHandle::Start>("start"),
                         InstanceMethod<&NicHandle::Stop>("stop"),
                         InstanceMethod<&NicHandle::Next>("next"),
                         InstanceMethod<&NicHandle::Release>("release"),
                         InstanceMethod<&NicHandle::Counters>("counters"),
                         InstanceMethod<&NicHandle::Error>("error"),
                         InstanceMethod<&NicHandle::Close>("close"),
                     });
}

Napi::Value NicHandle::Open(Napi::Env env, Napi::Function constructor, Napi::Object from) {
  auto number = [&](Napi::Object object, const char* name) { return object.Get(name).ToNumber().Uint32Value(); };
  PacketRingOptions options;
  options.interface = from.Get("interface").ToString();
  options.ring_bytes = number(from, "ringBytes");
  options.retire_ms = number(from, "retireMs");
  options.snaplen = number(from, "snaplen");
  options.promiscuous = from.Get("promiscuous").ToBoolean();
  if (from.Get("fanout").IsObject()) {
    auto fanout = from.Get("fanout").As<Napi::Object>();
    options.fanout = Fanout{static_cast<Fanout::Mode>(number(fanout, "mode")), static_cast<uint16_t>(number(fanout, "group"))};
  }
  if (from.Get("bpf").IsString()) options.filter = from.Get("bpf").ToString().Utf8Value();
  try {
    auto ring = std::make_shared<PacketRing>(options);
    Napi::Object object = constructor.New({});
    if (!env.IsExceptionPending()) Unwrap(object)->ring_ = std::move(ring);
    return object;
  } catch (const Failure& failure) {
    ThrowFailure(env, failure);
    return env.Undefined();
  }
}

NicHandle::NicHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

NicHandle::~NicHandle() = default;

template <typename Use>
void NicHandle::With(Napi::Env env, Use use) {
  try {
    if (!ring_) throw Failure{"ERR_CAPTURE_CLOSED", "this capture is closed", "open it again"};
    use(*ring_);
  } catch (const Failure& failure) {
    ThrowFailure(env, failure);
  }
}

// linktype(): LINKTYPE_* of its packets.
Napi::Value NicHandle::Linktype(const Napi::CallbackInfo& info) {
  int linktype = 0;
  With(info.Env(), [&](PacketRing& ring) { linktype = ring.interface().Linktype(); });
  return Napi::Number::New(info.Env(), linktype);
}

// data(): the whole ring. Read-only pages: an assignment through a view of it ends the process, so it never leaves lib/iface/nic.
Napi::Value NicHandle::Data(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Value data = env.Undefined();
  With(env, [&](PacketRing& ring) { data = buffer_.Lend(env, ring.memory()); });
  return data;
}

void NicHandle::Start(const Napi::CallbackInfo& info) {
  With(info.Env(), [](PacketRing& ring) { ring.Start(); });
}

void NicHandle::Stop(const Napi::CallbackInfo& info) {
  With(info.Env(), [](PacketRing& ring) { ring.Stop(); });
}

// next(found: Uint32Array): the oldest block that is ready: [offset of its first packet's header, packets]. False: there is none.
Napi::Value NicHandle::Next(const Napi::CallbackInfo& info) {
  bool ready = false;
  With(info.Env(), [&](PacketRing& ring) {
    auto found = info[0].As<Napi::Uint32Array>();
    const PacketBlock* block = ring.Next();
    ready = block != nullptr && found.ElementLength() >= 2;
    if (!ready) return;
    found[0] = static_cast<uint32_t>(ring.offset()) + block->first();
    found[1] = block->count();
  });
  return Napi::Boolean::New(info.Env(), ready);
}

void NicHandle::Release(const Napi::CallbackInfo& info) {
  With(info.Env(), [](PacketRing& ring) { ring.Release(); });
}

// counters(out: Float64Array): packets that passed the filter, those of them that were dropped, how often the ring was full.
void NicHandle::Counters(const Napi::CallbackInfo& info) {
  With(info.Env(), [&](PacketRing& ring) {
    auto out = info[0].As<Napi::Float64Array>();
    if (out.ElementLength() < 3) return;
    const PacketCounters counters = ring.ReadCounters();
    out[0] = static_cast<double>(counters.packets);
    out[1] = static_cast<double>(counters.dropped);
    out[2] = static_cast<double>(counters.freezes);
  });
}

// error(): the errno for which no more packets come, or 0.
Napi::Value NicHandle::Error(const Napi::CallbackInfo& info) {
  int error = 0;
  With(info.Env(), [&](PacketRing& ring) { error = ring.Error(); });
  return Napi::Number::New(info.Env(), error);
}

void NicHandle::Close(const Napi::CallbackInfo&) {
  buffer_.TakeBack();
  ring_.reset();
}

}  // namespace sysring
