#include "distributor.h"

#include <algorithm>

#include "flow_hash.h"
#include "packet_flow.h"

namespace sysring {

namespace {
// So often at least, consumers are shown what there is while a long run of records is placed.
constexpr uint32_t kPublishEvery = 256;

uint16_t CodeOf(const Entry& entry) {
  return entry.flags & kPacket ? kPacketCode : std::min<uint16_t>(RecordView(entry.data, entry.len).type(), kPacketCode - 1);
}

RecordView ViewOf(const Entry& entry, const EventTraits& traits) {
  return entry.flags & kOldHeader ? RecordView::Old(entry.data, entry.len, traits.params) : RecordView(entry.data, entry.len);
}
}  // namespace

Distributor::Distributor(ClusterMemory& memory, DistributorOptions options)
    : memory_(memory), options_(std::move(options)), next_(options_.applications.size()), chosen_(memory.queues()), abandoned_(memory.queues()) {
  options_.queues.resize(memory.queues());
  uint64_t queues = 0;
  for (const auto& application : options_.applications) {
    // One without a queue would divide by zero.
    queues += application.queues > 0 ? application.queues : kMaxQueues + 1;
    flows_ |= application.key == Key::kFlow;
    follows_ |= application.key == Key::kPid || application.key == Key::kFd || application.key == Key::kFlow;
  }
  if (queues != memory.queues()) throw Failure{"ERR_CAPTURE_OPTION", "the applications do not share out the cluster's queues", "the sum of their queues is the number of queues"};
}

uint32_t Distributor::KeyOf(Key key, const Entry& entry, const RecordView& record, const EventTraits& traits) const {
  if (key == Key::kCpu) return entry.cpu;
  // A packet is no thread's; what belongs together is its connection.
  if (entry.flags & kPacket) return PacketFlow(entry.data, entry.len);
  switch (key) {
    case Key::kPid: return processes_.PidOf(record.tid());
    case Key::kFd: return Mix(processes_.PidOf(record.tid()) ^ static_cast<uint32_t>(processes_.FdOf(record, traits)) * 0x9e3779b1u);
    case Key::kFlow:
      if (uint32_t hash = processes_.FlowOf(record, traits)) return hash;
      return processes_.PidOf(record.tid());
    default: return static_cast<uint32_t>(record.tid());
  }
}

void Distributor::Distribute(const Entry& entry, uint32_t queue) {
  const uint16_t code = CodeOf(entry);
  const EventTraits& traits = options_.traits[code];
  const RecordView record = ViewOf(entry, traits);
  // Whoever came before us has found that a copy is needed.
  const bool copies = options_.copies_state && ((traits.traits & kChangesState) != 0 || (entry.flags & kStateOnly) != 0);
  // A new thread's return is its first record: who it belongs to is known before its queue is chosen.
  if (follows_ && code != kPacketCode && (traits.traits & kMakesThread)) processes_.Follow(record, traits, flows_);
  if (copies) std::fill(chosen_.begin(), chosen_.end(), 0);
  uint32_t first = 0;
  for (size_t app = 0; app < options_.applications.size(); app++) {
    const auto [key, queues] = options_.applications[app];
    uint32_t to = first;
    if (queue == kNone) break;
    if (app == 0 && queue != kByKey) {
      to += std::min(queue, queues - 1);
    } else if (queues > 1) {
      to += key == Key::kRoundRobin ? next_[app]++ % queues : KeyOf(key, entry, record, traits) % queues;
    }
    Put(to, entry, code);
    if (copies) chosen_[to] = 1;
    first += queues;
  }
  if (copies) {
    Entry copy = entry;
    copy.flags |= kStateOnly;
    for (uint32_t q = 0; q < chosen_.size(); q++) {
      if (chosen_[q] == 0) Put(q, copy, code);
    }
  }
  if (follows_ && code != kPacketCode && !(traits.traits & kMakesThread)) processes_.Follow(record, traits, flows_);
  if (!(entry.flags & kStateOnly)) {
    __atomic_store_n(&seen_, seen_ + 1, __ATOMIC_RELAXED);
    if (queue == kNone) __atomic_store_n(&refused_, refused_ + 1, __ATOMIC_RELAXED);
  }
  if (++unpublished_ >= kPublishEvery) Publish();
}

void Distributor::Put(uint32_t queue, const Entry& entry, uint16_t code) {
  const QueuePolicy& policy = options_.queues[queue];
  QueueWriter& writer = memory_.writer(queue);
  if (!policy.wanted.empty() && policy.wanted[code] == 0) {
    if (!(entry.flags & kStateOnly)) writer.CountFiltered();
    return;
  }
  if (policy.snaplen == 0) writer.Place(entry);
  else PutCut(writer, entry, options_.traits[code], policy.snaplen);
}

void Distributor::PutCut(QueueWriter& writer, const Entry& entry, const EventTraits& traits, uint32_t snaplen) {
  if (entry.flags & kPacket) {
    Entry cut = entry;
    cut.len = std::min(cut.len, snaplen);
    writer.Place(cut);
    return;
  }
  const RecordView record = ViewOf(entry, traits);
  const auto data = record.Param(traits.data);
  if (!data || data->size() <= snaplen) {
    writer.Place(entry);
    return;
  }
  const uint32_t less = static_cast<uint32_t>(data->size()) - snaplen;
  uint8_t* to = writer.Reserve(entry.len - less, entry.flags, entry.iface, entry.cpu, entry.note);
  if (to == nullptr) return;
  const uint32_t before = static_cast<uint32_t>(reinterpret_cast<const uint8_t*>(data->data()) - entry.data) + snaplen;
  memcpy(to, entry.data, before);
  memcpy(to + before, entry.data + before + less, entry.len - before - less);
  if (entry.note > 0) memcpy(to + entry.len - less, entry.note_data, entry.note);
  const uint32_t len = entry.len - less;
  const uint16_t kept = static_cast<uint16_t>(snaplen);
  memcpy(to + 16, &len, sizeof len);
  memcpy(to + record.header() + static_cast<uint32_t>(traits.data) * sizeof kept, &kept, sizeof kept);
}

bool Distributor::HasRoom(const Entry& entry) {
  const uint64_t len = uint64_t{entry.len} + entry.note + (entry.flags & kPacket ? sizeof(packet_header) : 0);
  for (size_t q = 0; q < memory_.queues(); q++) {
    if (abandoned_[q] == 0 && !memory_.writer(q).HasRoom(len)) return false;
  }
  return true;
}

void Distributor::Publish() {
  unpublished_ = 0;
  for (size_t q = 0; q < memory_.queues(); q++) memory_.writer(q).Publish();
}

}  // namespace sysring
