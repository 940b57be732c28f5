#include "memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../probe/clock.h"

namespace sysring {

namespace {

// A producer that has not counted up for so long is gone. Where locks tell, they are asked instead.
constexpr int64_t kSilenceNs = 3'000'000'000;
// Who may write a file without a name is up to its descriptors.
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW;

std::string Because(const std::string& what) { return what + ": " + strerror(errno); }

uint64_t RoundUp(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

struct flock Range(short type, uint64_t start, uint64_t length) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(start);
  range.l_len = static_cast<off_t>(length);
  return range;
}

bool Lock(int fd, uint64_t start) {
  struct flock range = Range(F_WRLCK, start, 1);
  return fcntl(fd, F_OFD_SETLK, &range) == 0;
}

// 1: somebody else has it, 0: nobody, −1: this file cannot tell.
int Locked(int fd, uint64_t start) {
  struct flock range = Range(F_WRLCK, start, 1);
  if (fcntl(fd, F_OFD_GETLK, &range) != 0) return -1;
  return range.l_type == F_UNLCK ? 0 : 1;
}

Fd Anonymous(const char* name, uint64_t size) {
  Fd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  // 0600: a descriptor of it that is read-only cannot be opened again for writing by somebody else.
  if (!fd || fchmod(fd.get(), 0600) != 0 || ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
    throw Failure{"ERR_CAPTURE_IO", Because("cannot make memory for the cluster"), "see: ulimit -n; free -m"};
  }
  return fd;
}

// All of it now: a page that cannot be had later would be a signal instead of an error.
void Allocate(int fd, uint64_t size) {
  if (int error = posix_fallocate(fd, 0, static_cast<off_t>(size)); error != 0) {
    errno = error;
    throw Failure{"ERR_CAPTURE_IO", Because("cannot allocate " + std::to_string(size >> 20) + " MiB for the cluster"), "take smaller queues: { queueBytes: 1 << 20 }"};
  }
}

Fd Reopen(int fd, int flags) {
  Fd again(open(("/proc/self/fd/" + std::to_string(fd)).c_str(), flags | O_CLOEXEC));
  if (!again) throw Failure{"ERR_CAPTURE_IO", Because("cannot open the cluster's memory again"), "is /proc mounted?"};
  return again;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

ClusterMemory::ClusterMemory(const ClusterOptions& options) : path_(options.path) {
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint32_t queues = static_cast<uint32_t>(options.queue_bytes.size());
  const bool named = !path_.empty();
  std::vector<queue_layout> layout(queues);
  uint64_t end = RoundUp(sizeof(cluster_header), page);
  for (auto& queue : layout) queue.producer = std::exchange(end, end + page);
  if (named) {
    for (auto& queue : layout) queue.consumer = std::exchange(end, end + page);
  }
  for (uint32_t q = 0; q < queues; q++) {
    layout[q].size = options.queue_bytes[q];
    layout[q].data = std::exchange(end, end + RoundUp(layout[q].size, page));
  }

  if (named) {
    memory_ = Fd(open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    made_file_ = static_cast<bool>(memory_);
    // One that is there may be a virtual machine's: it has mapped it, so it is used and not replaced.
    if (!memory_ && errno == EEXIST) memory_ = Fd(open(path_.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (!memory_) throw Failure{"ERR_CAPTURE_IO", Because("cannot open " + path_), "a file in /dev/shm is memory: /dev/shm/sysring-7"};
    if (Locked(memory_.get(), 0) == 1) throw Failure{"ERR_CAPTURE_BUSY", path_ + " is the memory of a cluster that runs", "end it, or take another name"};
    struct stat found;
    fstat(memory_.get(), &found);
    if (!made_file_ && (!S_ISREG(found.st_mode) || static_cast<uint64_t>(found.st_size) < end)) {
      throw Failure{"ERR_CAPTURE_IO", path_ + " holds " + std::to_string(found.st_size) + " bytes, and the cluster needs " + std::to_string(end), "remove it, or make it larger"};
    }
    if (made_file_ && ftruncate(memory_.get(), static_cast<off_t>(end)) != 0) throw Failure{"ERR_CAPTURE_IO", Because("cannot size " + path_), "is there room? df " + path_};
    if (made_file_ && ((options.group >= 0 && fchown(memory_.get(), static_cast<uid_t>(-1), static_cast<gid_t>(options.group)) != 0) || fchmod(memory_.get(), options.mode) != 0)) {
      int error = errno;
      unlink(path_.c_str());
      errno = error;
      throw Failure{"ERR_CAPTURE_PERM", Because("cannot give " + path_ + " to the group"), "take a group that you are in"};
    }
  } else {
    memory_ = Anonymous("sysring-cluster", end);
    for (uint32_t q = 0; q < queues; q++) {
      consumers_.push_back(Anonymous("sysring-queue", page));
      Allocate(consumers_[q].get(), page);
      // A consumer that made it shorter would kill us.
      if (fcntl(consumers_[q].get(), F_ADD_SEALS, kSeals) != 0) throw Failure{"ERR_CAPTURE_IO", Because("cannot seal the cluster's memory"), "is this Linux 5.1 or later?"};
    }
  }
  Allocate(memory_.get(), end);
  if (!Lock(memory_.get(), 0)) throw Failure{"ERR_CAPTURE_BUSY", "the cluster's memory is used by another producer", "take another name"};

  header_ = Mapping::Once(memory_.get(), RoundUp(sizeof(cluster_header), page), 0, true);
  cluster_header* made = header();
  // Whoever still looks at an older cluster here sees it go before anything else changes.
  __atomic_store_n(&made->magic, 0, __ATOMIC_SEQ_CST);
  memset(header_->data() + sizeof made->magic, 0, sizeof *made - sizeof made->magic);
  made->version = kClusterVersion;
  made->page = static_cast<uint32_t>(page);
  made->size = end;
  made->queues = queues;
  made->description = static_cast<uint32_t>(options.description.size());
  memcpy(made->json, options.description.data(), options.description.size());
  memcpy(made->layout, layout.data(), queues * sizeof(queue_layout));
  for (uint32_t q = 0; q < queues; q++) {
    producer_pages_.push_back(Mapping::Once(memory_.get(), page, static_cast<off_t>(layout[q].producer), true));
    consumer_pages_.push_back(named ? Mapping::Once(memory_.get(), page, static_cast<off_t>(layout[q].consumer), true)
                                    : Mapping::Once(consumers_[q].get(), page, 0, true));
    memset(producer_pages_[q]->data(), 0, page);
    memset(consumer_pages_[q]->data(), 0, page);
    auto data = Mapping::Twice(memory_.get(), layout[q].size, static_cast<off_t>(layout[q].data), true);
    writers_.emplace_back(producer_pages_[q], consumer_pages_[q], data, layout[q].size);
  }
  // From here on nobody gets a new writable mapping of what only the producer writes.
  if (!named) fcntl(memory_.get(), F_ADD_SEALS, kSeals | F_SEAL_FUTURE_WRITE);
  made->state = static_cast<uint32_t>(ClusterState::kRunning);
  __atomic_store_n(&made->magic, kClusterMagic, __ATOMIC_RELEASE);
}

ClusterMemory::~ClusterMemory() {
  if (made_file_) unlink(path_.c_str());
}

QueueCounters ClusterMemory::Counters(size_t queue) const {
  return QueueReader::ReadCounters(*reinterpret_cast<const queue_producer*>(producer_pages_[queue]->data()),
                                   *reinterpret_cast<const queue_consumer*>(consumer_pages_[queue]->data()));
}

bool ClusterMemory::IsAttached(size_t queue) const {
  return consumers_.empty() ? Locked(memory_.get(), header()->layout[queue].consumer) == 1 : Locked(consumers_[queue].get(), 0) == 1;
}

QueueFiles ClusterMemory::FilesOf(size_t queue) const {
  if (consumers_.empty()) return {Reopen(memory_.get(), O_RDWR), Fd()};
  return {Reopen(memory_.get(), O_RDONLY), Reopen(consumers_[queue].get(), O_RDWR)};
}

void ClusterMemory::Beat() { __atomic_store_n(&header()->beat, header()->beat + 1, __ATOMIC_RELAXED); }

void ClusterMemory::End(ClusterState state, const std::string& reason) {
  strncpy(header()->reason, reason.c_str(), sizeof header()->reason - 1);
  for (auto& writer : writers_) writer.Publish();
  __atomic_store_n(&header()->state, static_cast<uint32_t>(state), __ATOMIC_RELEASE);
}

QueueFiles AttachedQueue::OpenPath(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) {
    const char* code = errno == EACCES || errno == EPERM ? "ERR_CAPTURE_PERM" : "ERR_CAPTURE_NO_DEVICE";
    throw Failure{code, Because("cannot open the cluster's memory " + path), "is the balancer running, and are you in its group? ls -l " + path};
  }
  return {std::move(fd), Fd()};
}

AttachedQueue::AttachedQueue(QueueFiles files, uint32_t queue) : files_(std::move(files)) {
  auto refuse = [](const std::string& what) { return Failure{"ERR_CAPTURE_FORMAT", "this is no cluster's memory: " + what, "name the file that the balancer made"}; };
  int memory = files_.memory.get();
  struct stat found;
  if (fstat(memory, &found) != 0) throw refuse(strerror(errno));
  const uint64_t size = static_cast<uint64_t>(found.st_size), page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  if (size < sizeof(cluster_header)) throw refuse("it has " + std::to_string(size) + " bytes");
  header_ = Mapping::Once(memory, RoundUp(sizeof(cluster_header), page), 0, false);
  if (__atomic_load_n(&header()->magic, __ATOMIC_ACQUIRE) != kClusterMagic) throw refuse("it does not begin like one");
  if (header()->version != kClusterVersion || header()->page != page) {
    throw Failure{"ERR_CAPTURE_VERSION", "the cluster's memory is of version " + std::to_string(header()->version) + " with pages of " + std::to_string(header()->page) + " bytes",
                  "use the same version of sysring on both sides"};
  }
  const uint32_t queues = header()->queues;
  if (queues > kMaxQueues || header()->description > kMaxDescription || header()->size > size) throw refuse("its header makes no sense");
  if (queue >= queues) throw Failure{"ERR_CAPTURE_NO_DEVICE", "the cluster has no queue " + std::to_string(queue), "its queues are 0 to " + std::to_string(queues - 1)};

  const queue_layout at = header()->layout[queue];  // a copy: what was checked does not change
  auto lies = [&](uint64_t offset, uint64_t length) { return offset % page == 0 && offset >= sizeof(cluster_header) && offset <= size && length <= size - offset; };
  bool own_file = static_cast<bool>(files_.consumer);
  bool sound = at.size >= kMinQueueBytes && at.size <= kMaxQueueBytes && (at.size & (at.size - 1)) == 0 && lies(at.producer, page) && lies(at.data, at.size) &&
               (own_file ? at.consumer == 0 : lies(at.consumer, page));
  if (!sound) throw refuse("the layout of queue " + std::to_string(queue) + " makes no sense");

  int consumer = own_file ? files_.consumer.get() : memory;
  if (!Lock(consumer, at.consumer)) {
    if (errno == EAGAIN || errno == EACCES) throw Failure{"ERR_CAPTURE_BUSY", "queue " + std::to_string(queue) + " has a consumer already", "take another queue"};
    locks_ = false;
  }
  // A regular file without the producer's lock has no producer here; it may be on the other side of a virtual machine.
  if (!S_ISREG(found.st_mode) || Locked(memory, 0) != 1) locks_ = false;
  beat_ = header()->beat;
  beat_seen_ = Nanoseconds(CLOCK_MONOTONIC);
  auto producer_page = Mapping::Once(memory, page, static_cast<off_t>(at.producer), false);
  auto consumer_page = Mapping::Once(consumer, page, static_cast<off_t>(at.consumer), true);
  reader_ = std::make_unique<QueueReader>(producer_page, consumer_page, Mapping::Twice(memory, at.size, static_cast<off_t>(at.data)), at.size);
}

std::string AttachedQueue::Description() const { return {header()->json, std::min(header()->description, kMaxDescription)}; }

ClusterState AttachedQueue::State() const { return static_cast<ClusterState>(__atomic_load_n(&header()->state, __ATOMIC_ACQUIRE)); }

std::string AttachedQueue::Reason() const { return {header()->reason, strnlen(header()->reason, sizeof header()->reason)}; }

bool AttachedQueue::ProducerLives() {
  if (locks_) return Locked(files_.memory.get(), 0) == 1;
  uint32_t beat = __atomic_load_n(&header()->beat, __ATOMIC_RELAXED);
  int64_t now = Nanoseconds(CLOCK_MONOTONIC);
  if (beat != beat_) {
    beat_ = beat;
    beat_seen_ = now;
  }
  return now - beat_seen_ < kSilenceNs;
}

}  // namespace sysring
