// A network interface's packets as a lane.
#pragma once

#include "../nic/packet_ring.h"
#include "lane.h"

namespace sysring {

class NicSource : public Source {
 public:
  NicSource(std::shared_ptr<PacketRing> ring, uint16_t iface) : ring_(std::move(ring)), iface_(iface) {}

  std::vector<std::unique_ptr<Lane>> Lanes() override;
  uint64_t Now() const override;
  uint64_t Lag() const override;
  void Tick() override;
  bool Drained() override;

 private:
  std::shared_ptr<PacketRing> ring_;
  uint16_t iface_;
  uint64_t placed_ = 0;
};

}  // namespace sysring
