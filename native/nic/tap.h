// A network interface of our own: what is written to it has come in there, for everybody who listens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sysring {

// What became of the frames that were given; `written` and the causes add up to them.
struct TapCounters {
  uint64_t written;
  uint64_t written_bytes;
  uint64_t too_short;  // no Ethernet header
  uint64_t no_buffer;  // the kernel had no memory for it
  uint64_t down;       // somebody has set the interface down, or removed it
  uint64_t other;
};

class Tap {
 public:
  // Makes the interface and brings it up. It lives as long as this object, and no longer than the process, however that ends. Nothing
  // but what is written comes from it: no addresses, no ARP, no multicast, no IPv6. Throws Failure.
  explicit Tap(const std::string& name);
  ~Tap();
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  // Writes frames that lie back to back in `frames`, `lengths[i]` bytes each. Never waits: each of them is written or counted. Throws
  // Failure when the interface was removed; then all of them are counted.
  void Write(const uint8_t* frames, const uint32_t* lengths, size_t count);

  const TapCounters& counters() const { return counters_; }

 private:
  void CountFailure(int error);

  std::string name_;
  int fd_;
  TapCounters counters_ = {};
};

}  // namespace sysring
