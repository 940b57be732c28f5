// The nodes of the kernel module, /dev/scapN, /dev/sysdigN or /dev/falcoN: found, opened, and asked what they are.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../../ring/ring.h"

namespace sysring {

// One consumer of the module.
//
// To the module a consumer is the thread that opens the nodes: each CPU's node once, a limited number of consumers, and the
// thread's task_struct is its identity for as long as a node is open. So every capture has a thread of its own that opens all
// nodes and then sleeps until they are closed: two captures in one process are two consumers, and no later thread can be
// taken for a former one. Everything but open() may be done from any thread.
class KmodDevices {
 public:
  struct Device {
    int cpu;
    int fd;
  };

  // Opens the node of every CPU that is online. Throws Failure.
  KmodDevices();
  // Closes the nodes. The module keeps the rings as long as they are mapped.
  ~KmodDevices();
  KmodDevices(const KmodDevices&) = delete;
  KmodDevices& operator=(const KmodDevices&) = delete;

  // "scap", "sysdig" or "falco".
  const std::string& name() const { return name_; }
  const std::vector<Device>& all() const { return devices_; }

  // ioctl on one node, which stands for the consumer: what it returns, or −errno.
  int Control(uint32_t request, uint64_t arg) const { return Control(devices_.front(), request, arg); }
  static int Control(const Device& device, uint32_t request, uint64_t arg);

  // Text of GET_DRIVER_VERSION; empty where the driver has no such request.
  std::string DriverVersion() const;
  // A version as the driver packs it: major << 44 | minor << 24 | patch; 0 where the driver has no such request.
  uint64_t PackedVersion(uint32_t request) const;
  // How many event codes the driver has; 0 where it cannot mask by event. All are in the mask after an open, and this leaves
  // it so.
  uint32_t CountEvents() const;

 private:
  // What the thread does.
  void Own();
  void OpenAll();
  void CloseAll();

  std::string name_;
  std::vector<Device> devices_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool opened_ = false, closing_ = false, failed_ = false;
  Failure failure_;
  std::thread owner_;
};

}  // namespace sysring
