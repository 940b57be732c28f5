// A network interface of our own: what is written to it has come in there, for everybody who listens.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

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

// Some memory that records and packets lie in.
struct TapSource {
  const uint8_t* data;
  size_t size;
};

// One frame to be written. A number of 32 bits each: JavaScript fills them in.
struct TapFrame {
  uint32_t source;  // index << 1; the lowest bit chooses the Ethernet header of a record
  uint32_t at;      // where the record or packet begins in its source
  uint32_t length;
  uint32_t header;  // what stands between a record and its Ethernet header; 0: a packet, which has its own
};

class Tap {
 public:
  using EthernetHeader = std::array<uint8_t, 14>;

  // Makes the interface and brings it up. It lives as long as this object, and no longer than the process, however that ends. Nothing
  // but what is written comes from it: no addresses, no ARP, no multicast, no IPv6. Throws Failure.
  Tap(const std::string& name, const std::array<EthernetHeader, 2>& headers);
  ~Tap();
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  // Writes frames of what lies in the sources, which is read only before it returns. Never waits: each of them is written or counted.
  // Throws Failure when the interface was removed; then all of them are counted.
  void Write(const TapSource* sources, size_t source_count, const TapFrame* frames, size_t count);

  const TapCounters& counters() const { return counters_; }

 private:
  void CountFailure(int error);

  // How many bytes were written, or −1 and errno.
  ssize_t WriteOne(const TapSource* sources, size_t source_count, const TapFrame& frame);

  std::string name_;
  std::array<EthernetHeader, 2> headers_;
  std::vector<uint8_t> frame_;
  int fd_;
  TapCounters counters_ = {};
};

}  // namespace sysring
