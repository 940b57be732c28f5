// Packets of one network interface, read in place from a ring that the kernel fills (TPACKET_V3, see packet_mmap.rst and
// linux/if_packet.h of the kernel).
//
// The ring is a row of blocks. The kernel fills one after the other with packets and hands each over when it is full or
// when the retire time is over; the consumer gives it back. Nothing here is Node's: any one thread may use a ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "../ring/ring.h"
#include "bpf_filter.h"
#include "interface.h"
#include "packet_block.h"

namespace sysring {

// Several rings share an interface's packets: each packet goes to one of them.
struct Fanout {
  // As PACKET_FANOUT_* numbers them.
  enum Mode : uint16_t { kHash = 0, kRoundRobin = 1, kCpu = 2, kRollover = 3 };
  Mode mode;
  uint16_t group;  // the same number in all of them; groups belong to a network namespace
};

struct PacketRingOptions {
  std::string interface;
  uint32_t ring_bytes = 64 << 20;  // a power of two, 1 MiB … 1 GiB
  uint32_t retire_ms = 5;          // a block with packets is handed over at most so long after it was begun
  uint32_t snaplen = 262144;       // bytes to keep of a packet
  bool promiscuous = false;
  std::optional<Fanout> fanout;
  std::optional<std::string> filter;  // in tcpdump's language
};

// What the kernel has counted since the ring was opened. Packets that the filter refused are in none of the numbers.
struct PacketCounters {
  uint64_t packets;  // that passed the filter, dropped ones included
  uint64_t dropped;  // for want of a free block
  uint64_t freezes;  // how often all blocks were full
};

class PacketRing {
 public:
  // Opens the ring; no packet comes before Start(). Throws Failure.
  explicit PacketRing(const PacketRingOptions& options);
  ~PacketRing();
  PacketRing(const PacketRing&) = delete;
  PacketRing& operator=(const PacketRing&) = delete;

  // Packets flow from here on. Throws Failure.
  void Start();
  // No new packets from here on; what is in the ring is handed over within the retire time, and can still be read.
  void Stop();

  // The oldest block that is handed over and not released, checked; the same one until Release(). Null when there is none.
  // Throws Failure when its memory does not hold together.
  const PacketBlock* Next();
  // Gives the block of Next() back to the kernel.
  void Release();
  // Where the block of Next() begins in the memory.
  size_t offset() const { return size_t{current_} * block_bytes_; }

  // The kernel clears its counters whenever they are read; these are the sums. May be called from any thread.
  PacketCounters ReadCounters();

  // Why no more packets can come (ENETDOWN: the interface went down or away); 0 while they can. Stays once it was.
  int Error();

  const Interface& interface() const { return interface_; }
  // A packet may be in the ring for so long before it is handed over.
  uint32_t retire_ms() const { return retire_ms_; }
  // Readable when a block has been handed over: for poll(2).
  int fd() const { return socket_; }
  // The whole ring on read-only pages, to be shown to others.
  const std::shared_ptr<Mapping>& memory() const { return shown_; }

 private:
  void Configure(const PacketRingOptions& options);
  void Attach(const BpfFilter& filter);
  void Set(int option, const void* value, size_t size, const char* what);
  void Join(const Fanout& fanout);
  uint32_t* Status() const;

  Interface interface_;
  int socket_;
  uint32_t snaplen_, retire_ms_;
  uint32_t block_bytes_ = 0;
  uint32_t blocks_ = 0;
  uint32_t current_ = 0;  // number of the block that Next() looks at
  PacketBlock block_;     // what was found in it
  bool ready_ = false;    // it is handed over, and was checked
  BpfFilter filter_;
  std::shared_ptr<Mapping> ring_;   // ours alone: block_status is written through it, and VLAN tags are put back
  std::shared_ptr<Mapping> shown_;  // the same pages, read-only
  PacketCounters counters_ = {};
  std::mutex counters_mutex_;
  int error_ = 0;
};

}  // namespace sysring
