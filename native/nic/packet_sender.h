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
  //
  // Where `numbered[i]` is not 0 the frame's last four bytes become its sequence number, little endian. A number is used up by being
  // sent: what is missing of them at the other end was lost on the way.
  size_t Send(uint8_t* frames, const uint32_t* lengths, const uint8_t* numbered, size_t count);
  // Sends one frame that is in no count; false when that fails.
  bool Notify(const uint8_t* frame, size_t length);
  // Counts so many frames as not sent for want of room.
  void GiveUp(size_t count) { counters_.no_buffer += count; }
  // The number of the next numbered frame. They begin at 0 and run over.
  uint32_t sequence() const { return sequence_; }

  const SendCounters& counters() const { return counters_; }

 private:
  void CountFailure(int error);

  int socket_;
  uint32_t sequence_ = 0;
  SendCounters counters_ = {};
  std::vector<mmsghdr> messages_;
  std::vector<iovec> pieces_;
};

}  // namespace sysring
