// The sysdig kernel module's own rings, one per CPU, mapped as the module offers them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../probe.h"
#include "devices.h"

namespace sysring {

// What to do with a driver of that version; decided in lib/probe/kmod, carried out here.
struct KmodPlan {
  // An ioctl of the driver. `name` is for the error.
  struct Request {
    std::string name;
    uint32_t number;
    uint64_t arg;
    bool each;  // on every CPU's node; otherwise once, for the whole consumer
  };
  // Possible sizes of a ring in bytes, powers of two, the likeliest first: the module takes none but the right one.
  std::vector<uint32_t> ring_bytes;
  CounterLayout counters;
  Trust trust = Trust::kParameters;
  // Where the drops for want of room are split by kind of call: name, offset in the page of counters.
  std::vector<std::pair<std::string, uint32_t>> buffer_drops;
  std::vector<Request> settings, start, stop;
};

class KmodProbe : public Probe {
 public:
  // Maps the rings and makes the settings; nothing is recorded yet. Throws Failure.
  KmodProbe(std::shared_ptr<KmodDevices> devices, KmodPlan plan);
  // Takes back what was asked of the module.
  ~KmodProbe() override { Stop(); }

  void Start() override;
  void Stop() override;
  int Tick() override;
  int64_t Now() const override;
  std::vector<std::pair<std::string, uint64_t>> BufferDrops() const override;

 private:
  void MapRings();
  void Request(const KmodPlan::Request& request);

  // The mappings keep it, too: the module knows them by its thread.
  std::shared_ptr<KmodDevices> devices_;
  KmodPlan plan_;
  bool stopped_ = false;
};

}  // namespace sysring
