// One queue of a cluster, from both ends. A single producer and a single consumer; no locks, no waiting for each other.
//
// Each end keeps its own position in private memory and publishes it with release semantics; what the other end has published
// is read with acquire. So the bytes of an entry are there before its head is seen, and have been read before their room is.
// native/tests/model checks that for weaker machines than x86.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "../ring/ring.h"
#include "layout.h"

namespace sysring {

// What is put into a queue: a record or a packet, where it lies now.
struct Entry {
  const uint8_t* data;
  uint32_t len;
  uint16_t flags = 0;
  uint16_t iface = 0;
  uint16_t cpu = 0;
  uint16_t note = 0;
  const uint8_t* note_data = nullptr;
  // Of a packet.
  uint64_t ts = 0;
  uint32_t wire_len = 0;
};

class QueueWriter {
 public:
  // The pages' mappings and `data`, which is mapped twice and holds 2 × `size` bytes. A queue that was written before goes on
  // at `head`.
  QueueWriter(std::shared_ptr<Mapping> producer, std::shared_ptr<Mapping> consumer, std::shared_ptr<Mapping> data, uint32_t size);

  // Room for an entry of `len` bytes and a note: where to write them, or null, which is counted as dropped (or as a dropped
  // copy, if `flags` has kStateOnly). Nothing is seen of it before Publish().
  uint8_t* Reserve(uint32_t len, uint16_t flags, uint16_t iface, uint16_t cpu, uint32_t note = 0);
  // Reserves and copies. False if it was dropped.
  bool Place(const Entry& entry);
  void CountFiltered() {
    filtered_++;
    counted_ = true;
  }
  // Is there room for an entry of `len` bytes, or will there never be? Counts nothing.
  bool HasRoom(uint64_t len);

  // Shows the consumer everything that was placed, and wakes it if it wants that.
  void Publish();
  // Wakes it whatever it waits for.
  void Wake();

  // Bytes that the consumer has not given back, as far as is known.
  uint32_t Waiting() const { return head_ - tail_; }
  uint64_t dropped() const { return dropped_; }

 private:
  queue_producer* page() const { return reinterpret_cast<queue_producer*>(producer_->data()); }
  queue_consumer* other() const { return reinterpret_cast<queue_consumer*>(consumer_->data()); }
  void LookAtTail();
  bool Fits(uint64_t need);

  std::shared_ptr<Mapping> producer_, consumer_, data_;
  uint32_t size_;
  uint32_t head_, published_;
  uint32_t tail_;  // the last one that made sense
  uint32_t high_watermark_ = 0, faults_ = 0;
  uint64_t received_ = 0, dropped_ = 0, filtered_ = 0, bytes_ = 0, state_received_ = 0, state_dropped_ = 0;
  bool counted_ = false;  // the counters have changed since they were published
};

// What became of the records of a queue: seen = received + dropped + filtered.
struct QueueCounters {
  uint64_t received, dropped, filtered, bytes, state_received, state_dropped;
  uint32_t high_watermark, faults;
  uint32_t waiting;  // bytes
};

class QueueReader {
 public:
  // Goes on where the consumer before ended, however it ended.
  QueueReader(std::shared_ptr<Mapping> producer, std::shared_ptr<Mapping> consumer, std::shared_ptr<Mapping> data, uint32_t size);

  const std::shared_ptr<Mapping>& data() const { return data_; }
  uint32_t size() const { return size_; }
  // Entries before this position are complete. A head that cannot be counts as "nothing new".
  uint32_t Head() const;
  // False once the producer's page is nonsense.
  bool IsSound() const;
  uint32_t tail() const { return tail_; }
  // Gives what lies before `tail` back. False, and nothing done, if that is not between tail and head.
  bool Release(uint32_t tail);
  // Sleeps until `bytes` wait, or a quarter of the queue if that is less, for `timeout_ms` at most, and now and then not as
  // long. Blocks the thread.
  void Wait(uint32_t bytes, uint32_t timeout_ms);
  QueueCounters Counters() const { return ReadCounters(*page(), *own(), size_); }
  // Records (not copies) that wait, in entries that make sense.
  uint64_t Pending() const;
  // Records that another thread than the one that asks has taken and released, as that one says.
  uint64_t taken() const { return __atomic_load_n(&taken_, __ATOMIC_RELAXED); }
  void CountTaken(uint64_t taken) { __atomic_store_n(&taken_, taken, __ATOMIC_RELAXED); }

  static QueueCounters ReadCounters(const queue_producer& producer, const queue_consumer& consumer, uint32_t size);

 private:
  // Entries between the tail and `head` that make sense: how many are records, and where the last one ends.
  std::pair<uint64_t, uint32_t> Count(uint32_t head) const;
  uint32_t RawHead() const { return __atomic_load_n(&page()->head, __ATOMIC_ACQUIRE); }
  const queue_producer* page() const { return reinterpret_cast<const queue_producer*>(producer_->data()); }
  queue_consumer* own() const { return reinterpret_cast<queue_consumer*>(consumer_->data()); }

  std::shared_ptr<Mapping> producer_, consumer_, data_;
  uint32_t size_;
  uint32_t tail_;
  uint64_t taken_ = 0;
};

}  // namespace sysring
