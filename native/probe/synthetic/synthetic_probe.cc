#include "synthetic_probe.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sysring {

SyntheticProbe::SyntheticProbe(int cpus, uint32_t ring_bytes) : ring_bytes_(ring_bytes) {
  off_t stride = static_cast<off_t>(ring_bytes) + RING_INFO_STRIDE;
  int fd = memfd_create("sysring-synthetic", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, cpus * stride) != 0) {
    if (fd >= 0) close(fd);
    throw Failure{"ERR_CAPTURE_NO_PROBE", std::string("no memory for synthetic rings: ") + strerror(errno), "use smaller rings"};
  }
  try {
    for (int cpu = 0; cpu < cpus; cpu++) {
      off_t at = cpu * stride;
      data_.push_back(Mapping::Once(fd, ring_bytes, at + RING_INFO_STRIDE, true));
      infos_.push_back(Mapping::Once(fd, RING_INFO_STRIDE, at, true));
      rings_.emplace_back(cpu, Mapping::Twice(fd, ring_bytes, at + RING_INFO_STRIDE), ring_bytes, infos_.back());
    }
  } catch (...) {
    close(fd);
    throw;
  }
  close(fd);
}

bool SyntheticProbe::Produce(int ring, const uint8_t* record, uint32_t len) {
  auto* info = reinterpret_cast<ring_info*>(infos_[ring]->data());
  uint8_t* data = data_[ring]->data();
  uint32_t tail = __atomic_load_n(&info->tail, __ATOMIC_ACQUIRE);
  uint32_t used = (info->head - tail) & (ring_bytes_ - 1);

  info->n_evts++;
  if (ring_bytes_ - used <= RING_RESERVE) {
    info->n_drops_buffer++;
    return false;
  }
  uint32_t first = std::min(len, ring_bytes_ - info->head);
  memcpy(data + info->head, record, first);
  memcpy(data, record + first, len - first);
  __atomic_store_n(&info->head, (info->head + len) & (ring_bytes_ - 1), __ATOMIC_RELEASE);
  return true;
}

}  // namespace sysring
