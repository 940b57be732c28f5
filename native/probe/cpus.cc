#include "cpus.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "../abi.h"

namespace sysring {

namespace {

std::string ReadFile(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text(8 * MAX_CPUS, 0);  // sysfs gives a file of this kind in one read
  ssize_t size = read(fd, text.data(), text.size());
  close(fd);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

}  // namespace

// "0-3,6\n"
std::vector<int> CpuList(const char* which) {
  std::string list = ReadFile(std::string("/sys/devices/system/cpu/") + which);
  std::vector<int> cpus;
  for (const char* at = list.c_str(); *at >= '0' && *at <= '9';) {
    char* end;
    unsigned long first = strtoul(at, &end, 10), last = first;
    if (*end == '-') last = strtoul(end + 1, &end, 10);
    for (unsigned long cpu = first; cpu <= last && cpu < MAX_CPUS; cpu++) cpus.push_back(static_cast<int>(cpu));
    at = *end == ',' ? end + 1 : end;
  }
  return cpus;
}

}  // namespace sysring
