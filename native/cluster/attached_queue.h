// One queue of a cluster as its consumer has it.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "file.h"
#include "queue.h"

namespace sysring {

class AttachedQueue {
 public:
  // Throws Failure: no cluster, another version, no such queue, or somebody consumes it already.
  AttachedQueue(QueueFiles files, uint32_t queue);
  // By the path of a named file, or of a virtual machine's PCI memory.
  static QueueFiles OpenPath(const std::string& path);

  QueueReader& reader() { return *reader_; }
  const QueueReader& reader() const { return *reader_; }
  // The reader's, as long as the memory is our producer's. Once another one uses it there is nothing new, and what we have read
  // is not given back.
  uint32_t Head() const;
  bool Release(uint32_t tail);
  // Like the reader's, but no longer than 1 ms where the producer is on another machine, which cannot wake us.
  void Wait(uint32_t bytes, uint32_t timeout_ms) { reader_->Wait(bytes, locks_ ? timeout_ms : std::min(timeout_ms, 1u)); }
  std::string Description() const;
  ClusterState State() const;
  std::string Reason() const;
  // Does the producer run under the same kernel, so that its threads are in our /proc? False also when it has died before.
  bool IsLocal() const { return locks_; }
  // False once the producer has gone without a word, another one uses its file, or what it writes makes no sense.
  bool ProducerLives();

 private:
  const cluster_header* header() const { return reinterpret_cast<const cluster_header*>(header_->data()); }
  // Is it still the cluster that we attached to?
  bool IsSame() const;

  QueueFiles files_;
  std::shared_ptr<Mapping> header_;
  std::unique_ptr<QueueReader> reader_;
  bool locks_ = true;     // false where files cannot be locked, or the producer is another machine
  uint64_t started_ = 0;  // the header's
  uint32_t beat_ = 0;     // as last seen …
  int64_t beat_seen_ = 0;  // … at that time
};

}  // namespace sysring
