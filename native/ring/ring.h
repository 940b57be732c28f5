// One CPU's ring from the consumer's side: where it is mapped, how far the producer has come, what it had to drop.
//
// The memory is shared with a producer that may be the kernel, so every value read from it is checked before it is used,
// and nothing but `tail` is ever written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "../abi.h"

namespace sysring {

// An error on its way to JavaScript: code and hint as in lib/errors.ts.
struct Failure {
  std::string code;
  std::string message;
  std::string hint;
};

// Memory that is unmapped when the last one to use it lets go: a ring's owner, and every ArrayBuffer over it.
class Mapping {
 public:
  // Maps `size` bytes at `offset` of `fd` twice in a row: what runs over the end is the start again. Throws Failure.
  static std::shared_ptr<Mapping> Twice(int fd, size_t size, off_t offset, bool writable = false);
  // One plain mapping, to write as well if `writable`. Throws Failure.
  static std::shared_ptr<Mapping> Once(int fd, size_t size, off_t offset, bool writable);
  // The same; null and errno where that cannot be done.
  static std::shared_ptr<Mapping> TryOnce(int fd, size_t size, off_t offset, bool writable);

  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

  // Has the kernel fetch the first `bytes` now, to read or to write, and not page by page while records come at full rate. Does
  // nothing where it cannot (before Linux 5.14, memory of devices).
  void Populate(size_t bytes, bool to_write) const;

  // What has to live as long as the mapping does, and no shorter.
  void Keep(std::shared_ptr<void> owner) { owner_ = std::move(owner); }

 private:
  Mapping(void* data, size_t size) : data_(static_cast<uint8_t*>(data)), size_(size) {}
  std::shared_ptr<void> owner_;
  uint8_t* data_;
  size_t size_;
};

struct Counters {
  uint64_t n_evts, drops_buffer, drops_pf, preemptions;
};

// Where a producer keeps those counters that not all keep in the same place: offsets in the page of counters, in bytes.
// head, tail, n_evts and n_drops_buffer are where ring_info has them, in every version of every producer.
struct CounterLayout {
  uint32_t drops_pf = offsetof(ring_info, n_drops_pf);
  uint32_t preemptions = offsetof(ring_info, n_preemptions);
};

// Records of a producer that is not ours are looked at before they are shown.
enum class Trust {
  kOurs,        // our own programs wrote them
  kParameters,  // 26-byte headers: parameters must lie within the record, the record within what is complete
  kLength,      // 22-byte headers, which do not say how many parameters there are: the record only
};

class Ring {
 public:
  // `data` is mapped twice and so holds 2 × `size` bytes; `size` is a power of two.
  Ring(int cpu, std::shared_ptr<Mapping> data, uint32_t size, std::shared_ptr<Mapping> info, CounterLayout layout = {}, Trust trust = Trust::kOurs);

  int cpu() const { return cpu_; }
  uint32_t size() const { return size_; }
  const std::shared_ptr<Mapping>& data() const { return data_; }

  // Bytes before this offset are complete records. A head outside the ring counts as "nothing new".
  uint32_t Head() const;
  // The same, but not beyond a record that is not whole: then nothing after it can be found, and once the tail is there the
  // ring IsCorrupt(). So it is with a head outside the ring.
  uint32_t CheckedHead();
  bool IsCorrupt() const { return corrupt_ && checked_ == tail_; }
  uint32_t Tail() const { return tail_; }
  // Gives the bytes before `tail` back to the producer. False, and nothing done, if that is not between tail and head.
  bool Release(uint32_t tail);
  Counters ReadCounters() const;
  // The u64 at `offset` of the page of counters; 0 beyond its end.
  uint64_t ReadCounter(uint32_t offset) const;

 private:
  ring_info* info() const { return reinterpret_cast<ring_info*>(info_->data()); }

  int cpu_;
  std::shared_ptr<Mapping> data_;
  uint32_t size_;
  std::shared_ptr<Mapping> info_;
  CounterLayout layout_;
  Trust trust_;
  uint32_t checked_;  // records before this offset are whole
  bool corrupt_ = false;
  uint32_t tail_;  // our own copy: the one in shared memory could be changed by somebody else
};

}  // namespace sysring
