// A number for a connection, the same in both directions and for its packets and its system calls.
//
// The algorithm is that of lib/flow/hash.ts, which describes it, with protocol 0: the driver's records do not have it.
// native/tests has the vectors of test/unit/flow/hash.test.ts.
#pragma once

#include <cstdint>

namespace sysring {

// lowbias32 of Chris Wellons' hash-prospector: any of its bits may choose a queue.
constexpr uint32_t Mix(uint32_t h) {
  h = (h ^ (h >> 16)) * 0x7feb352du;
  h = (h ^ (h >> 15)) * 0x846ca68bu;
  return h ^ (h >> 16);
}

// One end: `ip` points to 4 or 16 bytes in network order, the port is a number, 0 where there is none. An IPv4 address counts as its
// mapped form, ::ffff:a.b.c.d.
inline uint32_t EndHash(const uint8_t* ip, bool v6, uint16_t port) {
  auto word = [&](uint32_t at) { return uint32_t{ip[at]} << 24 | uint32_t{ip[at + 1]} << 16 | uint32_t{ip[at + 2]} << 8 | ip[at + 3]; };
  const uint32_t words[4] = {v6 ? word(0) : 0, v6 ? word(4) : 0, v6 ? word(8) : 0xffff, v6 ? word(12) : word(0)};
  uint32_t h = port;
  for (uint32_t w : words) {
    h = (h ^ w) * 0x9e3779b1u;
    h ^= h >> 15;
  }
  return h;
}

constexpr uint32_t FlowHash(uint32_t end, uint32_t other_end) { return Mix(end + other_end); }

}  // namespace sysring
