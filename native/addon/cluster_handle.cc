#include "cluster_handle.h"

#include "../balance/nic_source.h"
#include "../balance/queue_source.h"
#include "../balance/ring_source.h"
#include "../cluster/passing.h"
#include "nic_handle.h"
#include "probe_handle.h"
#include "queue_handle.h"
#include "throw_failure.h"

namespace sysring {

Napi::Function ClusterHandle::Define(Napi::Env env) {
  return DefineClass(env, "ClusterHandle",
                     {
                         InstanceMethod<&ClusterHandle::SendFiles>("sendFiles"),
                         InstanceMethod<&ClusterHandle::SetPids>("setPids"),
                         InstanceMethod<&ClusterHandle::SetFlows>("setFlows"),
                         InstanceMethod<&ClusterHandle::Distribute>("distribute"),
                         InstanceMethod<&ClusterHandle::Abandon>("abandon"),
                         InstanceMethod<&ClusterHandle::Start>("start"),
                         InstanceMethod<&ClusterHandle::Running>("running"),
                         InstanceMethod<&ClusterHandle::Stop>("stop"),
                         InstanceMethod<&ClusterHandle::End>("end"),
                         InstanceMethod<&ClusterHandle::Beat>("beat"),
                         InstanceMethod<&ClusterHandle::Counters>("counters"),
                         InstanceMethod<&ClusterHandle::Attached>("attached"),
                         InstanceMethod<&ClusterHandle::Close>("close"),
                     });
}

Napi::Object ClusterHandle::Wrap(Napi::Env env, Napi::Function constructor, std::unique_ptr<ClusterMemory> memory, DistributorOptions options) {
  Napi::Object object = constructor.New({});
  if (env.IsExceptionPending()) return object;
  ClusterHandle* handle = Unwrap(object);
  handle->memory_ = std::move(memory);
  handle->distributor_ = std::make_unique<Distributor>(*handle->memory_, std::move(options));
  return object;
}

ClusterHandle::ClusterHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

bool ClusterHandle::Open(Napi::Env env) const {
  if (memory_) return true;
  ThrowFailure(env, {"ERR_CAPTURE_CLOSED", "this cluster is closed", "balance again"});
  return false;
}

// sendFiles(socket: number, queue, reply: string): sends the descriptors of a queue's files through a connected socket.
void ClusterHandle::SendFiles(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return;
  const uint32_t queue = info[1].ToNumber().Uint32Value();
  if (queue >= memory_->queues()) return;
  try {
    sysring::SendFiles(info[0].ToNumber().Int32Value(), info[2].ToString().Utf8Value(), memory_->FilesOf(queue));
  } catch (const Failure& failure) {
    ThrowFailure(info.Env(), failure);
  }
}

// setPids([tid, pid, …]: Uint32Array), before start()
void ClusterHandle::SetPids(const Napi::CallbackInfo& info) {
  if (!Open(info.Env()) || balancer_) return;
  auto pairs = info[0].As<Napi::Uint32Array>();
  for (size_t i = 0; i + 1 < pairs.ElementLength(); i += 2) distributor_->processes().SetPid(pairs[i], pairs[i + 1]);
}

// setFlows([pid, fd, hash, …]: Uint32Array), before start()
void ClusterHandle::SetFlows(const Napi::CallbackInfo& info) {
  if (!Open(info.Env()) || balancer_) return;
  auto all = info[0].As<Napi::Uint32Array>();
  for (size_t i = 0; i + 2 < all.ElementLength(); i += 3) distributor_->processes().SetFlow(all[i], static_cast<int32_t>(all[i + 1]), all[i + 2]);
}

// distribute(memory: Uint8Array, records: Uint32Array, from, to, wait, notes: Uint8Array): of records `from` to `to`, in kWords words
// each: offset and length in `memory`, flags | iface << 16, cpu, queue (or kByKey, kNone), of a packet its length on the wire and its
// time (low, high), offset and length of a note in `notes`. With `wait` it ends before a record for which there is no room. Shows
// them to the consumers. Returns how far it came.
Napi::Value ClusterHandle::Distribute(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Open(env)) return env.Undefined();
  constexpr size_t kWords = 10;
  auto memory = info[0].As<Napi::Uint8Array>();
  auto records = info[1].As<Napi::Uint32Array>();
  size_t at = info[2].ToNumber().Uint32Value(), to = info[3].ToNumber().Uint32Value();
  const bool wait = info[4].ToBoolean().Value();
  auto notes = info[5].As<Napi::Uint8Array>();
  if (to > records.ElementLength() / kWords || balancer_) return env.Undefined();
  for (; at < to; at++) {
    const uint32_t* words = records.Data() + kWords * at;
    const uint32_t offset = words[0], len = words[1];
    const uint32_t least = words[2] & kPacket ? 0 : words[2] & kOldHeader ? RecordView::kOldHeader : RecordView::kHeader;
    if (offset > memory.ElementLength() || len > memory.ElementLength() - offset || len < least) break;
    Entry entry{memory.Data() + offset, len, static_cast<uint16_t>(words[2]), static_cast<uint16_t>(words[2] >> 16), static_cast<uint16_t>(words[3])};
    entry.wire_len = words[5];
    entry.ts = words[6] | uint64_t{words[7]} << 32;
    if (words[9] > UINT16_MAX || words[8] > notes.ElementLength() || words[9] > notes.ElementLength() - words[8]) break;
    entry.note = static_cast<uint16_t>(words[9]);
    entry.note_data = notes.Data() + words[8];
    if (wait && !distributor_->HasRoom(entry)) break;
    distributor_->Distribute(entry, words[4]);
  }
  distributor_->Publish();
  return Napi::Number::New(env, static_cast<double>(at));
}

// abandon(queue): distribute() does not wait for that queue any more.
void ClusterHandle::Abandon(const Napi::CallbackInfo& info) {
  if (!Open(info.Env()) || balancer_) return;
  const uint32_t queue = info[0].ToNumber().Uint32Value();
  if (queue < memory_->queues()) distributor_->Abandon(queue);
}

// start({ sources: { kind: 'probe' | 'nic' | 'queue', handle, iface, header }[], windowNs, maxWaitMs, cpu }): a thread reads them from now on.
void ClusterHandle::Start(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Open(env) || balancer_) return;
  Napi::Object from = info[0].As<Napi::Object>();
  std::vector<std::unique_ptr<Source>> sources;
  auto given = from.Get("sources").As<Napi::Array>();
  for (uint32_t i = 0; i < given.Length(); i++) {
    Napi::Object source = given.Get(i).As<Napi::Object>();
    const auto iface = static_cast<uint16_t>(source.Get("iface").ToNumber().Uint32Value());
    Napi::Object handle = source.Get("handle").As<Napi::Object>();
    const std::string kind = source.Get("kind").ToString();
    if (kind == "probe") {
      auto probe = ProbeHandle::Unwrap(handle)->probe();
      if (probe) sources.push_back(std::make_unique<RingSource>(probe, source.Get("header").ToNumber().Uint32Value(), iface));
    } else if (kind == "nic") {
      auto ring = NicHandle::Unwrap(handle)->ring();
      if (ring) sources.push_back(std::make_unique<NicSource>(ring, iface));
    } else {
      auto queue = QueueHandle::Unwrap(handle)->queue();
      if (queue) sources.push_back(std::make_unique<QueueSource>(queue, iface));
    }
  }
  BalancerOptions options;
  options.window_ns = static_cast<uint64_t>(from.Get("windowNs").ToNumber().Int64Value());
  options.max_wait_ms = from.Get("maxWaitMs").ToNumber().Uint32Value();
  options.cpu = from.Get("cpu").ToNumber().Int32Value();
  try {
    balancer_ = std::make_unique<Balancer>(*memory_, *distributor_, std::move(sources), options);
  } catch (const Failure& failure) {
    ThrowFailure(env, failure);
  }
}

// running(): undefined while the thread runs; then null, or the error that ended it.
Napi::Value ClusterHandle::Running(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!Open(env) || !balancer_ || !balancer_->Ended()) return env.Undefined();
  if (!balancer_->failure()) return env.Null();
  return ErrorOf(env, *balancer_->failure()).Value();
}

// stop(): distributes what the sources still hold, shows the consumers the end, and joins the thread.
void ClusterHandle::Stop(const Napi::CallbackInfo& info) {
  if (Open(info.Env()) && balancer_) balancer_->Stop();
}

// end(reason?: string): the same for those who call distribute().
void ClusterHandle::End(const Napi::CallbackInfo& info) {
  if (!Open(info.Env()) || balancer_) return;
  if (info[0].IsString()) memory_->End(ClusterState::kFailed, info[0].ToString().Utf8Value());
  else memory_->End(ClusterState::kEnded);
}

// beat(): the one who calls distribute() lives. At least ten times a second.
void ClusterHandle::Beat(const Napi::CallbackInfo& info) {
  if (Open(info.Env()) && !balancer_) memory_->Beat();
}

// counters(out: Float64Array): those of each queue, then records seen, records refused, records that came late, and ns that the thread was
// on a CPU.
void ClusterHandle::Counters(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return;
  auto out = info[0].As<Napi::Float64Array>();
  const size_t queues = memory_->queues();
  if (out.ElementLength() < queues * kCounters + 4) return;
  for (size_t q = 0; q < queues; q++) WriteCounters(memory_->Counters(q), out.Data() + q * kCounters);
  double* rest = out.Data() + queues * kCounters;
  rest[0] = static_cast<double>(distributor_->seen());
  rest[1] = static_cast<double>(distributor_->refused());
  rest[2] = balancer_ ? static_cast<double>(balancer_->late()) : 0;
  rest[3] = balancer_ ? static_cast<double>(balancer_->CpuTime()) : 0;
}

// attached(queue): does somebody consume it?
Napi::Value ClusterHandle::Attached(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return info.Env().Undefined();
  const uint32_t queue = info[0].ToNumber().Uint32Value();
  return Napi::Boolean::New(info.Env(), queue < memory_->queues() && memory_->IsAttached(queue));
}

void ClusterHandle::Close(const Napi::CallbackInfo&) {
  balancer_.reset();
  distributor_.reset();
  memory_.reset();
}

}  // namespace sysring
