#include "queue_source.h"

#include <algorithm>

#include "../probe/clock.h"

namespace sysring {

namespace {

class QueueLane : public Lane {
 public:
  QueueLane(AttachedQueue& queue, uint16_t iface) : queue_(queue), mask_(queue.reader().size() - 1), iface_(iface), at_(queue.reader().tail()), end_(at_) {}

  double Refill() override {
    end_ = queue_.Head();
    Look();
    return static_cast<double>(end_ - at_) / (mask_ + 1);
  }

  void Drain(uint64_t until, Distributor& to) override {
    while (next_ <= until) {
      last_ = next_;
      // A copy that was only to be known of is so for those behind us as well, and no record of theirs.
      to.Distribute(entry_, entry_.flags & kStateOnly ? Distributor::kNone : Distributor::kByKey);
      if (!(entry_.flags & kStateOnly)) taken_++;
      at_ += size_;
      Look();
    }
  }

  void Release() override {
    queue_.Release(at_);
    queue_.reader().CountTaken(taken_);
  }

 private:
  void Look() {
    next_ = kNothing;
    if (at_ == end_) return;
    const uint8_t* at = queue_.reader().data()->data() + (at_ & mask_);
    queue_entry entry;
    memcpy(&entry, at, sizeof entry);
    const bool packet = (entry.flags & kPacket) != 0;
    const uint32_t least = packet ? sizeof(packet_header) : entry.flags & kOldHeader ? RecordView::kOldHeader : RecordView::kHeader;
    if (entry.size > end_ - at_ || entry.size % 8 != 0 || entry.len < least || uint64_t{entry.len} + entry.note + sizeof entry > entry.size) throw Unreadable();
    size_ = entry.size;
    at += sizeof entry;
    entry_ = Entry{at, entry.len, entry.flags, static_cast<uint16_t>(entry.iface + iface_), entry.cpu, entry.note, at + entry.len};
    memcpy(&next_, at, sizeof next_);  // a record and a packet's header both begin with their time
    next_ = std::min(next_, kNothing - 1);
    if (!packet) return;
    packet_header header;
    memcpy(&header, at, sizeof header);
    entry_.data += sizeof header;
    entry_.len -= sizeof header;
    entry_.ts = header.ts;
    entry_.wire_len = header.len;
  }

  static Failure Unreadable() {
    return {"ERR_CAPTURE_FORMAT", "the queue that is read holds no whole record", "is another consumer writing to its memory?"};
  }

  AttachedQueue& queue_;
  uint32_t mask_;
  uint16_t iface_;
  uint32_t at_, end_, size_ = 0;
  uint64_t taken_ = 0;
  Entry entry_{};
};

}  // namespace

std::vector<std::unique_ptr<Lane>> QueueSource::Lanes() {
  std::vector<std::unique_ptr<Lane>> lanes;
  lanes.push_back(std::make_unique<QueueLane>(*queue_, iface_));
  return lanes;
}

uint64_t QueueSource::Now() const { return static_cast<uint64_t>(Nanoseconds(CLOCK_REALTIME)); }

void QueueSource::Tick() {
  const ClusterState state = queue_->State();
  if (state == ClusterState::kFailed) {
    throw Failure{"ERR_CAPTURE_PRODUCER", "the balancer of the queue that is read has failed: " + queue_->Reason(), "start it again, and then this one"};
  }
  if (state != ClusterState::kEnded && !queue_->ProducerLives()) {
    throw Failure{"ERR_CAPTURE_PRODUCER", "the balancer of the queue that is read is gone", "start it again, and then this one"};
  }
}

bool QueueSource::Ended() { return queue_->State() == ClusterState::kEnded; }

}  // namespace sysring
