// What a balancer has to know of each type of event, from the event table: lib/balance/traits.ts fills it in.
#pragma once

#include <array>
#include <cstdint>

namespace sysring {

enum event_trait : uint8_t {
  kChangesState = 1,  // EF_MODIFIES_STATE of the driver's table: others cannot be understood without it
  kMakesThread = 2,   // the return of clone, fork, vfork, clone3, twice: with 0 in the new thread
  kEndsThread = 4,
  kCloses = 8,
  kDuplicates = 16,  // returns a new fd for the same file
};

// Positions of parameters, −1: there is none; and their number.
struct EventTraits {
  uint8_t traits = 0;
  int8_t fd = -1;
  int8_t tuple = -1;  // of type socktuple
  int8_t res = -1;    // what the call returned
  int8_t pid = -1;    // of the new thread, for kMakesThread
  int8_t ptid = -1;   // its parent
  int8_t data = -1;   // the I/O bytes, which a snaplen cuts
  uint8_t params = 0;  // how many there are, where their lengths have two bytes
};

// By event code; the last one stands for packets.
constexpr uint32_t kEventCodes = 512, kPacketCode = kEventCodes - 1;
using TraitsTable = std::array<EventTraits, kEventCodes>;

}  // namespace sysring
