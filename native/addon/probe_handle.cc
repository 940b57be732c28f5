#include "probe_handle.h"

#include "../probe/synthetic/synthetic_probe.h"
#include "throw_failure.h"

namespace sysring {

Napi::Function ProbeHandle::Define(Napi::Env env) {
  return DefineClass(env, "ProbeHandle",
                     {
                         InstanceMethod<&ProbeHandle::Cpus>("cpus"),
                         InstanceMethod<&ProbeHandle::Data>("data"),
                         InstanceMethod<&ProbeHandle::Start>("start"),
                         InstanceMethod<&ProbeHandle::Stop>("stop"),
                         InstanceMethod<&ProbeHandle::LeaveOut>("leaveOut"),
                         InstanceMethod<&ProbeHandle::Tick>("tick"),
                         InstanceMethod<&ProbeHandle::Poll>("poll"),
                         InstanceMethod<&ProbeHandle::Release>("release"),
                         InstanceMethod<&ProbeHandle::Counters>("counters"),
                         InstanceMethod<&ProbeHandle::BufferDrops>("bufferDrops"),
                         InstanceMethod<&ProbeHandle::Close>("close"),
                         InstanceMethod<&ProbeHandle::Produce>("produce"),
                         InstanceMethod<&ProbeHandle::Poke>("poke"),
                     });
}

Napi::Object ProbeHandle::Wrap(Napi::Env env, Napi::Function constructor, std::unique_ptr<Probe> probe) {
  Napi::Object object = constructor.New({});
  if (env.IsExceptionPending()) return object;
  Unwrap(object)->probe_ = std::move(probe);
  return object;
}

ProbeHandle::ProbeHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

ProbeHandle::~ProbeHandle() = default;

bool ProbeHandle::Open(Napi::Env env) const {
  if (probe_) return true;
  ThrowFailure(env, {"ERR_CAPTURE_CLOSED", "this probe is closed", "open it again"});
  return false;
}

// cpus(): the CPU of each ring.
Napi::Value ProbeHandle::Cpus(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  auto& rings = probe_->rings();
  Napi::Array cpus = Napi::Array::New(info.Env(), rings.size());
  for (size_t i = 0; i < rings.size(); i++) cpus.Set(static_cast<uint32_t>(i), rings[i].cpu());
  return cpus;
}

// data(ring): its memory, twice in a row. Read-only pages: an assignment through a view of it ends the process, so it never
// leaves lib/ring.
Napi::Value ProbeHandle::Data(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Open(env)) return env.Undefined();
  auto& rings = probe_->rings();
  uint32_t ring = info[0].ToNumber().Uint32Value();
  if (ring >= rings.size()) return env.Undefined();
  buffers_.resize(rings.size());
  return buffers_[ring].Lend(env, rings[ring].data());
}

void ProbeHandle::Start(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return;
  try {
    probe_->Start();
  } catch (const Failure& failure) {
    ThrowFailure(info.Env(), failure);
  }
}

void ProbeHandle::Stop(const Napi::CallbackInfo& info) {
  if (Open(info.Env())) probe_->Stop();
}

// leaveOut(pids: Uint32Array): nothing more of these processes, whose list takes the place of the one before.
void ProbeHandle::LeaveOut(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return;
  auto pids = info[0].As<Napi::Uint32Array>();
  try {
    probe_->LeaveOut({pids.Data(), pids.Data() + pids.ElementLength()});
  } catch (const Failure& failure) {
    ThrowFailure(info.Env(), failure);
  }
}

// tick(): a CPU that has come online and is not seen, or −1.
Napi::Value ProbeHandle::Tick(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), probe_->Tick());
}

// poll(state: Uint32Array): [nowLo, nowHi, head of ring 0, head of ring 1, …]. `now` is the time in the records' own clock,
// read before the heads: a record that is older and not yet before its head was still being written. Returns a ring whose
// next record is not whole, or −1.
Napi::Value ProbeHandle::Poll(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Open(env)) return env.Undefined();
  auto state = info[0].As<Napi::Uint32Array>();
  auto& rings = probe_->rings();
  if (state.ElementLength() < 2 + rings.size()) return env.Undefined();
  uint64_t now = static_cast<uint64_t>(probe_->Now());
  uint32_t* out = state.Data();
  out[0] = static_cast<uint32_t>(now);
  out[1] = static_cast<uint32_t>(now >> 32);
  int corrupt = -1;
  for (size_t i = 0; i < rings.size(); i++) {
    out[2 + i] = rings[i].CheckedHead();
    if (rings[i].IsCorrupt()) corrupt = static_cast<int>(i);
  }
  return Napi::Number::New(env, corrupt);
}

// release(tails: Uint32Array): gives the bytes before each tail back. False if a tail is not within what was read.
Napi::Value ProbeHandle::Release(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Open(env)) return env.Undefined();
  auto tails = info[0].As<Napi::Uint32Array>();
  auto& rings = probe_->rings();
  bool ok = tails.ElementLength() >= rings.size();
  for (size_t i = 0; ok && i < rings.size(); i++) ok = rings[i].Release(tails[i]);
  return Napi::Boolean::New(env, ok);
}

// counters(out: Float64Array): n_evts, drops_buffer, drops_pf, preemptions, filtered of each ring, then the drops without a
// ring. Exact up to 2^53.
void ProbeHandle::Counters(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return;
  auto out = info[0].As<Napi::Float64Array>();
  auto& rings = probe_->rings();
  if (out.ElementLength() < 5 * rings.size() + 1) return;
  size_t at = 0;
  for (const Ring& ring : rings) {
    sysring::Counters c = ring.ReadCounters();
    for (uint64_t value : {c.n_evts, c.drops_buffer, c.drops_pf, c.preemptions, probe_->Filtered(ring.cpu())}) out[at++] = static_cast<double>(value);
  }
  out[at] = static_cast<double>(probe_->DropsWithoutRing());
}

// bufferDrops(): { kind of call: drops }
Napi::Value ProbeHandle::BufferDrops(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Open(env)) return env.Undefined();
  Napi::Object drops = Napi::Object::New(env);
  for (const auto& [kind, count] : probe_->BufferDrops()) drops.Set(kind, static_cast<double>(count));
  return drops;
}

void ProbeHandle::Close(const Napi::CallbackInfo&) {
  for (LentBuffer& buffer : buffers_) buffer.TakeBack();
  buffers_.clear();
  probe_.reset();
}

// produce(ring, record): only of a synthetic probe.
Napi::Value ProbeHandle::Produce(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto* synthetic = dynamic_cast<SyntheticProbe*>(probe_.get());
  auto record = info[1].As<Napi::Uint8Array>();
  uint32_t ring = info[0].ToNumber().Uint32Value();
  if (synthetic == nullptr || ring >= synthetic->rings().size() || record.ElementLength() >= RING_RESERVE) return Napi::Boolean::New(env, false);
  return Napi::Boolean::New(env, synthetic->Produce(static_cast<int>(ring), record.Data(), static_cast<uint32_t>(record.ElementLength())));
}

// poke(ring, offset, byte): changes one byte through the producer's mapping of a synthetic ring.
void ProbeHandle::Poke(const Napi::CallbackInfo& info) {
  auto* synthetic = dynamic_cast<SyntheticProbe*>(probe_.get());
  uint32_t ring = info[0].ToNumber().Uint32Value(), offset = info[1].ToNumber().Uint32Value();
  if (synthetic == nullptr || ring >= synthetic->rings().size() || offset >= synthetic->producer(static_cast<int>(ring))->size()) return;
  synthetic->producer(static_cast<int>(ring))->data()[offset] = static_cast<uint8_t>(info[2].ToNumber().Uint32Value());
}

}  // namespace sysring
