#include "libbpf_load.h"

#include <bpf/libbpf.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

namespace sysring {

namespace {

// libbpf explains failures only in its log: the last lines are kept for the error message. It has one log function for the
// process, so the text is per thread.
thread_local std::string libbpf_log;

int KeepLog(libbpf_print_level level, const char* format, va_list args) {
  if (level > LIBBPF_WARN) return 0;
  char line[512];
  int n = vsnprintf(line, sizeof line, format, args);
  if (libbpf_log.size() < 4096) libbpf_log += line;
  return n;
}

// Is this capability in force? (CapEff of /proc/self/status)
bool HasCapability(int bit) {
  FILE* file = fopen("/proc/self/status", "re");
  if (file == nullptr) return false;
  char line[256];
  unsigned long long effective = 0;
  while (fgets(line, sizeof line, file) != nullptr) {
    if (sscanf(line, "CapEff: %llx", &effective) == 1) break;
  }
  fclose(file);
  return (effective >> bit) & 1;
}

bool MayLoad() {
  constexpr int kSysAdmin = 21, kPerfmon = 38, kBpf = 39;  // include/uapi/linux/capability.h
  return HasCapability(kSysAdmin) || (HasCapability(kBpf) && HasCapability(kPerfmon));
}

bool HasBtf() { return access("/sys/kernel/btf/vmlinux", R_OK) == 0; }

}  // namespace

void PrepareLibbpf() {
  libbpf_log.clear();
  libbpf_set_print(KeepLog);
  // Kernels before 5.11 count BPF memory against this limit. Where it cannot be raised it usually does not matter.
  rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

uint32_t PageKiB() { return static_cast<uint32_t>(sysconf(_SC_PAGESIZE) / 1024); }

Failure LoadFailure(int error) {
  std::string reason = strerror(error);
  if (!HasBtf()) {
    return {"ERR_CAPTURE_NO_PROBE", "the kernel has no BTF (/sys/kernel/btf/vmlinux), which the eBPF probe needs to know its structures",
            "use a kernel with CONFIG_DEBUG_INFO_BTF=y (Debian and Ubuntu have it since 5.8), or the kernel module: sysring doctor"};
  }
  if ((error == EPERM || error == EACCES) && !MayLoad()) {
    return {"ERR_CAPTURE_PERM", "the kernel refused to load the eBPF probe: " + reason,
            "run as root, or with CAP_BPF and CAP_PERFMON: sudo sysring doctor"};
  }
  if (error == ENOMEM) {
    return {"ERR_CAPTURE_NO_PROBE", "no memory for the rings", "use smaller rings: { ringBytes: 1 << 20 }"};
  }
  return {"ERR_CAPTURE_NO_PROBE", "the kernel did not take the eBPF probe: " + reason + (libbpf_log.empty() ? "" : "; " + libbpf_log),
          "sysring doctor"};
}

}  // namespace sysring
