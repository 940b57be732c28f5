// Where each record goes: a key of the record chooses one queue of each application.
//
// Several applications get every record, each on one of its queues; fan-out is one queue per application, so no other mode is
// needed. A record that others cannot be understood without goes to all the other queues as well, as a copy that says so.
#pragma once

#include <memory>
#include <vector>

#include "../cluster/memory.h"
#include "processes.h"

namespace sysring {

enum class Key : uint8_t { kTid, kPid, kFd, kCpu, kFlow, kRoundRobin };

struct QueuePolicy {
  // By event code: 1 for those that this queue wants. Empty: all.
  std::vector<uint8_t> wanted;
  // Bytes of a packet, or of an event's I/O buffer, that are kept. 0: all.
  uint32_t snaplen = 0;
};

struct DistributorOptions {
  // Of each application, its key and number of queues; their sum is the number of queues.
  struct Application {
    Key key;
    uint32_t queues;
  };
  std::vector<Application> applications;
  std::vector<QueuePolicy> queues;
  TraitsTable traits;
  bool copies_state = true;
};

class Distributor {
 public:
  // Throws Failure.
  Distributor(ClusterMemory& memory, DistributorOptions options);

  // What `queue` means when the key is to choose.
  static constexpr uint32_t kByKey = UINT32_MAX;
  // And when no queue is to have the record, but for what follows from it: it counts as refused.
  static constexpr uint32_t kNone = UINT32_MAX - 1;

  // Places one record. Where `queue` is given, the first application's queue of that number takes it.
  void Distribute(const Entry& entry, uint32_t queue = kByKey);
  // Is there room for it wherever it would go? For those who can wait.
  bool HasRoom(const Entry& entry);
  // Nobody reads that queue any more: nobody waits for it either.
  void Abandon(uint32_t queue) { abandoned_[queue] = 1; }
  void Publish();

  Processes& processes() { return processes_; }
  // Records, without copies that came for the state, and those of them that no queue was to have. Of each application,
  // seen − refused = received + dropped + filtered of its queues.
  uint64_t seen() const { return __atomic_load_n(&seen_, __ATOMIC_RELAXED); }
  uint64_t refused() const { return __atomic_load_n(&refused_, __ATOMIC_RELAXED); }

 private:
  uint32_t KeyOf(Key key, const Entry& entry, const RecordView& record, const EventTraits& traits) const;
  void Put(uint32_t queue, const Entry& entry, uint16_t code);
  void PutCut(QueueWriter& writer, const Entry& entry, const EventTraits& traits, uint32_t snaplen);

  ClusterMemory& memory_;
  DistributorOptions options_;
  Processes processes_;
  bool follows_ = false, flows_ = false;
  std::vector<uint32_t> next_;    // of each application, for round robin
  std::vector<uint8_t> chosen_;   // of each queue: it has the record at hand
  std::vector<uint8_t> abandoned_;
  uint64_t seen_ = 0, refused_ = 0;
  uint32_t unpublished_ = 0;
};

}  // namespace sysring
