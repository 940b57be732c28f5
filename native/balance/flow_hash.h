// A number for a connection, the same in both directions and for its packets and its system calls. lib/flow has the same in
// TypeScript, and test/unit the vectors for both.
//
// Each end becomes a word: an IPv4 address as 32 bits (its first byte lowest), an IPv6 address as the exclusive or of its four
// words, where an IPv4 address in IPv6 clothes (::ffff:a.b.c.d) counts as what it is. That word and the port times
// 0x9e3779b1 are mixed. The sum of both ends, which does not tell them apart, is mixed again. The protocol is left out: the
// driver's records do not have it.
#pragma once

#include <cstdint>
#include <cstring>

namespace sysring {

// The finalizer of MurmurHash3: every bit of the input changes half of the output's.
constexpr uint32_t Mix(uint32_t h) {
  h = (h ^ (h >> 16)) * 0x85ebca6b;
  h = (h ^ (h >> 13)) * 0xc2b2ae35;
  return h ^ (h >> 16);
}

// `ip` points to 4 or 16 bytes in network order; the port is a number.
inline uint32_t EndHash(const uint8_t* ip, bool v6, uint16_t port) {
  uint32_t words[4];
  memcpy(words, ip, v6 ? 16 : 4);
  constexpr uint32_t kMapped = 0xffff0000;  // bytes 0 0 ff ff
  if (v6) words[0] = words[0] == 0 && words[1] == 0 && words[2] == kMapped ? words[3] : words[0] ^ words[1] ^ words[2] ^ words[3];
  return Mix(words[0] ^ port * 0x9e3779b1u);
}

constexpr uint32_t FlowHash(uint32_t end, uint32_t other_end) { return Mix(end + other_end); }

}  // namespace sysring
