#include "queue.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>

namespace sysring {

namespace {

constexpr uint32_t kAlign = 8;
// Bytes; anything from 512 to 2048 does. Where it leads past the data's end, nothing happens.
constexpr uint32_t kAhead = 768;

uint64_t EntrySize(uint64_t len) { return (sizeof(queue_entry) + len + kAlign - 1) & ~uint64_t{kAlign - 1}; }

// Not the private kind: the other end may be another process.
void FutexWake(uint32_t* word) { syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }
void FutexWait(uint32_t* word, uint32_t expected, uint32_t timeout_ms) {
  timespec timeout{timeout_ms / 1000, static_cast<long>(timeout_ms % 1000) * 1000000};
  if (syscall(SYS_futex, word, FUTEX_WAIT, expected, &timeout, nullptr, 0) == 0) return;
  // Memory of a PCI device is none that one can be woken on.
  if (errno != EAGAIN && errno != ETIMEDOUT && errno != EINTR) nanosleep(&timeout, nullptr);
}

}  // namespace

QueueWriter::QueueWriter(std::shared_ptr<Mapping> producer, std::shared_ptr<Mapping> consumer, std::shared_ptr<Mapping> data, uint32_t size)
    : producer_(std::move(producer)), consumer_(std::move(consumer)), data_(std::move(data)), size_(size) {
  head_ = published_ = tail_ = page()->head;
}

void QueueWriter::LookAtTail() {
  uint32_t tail = __atomic_load_n(&other()->tail, __ATOMIC_ACQUIRE);
  // Between the last one and what has been shown; anything else is no position that a consumer can have. Then this queue stays as
  // full as it is, until somebody puts the page right.
  if (tail - tail_ <= published_ - tail_) {
    tail_ = tail;
  } else {
    faults_++;
    counted_ = true;
  }
}

bool QueueWriter::Fits(uint64_t need) {
  if (need > size_ - (head_ - tail_)) LookAtTail();
  return need <= size_ - (head_ - tail_);
}

bool QueueWriter::HasRoom(uint64_t len) {
  uint64_t need = EntrySize(len);
  return need > size_ || Fits(need);
}

uint8_t* QueueWriter::Reserve(uint32_t len, uint16_t flags, uint16_t iface, uint16_t cpu, uint32_t note) {
  bool copy = (flags & kStateOnly) != 0;
  counted_ = true;
  const uint64_t need = EntrySize(uint64_t{len} + note);
  if (note > UINT16_MAX || !Fits(need)) {
    (copy ? state_dropped_ : dropped_)++;
    return nullptr;
  }
  uint8_t* at = data_->data() + (head_ & (size_ - 1));
  // The consumer has these lines in its cache from the round before: fetched a while ahead, for writing, nobody waits for them.
  __builtin_prefetch(at + kAhead, 1);
  __builtin_prefetch(at + kAhead + 64, 1);
  queue_entry entry{static_cast<uint32_t>(need), len, flags, iface, cpu, static_cast<uint16_t>(note)};
  memcpy(at, &entry, sizeof entry);
  head_ += entry.size;
  (copy ? state_received_ : received_)++;
  if (!copy) bytes_ += len - (flags & kPacket ? sizeof(packet_header) : 0);
  return at + sizeof entry;
}

bool QueueWriter::Place(const Entry& entry) {
  bool packet = (entry.flags & kPacket) != 0;
  uint64_t len = uint64_t{entry.len} + (packet ? sizeof(packet_header) : 0);
  uint8_t* at = Reserve(static_cast<uint32_t>(std::min<uint64_t>(len, UINT32_MAX)), entry.flags, entry.iface, entry.cpu, entry.note);
  if (at == nullptr) return false;
  if (packet) {
    packet_header header{entry.ts, entry.wire_len, 0};
    memcpy(at, &header, sizeof header);
    at += sizeof header;
  }
  if (entry.len > 0) memcpy(at, entry.data, entry.len);
  if (entry.note > 0) memcpy(at + entry.len, entry.note_data, entry.note);
  return true;
}

void QueueWriter::Publish() {
  if (counted_) {
    LookAtTail();
    high_watermark_ = std::max(high_watermark_, head_ - tail_);
    queue_producer* out = page();
    // Read by others at any time: each number is whole, and they are a moment apart.
    auto store = [](auto* to, auto value) { __atomic_store_n(to, value, __ATOMIC_RELAXED); };
    store(&out->received, received_);
    store(&out->dropped, dropped_);
    store(&out->filtered, filtered_);
    store(&out->bytes, bytes_);
    store(&out->state_received, state_received_);
    store(&out->state_dropped, state_dropped_);
    store(&out->high_watermark, high_watermark_);
    store(&out->faults, faults_);
    counted_ = false;
  }
  if (head_ == published_) return;
  published_ = head_;
  __atomic_store_n(&page()->head, head_, __ATOMIC_RELEASE);
  // The consumer says that it sleeps and then looks at the head; we show the head and then look whether it sleeps. With a full
  // fence on both sides, at least one of the two sees the other.
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  queue_consumer* theirs = other();
  if (__atomic_load_n(&theirs->sleeping, __ATOMIC_RELAXED) == 0) return;
  if (static_cast<int32_t>(head_ - __atomic_load_n(&theirs->wake_at, __ATOMIC_RELAXED)) < 0) return;
  Wake();
}

void QueueWriter::Wake() {
  __atomic_store_n(&other()->sleeping, 0, __ATOMIC_RELAXED);
  FutexWake(&other()->sleeping);
}

QueueReader::QueueReader(std::shared_ptr<Mapping> producer, std::shared_ptr<Mapping> consumer, std::shared_ptr<Mapping> data, uint32_t size)
    : producer_(std::move(producer)), consumer_(std::move(consumer)), data_(std::move(data)), size_(size) {
  const uint32_t head = RawHead();
  tail_ = __atomic_load_n(&own()->tail, __ATOMIC_RELAXED);
  // Rubbish that somebody before us left: nothing can be found in between, so begin with what comes next.
  if (head - tail_ > size_ || Count(head).second != head) __atomic_store_n(&own()->tail, tail_ = head, __ATOMIC_RELEASE);
  __atomic_store_n(&own()->sleeping, 0, __ATOMIC_RELAXED);
}

uint32_t QueueReader::Head() const {
  const uint32_t head = RawHead();
  return head - tail_ <= size_ ? head : tail_;
}

bool QueueReader::IsSound() const { return RawHead() - tail_ <= size_; }

bool QueueReader::Release(uint32_t tail) {
  if (tail - tail_ > Head() - tail_) return false;
  tail_ = tail;
  __atomic_store_n(&own()->tail, tail, __ATOMIC_RELEASE);
  return true;
}

void QueueReader::Wait(uint32_t bytes, uint32_t timeout_ms) {
  queue_consumer* mine = own();
  // With more, records could be dropped while we sleep and nothing be left to wake us.
  bytes = std::min(bytes, size_ / 4);
  __atomic_store_n(&mine->wake_at, tail_ + bytes, __ATOMIC_RELAXED);
  __atomic_store_n(&mine->sleeping, 1, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (Head() - tail_ < bytes) FutexWait(&mine->sleeping, 1, timeout_ms);
  __atomic_store_n(&mine->sleeping, 0, __ATOMIC_RELAXED);
}

uint64_t QueueReader::Pending() const { return Count(Head()).first; }

std::pair<uint64_t, uint32_t> QueueReader::Count(uint32_t head) const {
  uint64_t count = 0;
  uint32_t at = tail_;
  while (at != head) {
    queue_entry entry;
    memcpy(&entry, data_->data() + (at & (size_ - 1)), sizeof entry);
    if (entry.size < sizeof entry || entry.size % kAlign != 0 || entry.size > head - at || uint64_t{entry.len} + entry.note > entry.size - sizeof entry) break;
    if ((entry.flags & kStateOnly) == 0) count++;
    at += entry.size;
  }
  return {count, at};
}

QueueCounters QueueReader::ReadCounters(const queue_producer& from, const queue_consumer& consumer, uint32_t size) {
  auto load = [](const auto* value) { return __atomic_load_n(value, __ATOMIC_RELAXED); };
  const uint32_t tail = __atomic_load_n(&consumer.tail, __ATOMIC_ACQUIRE);  // first, so that the head is not behind it
  // The tail may be anything: then the queue is as good as full.
  const uint32_t waiting = std::min(load(&from.head) - tail, size);
  return {load(&from.received), load(&from.dropped), load(&from.filtered), load(&from.bytes), load(&from.state_received), load(&from.state_dropped),
          load(&from.high_watermark), load(&from.faults), waiting};
}

}  // namespace sysring
