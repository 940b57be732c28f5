// Which process each thread belongs to, and which connection each of a process's sockets is, as far as the records tell.
//
// A balancer needs no more of the state than this to keep what belongs together on one queue.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "../ring/ring.h"
#include "record.h"
#include "traits.h"

namespace sysring {

class Processes {
 public:
  Processes();

  // The process of a thread; the thread's own number where it is not known.
  uint32_t PidOf(uint64_t tid) const { return tid < kMaxTid && pids_[tid] != 0 ? pids_[tid] : static_cast<uint32_t>(tid); }
  // The fd that a record is about: its own, or the one that the thread's call began with. −1: none.
  int64_t FdOf(const RecordView& record, const EventTraits& traits) const;
  // The hash of the connection that the record is about; 0: none is known.
  uint32_t FlowOf(const RecordView& record, const EventTraits& traits) const;

  // Takes notice of a record, after it was placed (one that makes a thread: before). `flows`: sockets too, which takes longer.
  void Follow(const RecordView& record, const EventTraits& traits, bool flows);

  // What was there before the first record.
  void SetPid(uint32_t tid, uint32_t pid);
  void SetFlow(uint32_t pid, int32_t fd, uint32_t hash);

  // Sockets that were not remembered, for want of room.
  uint64_t forgotten() const { return forgotten_; }

 private:
  // All threads' numbers are below (PID_MAX_LIMIT of include/linux/threads.h).
  static constexpr uint64_t kMaxTid = 4 << 20;
  static constexpr size_t kMaxFlows = 1 << 20;

  using Sockets = std::unordered_map<int32_t, uint32_t>;

  void FollowSockets(const RecordView& record, const EventTraits& traits);
  uint32_t FlowOf(uint32_t pid, int64_t fd) const;
  void EraseFlow(uint32_t pid, int64_t fd);
  void EraseFlows(uint32_t pid);

  uint32_t* pids_;
  int32_t* fds_;  // of the call that a thread is in, plus 1; 0: none
  std::shared_ptr<void> memory_;
  std::unordered_map<uint32_t, Sockets> sockets_;
  size_t flows_ = 0;
  uint64_t forgotten_ = 0;
};

}  // namespace sysring
