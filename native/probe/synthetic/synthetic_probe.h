// A probe without a kernel: rings in a memfd, and a producer that the caller drives. Every stage behind the rings can be
// tested with it, without privileges: wraps, full rings, several CPUs, chosen times.
#pragma once

#include "../clock.h"
#include "../probe.h"

namespace sysring {

class SyntheticProbe : public Probe {
 public:
  SyntheticProbe(int cpus, uint32_t ring_bytes);

  void Start() override {}
  void Stop() override {}
  int64_t Now() const override { return Nanoseconds(CLOCK_BOOTTIME); }

  // Does what the kernel's side does with one record: reserve, write in place, commit. False when it had to be dropped.
  bool Produce(int ring, const uint8_t* record, uint32_t len);

  // The producer's own mapping of ring `ring`, which may be written: shows a test that the consumer sees the same memory.
  const std::shared_ptr<Mapping>& producer(int ring) const { return data_[ring]; }

 private:
  uint32_t ring_bytes_;
  std::vector<std::shared_ptr<Mapping>> data_;
  std::vector<std::shared_ptr<Mapping>> infos_;
};

}  // namespace sysring
