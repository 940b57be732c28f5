#include "processes.h"

#include <sys/mman.h>

#include "flow_hash.h"

namespace sysring {

namespace {

// AF_INET and AF_INET6 as the driver writes them, which is as Linux does.
constexpr uint8_t kInet = 2, kInet6 = 10;

// The hash of a parameter of type socktuple: family, address, port, address, port. 0: none, or one without ports.
uint32_t TupleHash(std::string_view tuple) {
  if (tuple.empty()) return 0;
  const auto* bytes = reinterpret_cast<const uint8_t*>(tuple.data());
  const bool v6 = bytes[0] == kInet6;
  const size_t address = v6 ? 16 : 4;
  if ((!v6 && bytes[0] != kInet) || tuple.size() < 1 + 2 * (address + 2)) return 0;
  auto port = [&](size_t at) {
    uint16_t value;
    memcpy(&value, bytes + at, sizeof value);
    return value;
  };
  const uint16_t from = port(1 + address), to = port(1 + 2 * address + 2);
  if (from == 0 || to == 0) return 0;
  return FlowHash(EndHash(bytes + 1, v6, from), EndHash(bytes + 1 + address + 2, v6, to));
}

}  // namespace

Processes::Processes() {
  // Pages that are never touched are never there.
  const size_t bytes = kMaxTid * (sizeof(uint32_t) + sizeof(int32_t));
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) throw Failure{"ERR_CAPTURE_IO", "cannot make the balancer's table of threads", "is memory limited? see: ulimit -v"};
  memory_ = std::shared_ptr<void>(at, [bytes](void* memory) { munmap(memory, bytes); });
  pids_ = static_cast<uint32_t*>(at);
  fds_ = reinterpret_cast<int32_t*>(pids_ + kMaxTid);
}

int64_t Processes::FdOf(const RecordView& record, const EventTraits& traits) const {
  if (auto fd = record.Integer(traits.fd)) return *fd;
  const uint64_t tid = record.tid();
  return tid < kMaxTid ? int64_t{fds_[tid]} - 1 : -1;
}

uint32_t Processes::FlowOf(const RecordView& record, const EventTraits& traits) const {
  if (auto tuple = record.Param(traits.tuple)) {
    if (uint32_t hash = TupleHash(*tuple)) return hash;
  }
  return FlowOf(PidOf(record.tid()), FdOf(record, traits));
}

uint32_t Processes::FlowOf(uint32_t pid, int64_t fd) const {
  auto sockets = sockets_.find(pid);
  if (sockets == sockets_.end()) return 0;
  auto socket = sockets->second.find(static_cast<int32_t>(fd));
  return socket == sockets->second.end() ? 0 : socket->second;
}

void Processes::Follow(const RecordView& record, const EventTraits& traits, bool flows) {
  const uint64_t tid = record.tid();
  if (tid >= kMaxTid) return;
  const bool enters = record.type() % 2 == 0;
  // Not every record in between belongs to the call: a thread is switched away from, or gets a signal.
  if (auto fd = record.Integer(traits.fd); fd && enters) fds_[tid] = *fd >= 0 && *fd < INT32_MAX ? static_cast<int32_t>(*fd) + 1 : 0;
  if (traits.traits & kMakesThread && record.Integer(traits.res) == 0) {
    if (auto pid = record.Integer(traits.pid)) {
      pids_[tid] = static_cast<uint32_t>(*pid);
      // A new process has its parent's fds.
      if (auto parent = record.Integer(traits.ptid); flows && parent && *pid == static_cast<int64_t>(tid)) {
        EraseFlows(pids_[tid]);
        auto sockets = sockets_.find(PidOf(static_cast<uint64_t>(*parent)));
        if (sockets != sockets_.end()) {
          const Sockets copy = sockets->second;
          for (const auto& [fd, hash] : copy) SetFlow(pids_[tid], fd, hash);
        }
      }
    }
  }
  if (flows) FollowSockets(record, traits);
  if (traits.traits & kEndsThread) {
    EraseFlows(static_cast<uint32_t>(tid));
    pids_[tid] = 0;
  }
  if (!enters || traits.traits & kEndsThread) fds_[tid] = 0;
}

void Processes::FollowSockets(const RecordView& record, const EventTraits& traits) {
  const uint32_t pid = PidOf(record.tid());
  const int64_t fd = FdOf(record, traits);
  if (auto tuple = record.Param(traits.tuple)) {
    if (uint32_t hash = TupleHash(*tuple); hash != 0 && fd >= 0) SetFlow(pid, static_cast<int32_t>(fd), hash);
  }
  if (!(traits.traits & (kCloses | kDuplicates)) || record.type() % 2 == 0) return;
  const auto res = record.Integer(traits.res);
  if (!res || *res < 0) return;
  const int64_t made = traits.traits & kDuplicates ? *res : fd;
  const uint32_t hash = traits.traits & kDuplicates ? FlowOf(pid, fd) : 0;
  // Also an fd that was a socket before dup2 made it something else.
  if (hash != 0) SetFlow(pid, static_cast<int32_t>(made), hash);
  else EraseFlow(pid, made);
}

void Processes::SetPid(uint32_t tid, uint32_t pid) {
  if (tid < kMaxTid) pids_[tid] = pid;
}

void Processes::SetFlow(uint32_t pid, int32_t fd, uint32_t hash) {
  if (flows_ >= kMaxFlows) {
    forgotten_++;
    return;
  }
  if (sockets_[pid].insert_or_assign(fd, hash).second) flows_++;
}

void Processes::EraseFlow(uint32_t pid, int64_t fd) {
  auto sockets = sockets_.find(pid);
  if (sockets == sockets_.end()) return;
  flows_ -= sockets->second.erase(static_cast<int32_t>(fd));
  if (sockets->second.empty()) sockets_.erase(sockets);
}

void Processes::EraseFlows(uint32_t pid) {
  auto sockets = sockets_.find(pid);
  if (sockets == sockets_.end()) return;
  flows_ -= sockets->second.size();
  sockets_.erase(sockets);
}

}  // namespace sysring
