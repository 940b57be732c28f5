// A cluster's memory as the producer has it, who makes it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "file.h"
#include "queue.h"

namespace sysring {

struct ClusterOptions {
  // A file by its name, for those who cannot be sent a descriptor: a virtual machine. Empty: memory without a name, which nobody
  // but its consumers can see and which is gone with the last of them.
  std::string path;
  // Of a named file that is made.
  uint32_t mode = 0600;
  int64_t owner = -1, group = -1;  // −1: the process's own
  std::vector<uint32_t> queue_bytes;  // of each queue; powers of two
  std::string description;
};

// The producer's side. Throws Failure.
class ClusterMemory {
 public:
  explicit ClusterMemory(const ClusterOptions& options);

  size_t queues() const { return writers_.size(); }
  QueueWriter& writer(size_t queue) { return writers_[queue]; }
  QueueCounters Counters(size_t queue) const;
  // Does somebody consume that queue?
  bool IsAttached(size_t queue) const;
  // The files of a queue, opened anew, for a consumer. Throws Failure.
  QueueFiles FilesOf(size_t queue) const;

  // To be called at least ten times a second.
  void Beat();
  // Publishes everything, says so, and wakes those who wait for more.
  void End(ClusterState state, const std::string& reason = {});

 private:
  cluster_header* header() const { return reinterpret_cast<cluster_header*>(header_->data()); }
  void OpenNamed(const ClusterOptions& options, uint64_t size);
  void MakeAnonymous(size_t queues, uint64_t page, uint64_t size);

  Fd memory_;
  FileName name_;  // of memory_, if it has one and we made it
  std::vector<Fd> consumers_;  // empty if their pages lie in memory_
  std::shared_ptr<Mapping> header_;
  std::vector<std::shared_ptr<Mapping>> producer_pages_, consumer_pages_;
  std::vector<QueueWriter> writers_;
};

}  // namespace sysring
