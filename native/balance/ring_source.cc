#include "ring_source.h"

#include <algorithm>

namespace sysring {

namespace {

class RingLane : public Lane {
 public:
  RingLane(Ring& ring, uint32_t header, uint16_t iface)
      : ring_(ring), header_(header), mask_(ring.size() - 1), at_(ring.Tail()), end_(at_), released_(at_) {
    entry_.flags = header == RecordView::kHeader ? 0 : kOldHeader;
    entry_.iface = iface;
    entry_.cpu = static_cast<uint16_t>(ring.cpu());
  }

  double Refill() override {
    end_ = ring_.CheckedHead();
    if (ring_.IsCorrupt()) throw Unreadable();
    Look();
    return static_cast<double>(Room()) / ring_.size();
  }

  void Drain(uint64_t until, Distributor& to) override {
    while (next_ <= until) {
      last_ = next_;
      const uint8_t* record = ring_.data()->data() + at_;
      uint32_t len;
      memcpy(&len, record + kLen, sizeof len);
      if (len < header_ || len > Room()) throw Unreadable();
      entry_.data = record;
      entry_.len = len;
      to.Distribute(entry_);
      at_ = (at_ + len) & mask_;
      Look();
    }
  }

  void Release() override {
    if (at_ == released_) return;
    ring_.Release(at_);
    released_ = at_;
  }

 private:
  static constexpr uint32_t kLen = 16;

  // Bytes of complete records that are left.
  uint32_t Room() const { return (end_ - at_) & mask_; }

  void Look() {
    next_ = kNothing;
    if (Room() < header_) return;
    memcpy(&next_, ring_.data()->data() + at_, sizeof next_);
    next_ = std::min(next_, kNothing - 1);
  }

  Failure Unreadable() const {
    return {"ERR_CAPTURE_FORMAT", "the ring of CPU " + std::to_string(ring_.cpu()) + " holds no whole record at " + std::to_string(at_),
            "is another consumer using the same ring? open the capture again"};
  }

  Ring& ring_;
  uint32_t header_, mask_;
  uint32_t at_, end_, released_;
  Entry entry_{};
};

}  // namespace

std::vector<std::unique_ptr<Lane>> RingSource::Lanes() {
  std::vector<std::unique_ptr<Lane>> lanes;
  for (Ring& ring : probe_->rings()) lanes.push_back(std::make_unique<RingLane>(ring, header_, iface_));
  return lanes;
}

void RingSource::Tick() {
  if (int cpu = probe_->Tick(); cpu >= 0) {
    throw Failure{"ERR_CAPTURE_HOTPLUG", "CPU " + std::to_string(cpu) + " has come online, and this capture has no ring for it",
                  "balance again: rings are made for the CPUs that are online then"};
  }
}

}  // namespace sysring
