// A probe: whoever fills rings. The kernel module, our eBPF programs, or a test.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
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
  // Called about once a second while the capture runs: follows steps of the wall clock. Returns a CPU that has come online and
  // whose records are neither seen nor counted as dropped, or −1.
  virtual int Tick() { return -1; }
  // From now on records nothing of these processes, whose list takes the place of the one before. Throws Failure.
  virtual void LeaveOut(const std::vector<uint32_t>& pids) {}
  // The time now, in ns, in the clock that stamps the records.
  virtual int64_t Now() const = 0;
  // Hits on that CPU that were asked not to be recorded.
  virtual uint64_t Filtered(int cpu) const { return 0; }
  // Hits on a CPU that has no ring.
  virtual uint64_t DropsWithoutRing() const { return 0; }
  // Of the drops for want of room, how many were of which kind of call, over all rings: where the producer keeps that.
  virtual std::vector<std::pair<std::string, uint64_t>> BufferDrops() const { return {}; }

  std::vector<Ring>& rings() { return rings_; }

 protected:
  std::vector<Ring> rings_;
};

}  // namespace sysring
