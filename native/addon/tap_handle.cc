#include "tap_handle.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "throw_failure.h"

namespace sysring {

namespace {
// Memories in a call at most: the same in lib/export/tap.ts.
constexpr size_t kSources = 64;
}  // namespace

Napi::Function TapHandle::Define(Napi::Env env) {
  return DefineClass(env, "TapHandle",
                     {
                         InstanceMethod<&TapHandle::Write>("write"),
                         InstanceMethod<&TapHandle::Counters>("counters"),
                         InstanceMethod<&TapHandle::Close>("close"),
                     });
}

Napi::Value TapHandle::Open(Napi::Env env, Napi::Function constructor, const std::string& name, Napi::Uint8Array headers) {
  std::array<Tap::EthernetHeader, 2> ethernet = {};
  std::memcpy(ethernet.data(), headers.Data(), std::min(headers.ElementLength(), sizeof ethernet));
  try {
    auto tap = std::make_unique<Tap>(name, ethernet);
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

// write(sources: Uint8Array[], frames: Uint32Array): four numbers a frame, see TapFrame. Never waits.
void TapHandle::Write(const Napi::CallbackInfo& info) {
  if (!IsOpen(info.Env())) return;
  auto memories = info[0].As<Napi::Array>();
  auto frames = info[1].As<Napi::Uint32Array>();
  std::array<TapSource, kSources> sources;
  size_t count = std::min<size_t>(memories.Length(), kSources);
  for (size_t i = 0; i < count; i++) {
    auto memory = memories.Get(static_cast<uint32_t>(i)).As<Napi::Uint8Array>();
    sources[i] = {memory.Data(), memory.ElementLength()};
  }
  try {
    tap_->Write(sources.data(), count, reinterpret_cast<const TapFrame*>(frames.Data()), frames.ElementLength() * sizeof(uint32_t) / sizeof(TapFrame));
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
