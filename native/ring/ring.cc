#include "ring.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace sysring {

namespace {
Failure MapFailure(const char* what, size_t size) {
  return {"ERR_CAPTURE_NO_PROBE", std::string("cannot map ") + what + " of " + std::to_string(size) + " bytes: " + strerror(errno),
          "use smaller rings: { ringBytes: 1 << 20 }"};
}
}  // namespace

std::shared_ptr<Mapping> Mapping::Twice(int fd, size_t size, off_t offset, bool writable) {
  int access = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  // Reserve the whole range first: then nothing else can come to lie between the two halves.
  void* range = mmap(nullptr, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (range == MAP_FAILED) throw MapFailure("a ring", 2 * size);
  std::shared_ptr<Mapping> mapping(new Mapping(range, 2 * size));
  for (size_t half = 0; half < 2; half++) {
    void* at = mapping->data() + half * size;
    if (mmap(at, size, access, MAP_SHARED | MAP_FIXED, fd, offset) == MAP_FAILED) throw MapFailure("a ring", size);
  }
  return mapping;
}

std::shared_ptr<Mapping> Mapping::Once(int fd, size_t size, off_t offset, bool writable) {
  auto mapping = TryOnce(fd, size, offset, writable);
  if (mapping == nullptr) throw MapFailure("the counters", size);
  return mapping;
}

std::shared_ptr<Mapping> Mapping::TryOnce(int fd, size_t size, off_t offset, bool writable) {
  void* at = mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, offset);
  return at == MAP_FAILED ? nullptr : std::shared_ptr<Mapping>(new Mapping(at, size));
}

// include/uapi/asm-generic/mman-common.h; older headers do not have them.
constexpr int kPopulateRead = 22, kPopulateWrite = 23;

void Mapping::Populate(size_t bytes, bool to_write) const { madvise(data_, bytes, to_write ? kPopulateWrite : kPopulateRead); }

Mapping::~Mapping() { munmap(data_, size_); }

Ring::Ring(int cpu, std::shared_ptr<Mapping> data, uint32_t size, std::shared_ptr<Mapping> info, CounterLayout layout, Trust trust)
    : cpu_(cpu),
      data_(std::move(data)),
      size_(size),
      info_(std::move(info)),
      layout_(layout),
      trust_(trust),
      checked_(this->info()->tail & (size - 1)),
      tail_(checked_) {}

uint32_t Ring::Head() const {
  uint32_t head = __atomic_load_n(&info()->head, __ATOMIC_ACQUIRE);
  return head < size_ ? head : tail_;
}

namespace {

// The record at `at`, of which `room` bytes are complete: its length, or 0 if it is not whole. Unaligned, in the byte order of
// the machine. Source: struct ppm_evt_hdr; see lib/event/record.ts.
uint32_t WholeRecord(const uint8_t* at, uint32_t room, Trust trust) {
  constexpr uint32_t kLen = 16, kNparams = 22, kOldHeader = 22, kHeader = 26;
  uint32_t header = trust == Trust::kLength ? kOldHeader : kHeader;
  if (room < header) return 0;
  uint32_t len, nparams;
  memcpy(&len, at + kLen, sizeof len);
  if (len < header || len > room) return 0;
  if (trust == Trust::kLength) return len;
  memcpy(&nparams, at + kNparams, sizeof nparams);
  if (nparams > (len - header) / sizeof(uint16_t)) return 0;
  uint64_t end = header + nparams * sizeof(uint16_t);
  for (uint32_t i = 0; i < nparams; i++) {
    uint16_t length;
    memcpy(&length, at + header + i * sizeof length, sizeof length);
    end += length;
  }
  return end <= len ? len : 0;
}

}  // namespace

uint32_t Ring::CheckedHead() {
  if (trust_ == Trust::kOurs) return Head();
  uint32_t head = __atomic_load_n(&info()->head, __ATOMIC_ACQUIRE);
  if (head >= size_) corrupt_ = true;
  for (uint32_t room; !corrupt_ && (room = (head - checked_) & (size_ - 1)) > 0;) {
    uint32_t len = WholeRecord(data_->data() + checked_, room, trust_);
    corrupt_ = len == 0;
    checked_ = (checked_ + len) & (size_ - 1);
  }
  return checked_;
}

bool Ring::Release(uint32_t tail) {
  uint32_t unread = ((trust_ == Trust::kOurs ? Head() : checked_) - tail_) & (size_ - 1);
  uint32_t done = (tail - tail_) & (size_ - 1);
  if (tail >= size_ || done > unread) return false;
  tail_ = tail;
  // Reads of the records come before the producer may see their room as free.
  __atomic_store_n(&info()->tail, tail, __ATOMIC_RELEASE);
  return true;
}

Counters Ring::ReadCounters() const {
  // Drops before hits: read the other way round, a drop in between would be a record that nobody has seen.
  Counters c{};
  c.drops_buffer = ReadCounter(offsetof(ring_info, n_drops_buffer));
  c.drops_pf = ReadCounter(layout_.drops_pf);
  c.preemptions = ReadCounter(layout_.preemptions);
  c.n_evts = ReadCounter(offsetof(ring_info, n_evts));
  return c;
}

uint64_t Ring::ReadCounter(uint32_t offset) const {
  if (offset % sizeof(uint64_t) != 0 || offset + sizeof(uint64_t) > info_->size()) return 0;
  return __atomic_load_n(reinterpret_cast<const uint64_t*>(info_->data() + offset), __ATOMIC_RELAXED);
}

}  // namespace sysring
