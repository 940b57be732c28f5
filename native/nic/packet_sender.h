// Sends frames out of a network interface.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "interface.h"

namespace sysring {

// What became of the frames that were given to the sender; `sent` and the causes add up to them.
struct SendCounters {
  uint64_t sent;
  uint64_t sent_bytes;
  uint64_t too_long;   // longer than the interface takes: its MTU and 14 bytes of header
  uint64_t too_short;  // no link header
  uint64_t no_buffer;  // the device's queue was full for longer than anybody wants to wait
  uint64_t down;       // the interface was down or away
  uint64_t other;
};

class PacketSender {
 public:
  // `bypass_qdisc`: straight to the driver, faster, and what that has no room for is not sent. Throws Failure.
  PacketSender(const std::string& interface, bool bypass_qdisc);
  ~PacketSender();
  PacketSender(const PacketSender&) = delete;
  PacketSender& operator=(const PacketSender&) = delete;

  // Sends frames that lie back to back in `frames`, `lengths[i]` bytes each, and never waits. Returns how many of them are settled,
  // sent or counted as not sent; fewer than `count` when there is no room: the rest may be given again a little later, or be counted
  // by GiveUp().
  size_t Send(const uint8_t* frames, const uint32_t* lengths, size_t count);
  // Counts so many frames as not sent for want of room.
  void GiveUp(size_t count) { counters_.no_buffer += count; }

  const SendCounters& counters() const { return counters_; }

 private:
  void CountFailure(int error);

  int socket_;
  SendCounters counters_ = {};
  std::vector<mmsghdr> messages_;
  std::vector<iovec> pieces_;
};

}  // namespace sysring
