#include "devices.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <system_error>

#include "../cpus.h"
#include "abi.h"

namespace sysring {

namespace {

constexpr const char* kNames[] = {"scap", "sysdig", "falco"};

bool IsOnline(int cpu) {
  auto online = CpuList("online");
  return std::find(online.begin(), online.end(), cpu) != online.end();
}

// The module makes a node for each CPU that can ever be there. Without sysfs, as in some chroots, any number is possible.
int PossibleCpus() {
  auto possible = CpuList("possible");
  return possible.empty() ? MAX_CPUS : possible.back() + 1;
}

std::string NodePath(const char* name, int cpu) { return "/dev/" + std::string(name) + std::to_string(cpu); }

bool AnyNode() {
  int cpus = PossibleCpus();
  for (const char* name : kNames) {
    for (int cpu = 0; cpu < cpus; cpu++) {
      if (access(NodePath(name, cpu).c_str(), F_OK) == 0) return true;
    }
  }
  return false;
}

Failure NotLoaded(const std::string& message) {
  return {"ERR_CAPTURE_NO_PROBE", message, "load it (Debian: apt-get install falcosecurity-scap-dkms && modprobe scap), or use the eBPF probe: sysdig:bpf"};
}

Failure OpenFailure(const std::string& path, int error) {
  std::string message = "cannot open " + path + ": " + strerror(error);
  switch (error) {
    case EACCES:
    case EPERM:
      return {"ERR_CAPTURE_PERM", message, "run as root: the nodes of the kernel module are root's alone"};
    case EBUSY:
      return {"ERR_CAPTURE_BUSY", message + " (the kernel module has as many consumers as it takes)",
              "end one of them (sysdig, falco, sysring), use sysdig:bpf, or, of modules since 2015, load it with max_consumers=10"};
    case ENOMEM:
      return {"ERR_CAPTURE_NO_DEVICE", message + " (no memory for the module's rings)", "free memory, or use smaller rings: sysdig:bpf with { ringBytes: 1 << 20 }"};
    default:
      return {"ERR_CAPTURE_NO_DEVICE", message, "sysring doctor"};
  }
}

}  // namespace

KmodDevices::KmodDevices() {
  // Most machines have no module: no thread for that.
  if (!AnyNode()) throw NotLoaded("the kernel module is not loaded: there is no /dev/scap0, /dev/sysdig0 or /dev/falco0");
  // The thread inherits the mask: signals are for others.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    owner_ = std::thread(&KmodDevices::Own, this);
  } catch (const std::system_error& error) {
    failure_ = {"ERR_CAPTURE_NO_DEVICE", std::string("cannot start the thread that opens the kernel module's nodes: ") + error.what(), "raise the limit of processes: ulimit -u"};
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!owner_.joinable()) throw failure_;

  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return opened_; });
  lock.unlock();
  if (!failed_) return;
  CloseAll();
  throw failure_;
}

KmodDevices::~KmodDevices() { CloseAll(); }

void KmodDevices::Own() {
  pthread_setname_np(pthread_self(), "sysring-kmod");
  try {
    OpenAll();
  } catch (const Failure& failure) {
    failure_ = failure;
    failed_ = true;
  } catch (const std::exception& error) {
    failure_ = {"ERR_CAPTURE_NO_DEVICE", std::string("cannot open the kernel module's nodes: ") + error.what(), "sysring doctor"};
    failed_ = true;
  }
  std::unique_lock lock(mutex_);
  opened_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return closing_; });
}

void KmodDevices::CloseAll() {
  for (const Device& device : devices_) close(device.fd);
  devices_.clear();
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  owner_.join();
}

void KmodDevices::OpenAll() {
  int cpus = PossibleCpus();
  std::string stale;  // a node that has outlived its module
  for (const char* name : kNames) {
    // Nodes of CPUs that are online and could not be opened: a capture without them would miss what happens there.
    std::string missing, late;
    for (int cpu = 0; cpu < cpus; cpu++) {
      std::string path = NodePath(name, cpu);
      int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
      if (fd >= 0) {
        devices_.push_back({cpu, fd});
      } else if (errno == ENOENT || errno == ENXIO) {
        if (errno == ENXIO && stale.empty()) stale = path;
        if (missing.empty() && IsOnline(cpu)) missing = path;
      } else if (errno == ENODEV) {
        // The ring is made when the consumer is: a CPU that has come online since has none.
        if (late.empty() && IsOnline(cpu)) late = path;
      } else {
        throw OpenFailure(path, errno);
      }
    }
    if (devices_.empty()) continue;
    name_ = name;
    if (!missing.empty()) {
      throw Failure{"ERR_CAPTURE_NO_DEVICE", missing + " is missing or dead, though its CPU is online and the nodes of other CPUs are there",
                    "in a container, pass all of /dev/" + name_ + "* in"};
    }
    if (!late.empty()) throw Failure{"ERR_CAPTURE_NO_DEVICE", "the CPU of " + late + " came online just now", "open it again"};
    return;
  }
  throw NotLoaded("the kernel module is not loaded: nothing is behind " + (stale.empty() ? "its nodes" : stale));
}

int KmodDevices::Control(const Device& device, uint32_t request, uint64_t arg) {
  int result;
  do result = ioctl(device.fd, KmodRequest(request), arg);
  while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

std::string KmodDevices::DriverVersion() const {
  // The driver copies the whole text whatever we have room for; the longest known has 40 characters.
  char text[4096] = {};
  if (Control(kGetDriverVersion, reinterpret_cast<uint64_t>(text)) < 0) return {};
  text[sizeof text - 1] = 0;
  return text;
}

uint64_t KmodDevices::PackedVersion(uint32_t request) const {
  uint64_t version = 0;
  return Control(request, reinterpret_cast<uint64_t>(&version)) < 0 ? 0 : version;
}

uint32_t KmodDevices::CountEvents() const {
  // By pairs, and only their exit events are tried: up to 0.22 a driver took the first code behind its table, too, and wrote
  // behind its mask. That code is even.
  uint32_t known = 0, unknown = 2048;
  if (Control(kMaskSetEvent, 1) < 0) return 0;
  while (known + 1 < unknown) {
    uint32_t middle = (known + unknown) / 2;
    (Control(kMaskSetEvent, 2 * middle + 1) < 0 ? unknown : known) = middle;
  }
  return 2 * (known + 1);
}

}  // namespace sysring
