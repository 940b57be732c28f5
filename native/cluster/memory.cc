#include "memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "../probe/clock.h"

namespace sysring {

namespace {

// Who maps it would be killed by a file that gets shorter.
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW;

uint64_t RoundUp(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

}  // namespace

ClusterMemory::ClusterMemory(const ClusterOptions& options) {
  const uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint32_t queues = static_cast<uint32_t>(options.queue_bytes.size());
  const bool named = !options.path.empty();
  if (queues == 0 || queues > kMaxQueues) throw Failure{"ERR_CAPTURE_OPTION", "a cluster cannot have " + std::to_string(queues) + " queues", "1 to " + std::to_string(kMaxQueues)};
  if (options.description.size() > kMaxDescription) throw Failure{"ERR_CAPTURE_OPTION", "the description of the cluster's interfaces is too long", "balance fewer captures at once"};
  std::vector<queue_layout> layout(queues);
  uint64_t end = RoundUp(sizeof(cluster_header), page);
  for (auto& queue : layout) queue.producer = std::exchange(end, end + page);
  if (named) {
    for (auto& queue : layout) queue.consumer = std::exchange(end, end + page);
  }
  for (uint32_t q = 0; q < queues; q++) {
    if (!IsQueueSize(options.queue_bytes[q])) throw Failure{"ERR_CAPTURE_OPTION", "a queue cannot have " + std::to_string(options.queue_bytes[q]) + " bytes", "a power of two from 1 << 17 to 1 << 30"};
    layout[q].size = options.queue_bytes[q];
    layout[q].data = std::exchange(end, end + RoundUp(layout[q].size, page));
  }
  if (named) OpenNamed(options, end);
  else MakeAnonymous(queues, page, end);

  header_ = Mapping::Once(memory_.get(), sizeof(cluster_header), 0, true);
  cluster_header* made = header();
  // Whoever still looks at an older cluster here sees it go before anything else changes.
  __atomic_store_n(&made->magic, 0, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  memset(header_->data() + sizeof made->magic, 0, sizeof *made - sizeof made->magic);
  made->version = kClusterVersion;
  made->page = static_cast<uint32_t>(page);
  made->size = end;
  made->queues = queues;
  made->description = static_cast<uint32_t>(options.description.size());
  made->started = static_cast<uint64_t>(Nanoseconds(CLOCK_REALTIME));
  made->made_file = name_ ? 1 : 0;
  memcpy(made->json, options.description.data(), options.description.size());
  memcpy(made->layout, layout.data(), queues * sizeof(queue_layout));
  for (uint32_t q = 0; q < queues; q++) {
    producer_pages_.push_back(Mapping::Once(memory_.get(), page, static_cast<off_t>(layout[q].producer), true));
    consumer_pages_.push_back(named ? Mapping::Once(memory_.get(), page, static_cast<off_t>(layout[q].consumer), true)
                                    : Mapping::Once(consumers_[q].get(), page, 0, true));
    memset(producer_pages_[q]->data(), 0, page);
    memset(consumer_pages_[q]->data(), 0, page);
    auto data = Mapping::Twice(memory_.get(), layout[q].size, static_cast<off_t>(layout[q].data), true);
    data->Populate(layout[q].size, true);
    writers_.emplace_back(producer_pages_[q], consumer_pages_[q], data, layout[q].size);
  }
  // From here on nobody gets a new writable mapping of what only the producer writes.
  if (!named) Seal(memory_.get(), kSeals | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
  made->state = static_cast<uint32_t>(ClusterState::kRunning);
  __atomic_store_n(&made->magic, kClusterMagic, __ATOMIC_RELEASE);
}

void ClusterMemory::OpenNamed(const ClusterOptions& options, uint64_t size) {
  const std::string& path = options.path;
  auto make = [&] {
    memory_ = Fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (memory_) name_.Own(path, memory_.get());
  };
  make();
  // One that is there may be a virtual machine's: it has mapped it, so it is used and not replaced.
  if (!memory_ && errno == EEXIST) memory_ = Fd(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!memory_) throw Failure{"ERR_CAPTURE_IO", Because("cannot open " + path), "a file in /dev/shm is memory: /dev/shm/sysring-7"};
  Claim(memory_.get(), path);
  if (!name_ && IsLeftBehind(memory_.get()) && IsNameOf(path, memory_.get())) {
    // Nobody else removes it meanwhile, for that takes the lock on it.
    unlink(path.c_str());
    make();
    if (!memory_) throw Failure{"ERR_CAPTURE_BUSY", path + " was just taken by another producer", "take another name"};
    Claim(memory_.get(), path);
  }

  if (!name_) {
    struct stat found;
    fstat(memory_.get(), &found);
    if (!S_ISREG(found.st_mode) || static_cast<uint64_t>(found.st_size) < size) {
      throw Failure{"ERR_CAPTURE_IO", path + " holds " + std::to_string(found.st_size) + " bytes, and the cluster needs " + std::to_string(size),
                    "take smaller queues, or a file of " + std::to_string(std::bit_ceil(size) >> 20) + " MiB"};
    }
    if (found.st_uid != geteuid() && found.st_uid != 0) {
      throw Failure{"ERR_CAPTURE_PERM", path + " belongs to user " + std::to_string(found.st_uid) + ", who could read and truncate the cluster's memory", "make it yours: chown"};
    }
  } else {
    if (ftruncate(memory_.get(), static_cast<off_t>(size)) != 0) throw Failure{"ERR_CAPTURE_IO", Because("cannot size " + path), "is there room? df " + path};
    if (fchown(memory_.get(), static_cast<uid_t>(options.owner), static_cast<gid_t>(options.group)) != 0 || fchmod(memory_.get(), options.mode) != 0) {
      throw Failure{"ERR_CAPTURE_PERM", Because("cannot give " + path + " to its owner and group"), "take a group that you are in"};
    }
  }
  // A virtual machine's PCI memory is all there.
  const bool is_device = !name_ && fallocate(memory_.get(), 0, 0, static_cast<off_t>(size)) != 0 && errno == EOPNOTSUPP;
  if (!is_device) Allocate(memory_.get(), size);
}

void ClusterMemory::MakeAnonymous(size_t queues, uint64_t page, uint64_t size) {
  memory_ = Anonymous("sysring-cluster", size);
  Allocate(memory_.get(), size);
  Claim(memory_.get(), "the cluster's memory");
  for (size_t q = 0; q < queues; q++) {
    consumers_.push_back(Anonymous("sysring-queue", page));
    Allocate(consumers_[q].get(), page);
    // A consumer that made it shorter would kill us, and one that sealed it would be the queue's last.
    Seal(consumers_[q].get(), kSeals | F_SEAL_SEAL);
  }
}

QueueCounters ClusterMemory::Counters(size_t queue) const {
  return QueueReader::ReadCounters(*reinterpret_cast<const queue_producer*>(producer_pages_[queue]->data()),
                                   *reinterpret_cast<const queue_consumer*>(consumer_pages_[queue]->data()), header()->layout[queue].size);
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
  for (auto& writer : writers_) writer.Wake();
}

}  // namespace sysring
