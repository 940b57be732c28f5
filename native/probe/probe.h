// A probe: whoever fills rings. The kernel module, our eBPF programs, or a test.
#pragma once

#include <cstdint>
#include <vector>

#include "../ring/ring.h"

namespace sysring {

class Probe {
 public:
  virtual ~Probe() = default;
  // Records flow from here on. Throws Failure.
  virtual void Start() = 0;
  // No new records from here on; what is in the rings can still be read.
  virtual void Stop() = 0;
  // Called about once a second while the capture runs: follows steps of the wall clock.
  virtual void Tick() {}
  // Nanoseconds to add to CLOCK_BOOTTIME for the time that records carry.
  virtual int64_t BootToReal() const { return 0; }
  // Hits on that CPU that were asked not to be recorded.
  virtual uint64_t Filtered(int cpu) const { return 0; }
  // Hits on a CPU that has no ring.
  virtual uint64_t DropsWithoutRing() const { return 0; }

  std::vector<Ring>& rings() { return rings_; }

 protected:
  std::vector<Ring> rings_;
};

}  // namespace sysring
