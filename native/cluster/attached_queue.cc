#include "attached_queue.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../probe/clock.h"

namespace sysring {

namespace {
// A producer that has not counted up for so long is gone. Where locks tell, they are asked instead.
constexpr int64_t kSilenceNs = 3'000'000'000;
}  // namespace

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
  const bool own_file = static_cast<bool>(files_.consumer);
  if (own_file && !(KeepsItsSize(memory) && KeepsItsSize(files_.consumer.get()))) throw refuse("it could become shorter");
  header_ = Mapping::Once(memory, sizeof(cluster_header), 0, false);
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
  bool sound = IsQueueSize(at.size) && lies(at.producer, page) && lies(at.data, at.size) &&
               (own_file ? at.consumer == 0 : lies(at.consumer, page));
  if (!sound) throw refuse("the layout of queue " + std::to_string(queue) + " makes no sense");

  int consumer = own_file ? files_.consumer.get() : memory;
  if (!Lock(consumer, at.consumer)) {
    if (errno == EAGAIN || errno == EACCES) throw Failure{"ERR_CAPTURE_BUSY", "queue " + std::to_string(queue) + " has a consumer already", "take another queue"};
    locks_ = false;
  }
  // A regular file without the producer's lock has no producer here; it may be on the other side of a virtual machine.
  if (!S_ISREG(found.st_mode) || Locked(memory, 0) != 1) locks_ = false;
  started_ = header()->started;
  beat_ = __atomic_load_n(&header()->beat, __ATOMIC_RELAXED);
  beat_seen_ = Nanoseconds(CLOCK_MONOTONIC);
  auto producer_page = Mapping::Once(memory, page, static_cast<off_t>(at.producer), false);
  auto consumer_page = Mapping::Once(consumer, page, static_cast<off_t>(at.consumer), true);
  auto data = Mapping::Twice(memory, at.size, static_cast<off_t>(at.data));
  data->Populate(at.size, false);
  reader_ = std::make_unique<QueueReader>(producer_page, consumer_page, std::move(data), at.size);
  // All of that was read from one cluster, if it still is the same.
  if (!IsSame()) throw refuse("it is just being made anew");
}

std::string AttachedQueue::Description() const { return {header()->json, std::min(header()->description, kMaxDescription)}; }

bool AttachedQueue::IsSame() const {
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  return __atomic_load_n(&header()->magic, __ATOMIC_RELAXED) == kClusterMagic && __atomic_load_n(&header()->started, __ATOMIC_RELAXED) == started_;
}

uint32_t AttachedQueue::Head() const {
  const uint32_t head = reader_->Head();
  return IsSame() ? head : reader_->tail();
}

bool AttachedQueue::Release(uint32_t tail) { return !IsSame() || reader_->Release(tail); }

// What another producer says is not about our records: ours is gone, as ProducerLives() tells.
ClusterState AttachedQueue::State() const {
  const auto state = static_cast<ClusterState>(__atomic_load_n(&header()->state, __ATOMIC_ACQUIRE));
  return IsSame() ? state : ClusterState::kRunning;
}

std::string AttachedQueue::Reason() const { return {header()->reason, strnlen(header()->reason, sizeof header()->reason)}; }

bool AttachedQueue::ProducerLives() {
  if (!IsSame() || !reader_->IsSound()) return false;
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
