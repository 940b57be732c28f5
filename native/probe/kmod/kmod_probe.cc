#include "kmod_probe.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../clock.h"
#include "../cpus.h"

namespace sysring {

KmodProbe::KmodProbe(std::shared_ptr<KmodDevices> devices, KmodPlan plan) : devices_(std::move(devices)), plan_(std::move(plan)) {
  MapRings();
  // Opening any node sets the whole consumer back to the defaults, so all are open by now.
  try {
    for (const auto& request : plan_.settings) Request(request);
  } catch (...) {
    Stop();
    throw;
  }
}

void KmodProbe::MapRings() {
  std::vector<uint32_t> sizes = plan_.ring_bytes;
  for (const auto& [cpu, fd] : devices_->all()) {
    auto fail = [cpu = cpu](const char* what, int error, const char* hint) {
      return Failure{"ERR_CAPTURE_NO_DEVICE", std::string("cannot map the ") + what + " of CPU " + std::to_string(cpu) + " of the kernel module: " + strerror(error), hint};
    };
    // A ring's length twice gives the ring, mapped twice; a page gives the counters; the rest is refused (EIO).
    std::shared_ptr<Mapping> data;
    for (uint32_t size : sizes) {
      data = Mapping::TryOnce(fd, 2 * size_t{size}, 0, false);
      if (data != nullptr || errno != EIO) break;
    }
    if (data == nullptr) throw fail("ring", errno, "is another program changing the size of the module's rings? open it again");
    auto counters = Mapping::TryOnce(fd, RING_INFO_STRIDE, 0, true);
    if (counters == nullptr) throw fail("counters", errno, "sysring doctor");

    uint32_t size = static_cast<uint32_t>(data->size() / 2);
    sizes = {size};
    data->Keep(devices_);
    counters->Keep(devices_);
    rings_.emplace_back(cpu, std::move(data), size, std::move(counters), plan_.counters, plan_.trust);
  }
}

void KmodProbe::Request(const KmodPlan::Request& request) {
  for (const auto& device : devices_->all()) {
    int result = KmodDevices::Control(device, request.number, request.arg);
    if (result < 0) {
      throw Failure{result == -EINVAL || result == -EPERM ? "ERR_CAPTURE_OPTION" : "ERR_CAPTURE_NO_DEVICE",
                    "the kernel module refused " + request.name + "(" + std::to_string(request.arg) + "): " + strerror(-result),
                    "use the eBPF probe: sysdig:bpf"};
    }
    if (!request.each) return;
  }
}

void KmodProbe::Start() {
  stopped_ = false;
  for (const auto& request : plan_.start) Request(request);
}

void KmodProbe::Stop() {
  if (stopped_) return;
  stopped_ = true;
  for (const auto& request : plan_.stop) {
    for (const auto& device : devices_->all()) {
      KmodDevices::Control(device, request.number, request.arg);
      if (!request.each) break;
    }
  }
  // What another CPU is writing at this moment is complete, and counted, within microseconds.
  usleep(1000);
}

// The rings are made when the first node is opened, for the CPUs that are online then. The module says that a CPU has come only
// on that CPU, where there is no ring to say it in.
int KmodProbe::Tick() {
  for (int cpu : CpuList("online")) {
    if (std::none_of(rings_.begin(), rings_.end(), [cpu](const Ring& ring) { return ring.cpu() == cpu; })) return cpu;
  }
  return -1;
}

// ktime_get_real_ns() of the driver.
int64_t KmodProbe::Now() const { return Nanoseconds(CLOCK_REALTIME); }

std::vector<std::pair<std::string, uint64_t>> KmodProbe::BufferDrops() const {
  std::vector<std::pair<std::string, uint64_t>> drops;
  for (const auto& [name, offset] : plan_.buffer_drops) {
    uint64_t sum = 0;
    for (const Ring& ring : rings_) sum += ring.ReadCounter(offset);
    drops.emplace_back(name, sum);
  }
  return drops;
}

}  // namespace sysring
