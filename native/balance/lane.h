// A stream of records that is in order by itself: one CPU's ring, a NIC, a queue of another cluster.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "distributor.h"

namespace sysring {

class Lane {
 public:
  static constexpr uint64_t kNothing = UINT64_MAX;

  virtual ~Lane() = default;
  // Looks for what is new. Returns how full the lane's memory is, from 0 to 1. Throws Failure if what is there makes no sense.
  virtual double Refill() = 0;
  // Places all records that are not younger than `until`.
  virtual void Drain(uint64_t until, Distributor& to) = 0;
  // Gives what was placed back to the producer.
  virtual void Release() = 0;

  // Time of the next record; kNothing: there is none.
  uint64_t next() const { return next_; }
  // Time of the record that was placed last.
  uint64_t last() const { return last_; }

 protected:
  uint64_t next_ = kNothing, last_ = 0;
};

// Whoever fills lanes. Used by one thread, the balancer's, but for Stop().
class Source {
 public:
  virtual ~Source() = default;
  virtual std::vector<std::unique_ptr<Lane>> Lanes() = 0;
  // The time now, in the clock of its records.
  virtual uint64_t Now() const = 0;
  // Called once a second. Throws Failure when it can go on no longer.
  virtual void Tick() {}
  // How long a record may be on its way to the lane, in ns.
  virtual uint64_t Lag() const { return 0; }
  // The source has said that nothing more will come.
  virtual bool Ended() { return false; }
  // Once it was stopped: has everything reached the lanes that it took before?
  virtual bool Drained() { return true; }
};

}  // namespace sysring
