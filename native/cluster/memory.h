// A cluster's memory as files: made by the producer, attached to by consumers.
//
// Locks say who is there, because the kernel takes them back however a process ends: the producer holds one on the header, the
// consumer of a queue one on its page. They are open file description locks, so each end opens the files anew.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../ring/ring.h"
#include "layout.h"
#include "queue.h"

namespace sysring {

// A file descriptor that is closed with it.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct ClusterOptions {
  // A file by its name, for those who cannot be sent a descriptor: a virtual machine. Empty: memory without a name, which nobody
  // but its consumers can see and which is gone with the last of them.
  std::string path;
  uint32_t mode = 0600;
  int32_t group = -1;  // −1: the process's own
  std::vector<uint32_t> queue_bytes;  // of each queue; powers of two
  std::string description;
};

// What a consumer needs of one queue.
struct QueueFiles {
  Fd memory;    // read-only where that can be enforced
  Fd consumer;  // invalid if the consumer's page lies in `memory`
};

// The producer's side. Throws Failure.
class ClusterMemory {
 public:
  explicit ClusterMemory(const ClusterOptions& options);
  ~ClusterMemory();

  size_t queues() const { return writers_.size(); }
  QueueWriter& writer(size_t queue) { return writers_[queue]; }
  QueueCounters Counters(size_t queue) const;
  // Does somebody consume that queue?
  bool IsAttached(size_t queue) const;
  // The files of a queue, opened anew, for a consumer. Throws Failure.
  QueueFiles FilesOf(size_t queue) const;

  // To be called at least ten times a second.
  void Beat();
  void End(ClusterState state, const std::string& reason = {});

 private:
  cluster_header* header() const { return reinterpret_cast<cluster_header*>(header_->data()); }

  std::string path_;
  bool made_file_ = false;
  Fd memory_;
  std::vector<Fd> consumers_;  // empty if their pages lie in memory_
  std::shared_ptr<Mapping> header_;
  std::vector<std::shared_ptr<Mapping>> producer_pages_, consumer_pages_;
  std::vector<QueueWriter> writers_;
};

// A consumer's side of one queue.
class AttachedQueue {
 public:
  // Throws Failure: no cluster, another version, no such queue, or somebody consumes it already.
  AttachedQueue(QueueFiles files, uint32_t queue);
  // By the path of a named file, or of a virtual machine's PCI memory.
  static QueueFiles OpenPath(const std::string& path);

  QueueReader& reader() { return *reader_; }
  std::string Description() const;
  ClusterState State() const;
  std::string Reason() const;
  // False once the producer has gone without a word.
  bool ProducerLives();

 private:
  const cluster_header* header() const { return reinterpret_cast<const cluster_header*>(header_->data()); }

  QueueFiles files_;
  std::shared_ptr<Mapping> header_;
  std::unique_ptr<QueueReader> reader_;
  bool locks_ = true;     // false where files cannot be locked, or the producer is another machine
  uint32_t beat_ = 0;     // as last seen …
  int64_t beat_seen_ = 0;  // … at that time
};

}  // namespace sysring
