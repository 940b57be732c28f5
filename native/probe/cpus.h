// The kernel's lists of CPUs, from /sys/devices/system/cpu.
#pragma once

#include <vector>

namespace sysring {

// The numbers in the list `which`, in order: "online" now, or "possible" ever; below MAX_CPUS. Empty where sysfs does not say.
std::vector<int> CpuList(const char* which);

}  // namespace sysring
