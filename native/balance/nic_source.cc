#include "nic_source.h"

#include "../probe/clock.h"

namespace sysring {

namespace {

// What the kernel takes beyond the retire time to hand a block over.
constexpr uint64_t kHandoverNs = 1'000'000;

class NicLane : public Lane {
 public:
  NicLane(PacketRing& ring, uint16_t iface, uint64_t* placed) : ring_(ring), placed_(placed) {
    entry_.flags = kPacket;
    entry_.iface = iface;
  }

  double Refill() override {
    if (left_ == 0) Open();
    // The ring does not tell how many blocks wait; whoever found a few at once was behind.
    return std::exchange(blocks_, 0) > 2 ? 1.0 / 4 : 0;
  }

  void Drain(uint64_t until, Distributor& to) override {
    while (next_ <= until) {
      last_ = next_;
      to.Distribute(entry_);
      ++*placed_;
      at_ += step_;
      if (--left_ > 0) {
        Look();
      } else {
        // All of it was copied.
        ring_.Release();
        Open();
      }
    }
  }

  void Release() override {}

 private:
  void Open() {
    next_ = kNothing;
    const PacketBlock* block = ring_.Next();
    if (block == nullptr) return;
    at_ = block->header();
    left_ = block->count();
    blocks_++;
    Look();
  }

  void Look() {
    const Packet packet = PacketBlock::At(at_, &step_);
    entry_.data = packet.bytes;
    entry_.len = packet.caplen;
    entry_.wire_len = packet.len;
    entry_.ts = next_ = static_cast<uint64_t>(packet.ts_ns);
  }

  PacketRing& ring_;
  uint64_t* placed_;
  const uint8_t* at_ = nullptr;  // the header of the packet at hand
  uint32_t step_ = 0, left_ = 0, blocks_ = 0;
  Entry entry_{};
};

}  // namespace

std::vector<std::unique_ptr<Lane>> NicSource::Lanes() {
  std::vector<std::unique_ptr<Lane>> lanes;
  lanes.push_back(std::make_unique<NicLane>(*ring_, iface_, &placed_));
  return lanes;
}

uint64_t NicSource::Now() const { return static_cast<uint64_t>(Nanoseconds(CLOCK_REALTIME)); }

uint64_t NicSource::Lag() const { return ring_->retire_ms() * 1'000'000ull + kHandoverNs; }

void NicSource::Tick() {
  if (ring_->Error() == 0) return;
  const std::string& name = ring_->interface().name;
  throw Failure{"ERR_CAPTURE_NO_DEVICE", name + " went down", "everything before was distributed; look with: ip link show " + name};
}

bool NicSource::Drained() {
  const PacketCounters counters = ring_->ReadCounters();
  return placed_ + counters.dropped >= counters.packets;
}

}  // namespace sysring
