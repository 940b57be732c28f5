// One clock: records are stamped in boot time by the kernel and shown in wall time.
#pragma once

#include <ctime>

#include <cstdint>

namespace sysring {

inline int64_t Nanoseconds(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return int64_t{t.tv_sec} * 1000000000 + t.tv_nsec;
}

// CLOCK_REALTIME minus CLOCK_BOOTTIME. The wall clock is read between two reads of the other one, and the narrowest of
// several sandwiches is taken: about 35 ns wide on an idle machine.
inline int64_t MeasureBootToReal() {
  int64_t best = 0, width = INT64_MAX;
  for (int i = 0; i < 8; i++) {
    int64_t before = Nanoseconds(CLOCK_BOOTTIME);
    int64_t real = Nanoseconds(CLOCK_REALTIME);
    int64_t after = Nanoseconds(CLOCK_BOOTTIME);
    if (after - before < width) {
      width = after - before;
      best = real - before - width / 2;
    }
  }
  return best;
}

}  // namespace sysring
