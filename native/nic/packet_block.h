// A block of a packet ring, as the kernel hands it over: struct tpacket_block_desc, then packets, each a tpacket3_hdr, a
// sockaddr_ll and, at tp_mac, its bytes (linux/if_packet.h).
#pragma once

#include <cstdint>

namespace sysring {

// A packet in the ring; valid until its block is released.
struct Packet {
  const uint8_t* bytes;
  uint32_t caplen;
  uint32_t len;   // on the wire
  int64_t ts_ns;  // since the epoch: the kernel reads the wall clock for each packet, so there is no offset to be measured
};

class PacketBlock {
 public:
  // Looks at the block of `bytes` bytes at `memory`, which somebody else may have written, before anybody relies on it: all headers
  // lie within it, and what they say too. VLAN tags, which the kernel takes out of packets, are put back, as far as `snaplen` bytes
  // go. Once per block. Returns what is wrong with it, or null.
  const char* Check(uint8_t* memory, uint32_t bytes, uint32_t snaplen);

  // Where the first packet's header is, from the block's beginning.
  uint32_t first() const { return first_; }
  const uint8_t* header() const { return memory_ + first_; }
  // Packets, at least 1 in a block that was checked.
  uint32_t count() const { return count_; }

  // Calls visit(const Packet&) for each.
  template <typename Visit>
  void Each(Visit visit) const {
    const uint8_t* at = header();
    for (uint32_t i = 0; i < count_; i++) {
      uint32_t next;
      visit(At(at, &next));
      at += next;
    }
  }
  // The packet whose header is there; `next`: how far on the next one's is.
  static Packet At(const uint8_t* header, uint32_t* next);

 private:
  const uint8_t* memory_ = nullptr;
  uint32_t first_ = 0;
  uint32_t count_ = 0;
};

}  // namespace sysring
