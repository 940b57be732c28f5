// A probe's rings as lanes.
#pragma once

#include "../probe/probe.h"
#include "lane.h"

namespace sysring {

class RingSource : public Source {
 public:
  // `header`: bytes that its records are long at least, 22 or 26. `iface`: their index in the cluster's interfaces.
  RingSource(std::shared_ptr<Probe> probe, uint32_t header, uint16_t iface) : probe_(std::move(probe)), header_(header), iface_(iface) {}

  std::vector<std::unique_ptr<Lane>> Lanes() override;
  uint64_t Now() const override { return static_cast<uint64_t>(probe_->Now()); }
  void Tick() override;

 private:
  std::shared_ptr<Probe> probe_;
  uint32_t header_;
  uint16_t iface_;
};

}  // namespace sysring
