// The connection that an Ethernet frame belongs to.
#pragma once

#include <cstdint>

namespace sysring {

// The FlowHash of a TCP, UDP or SCTP packet; of other IP packets and of fragments that have no ports, one of their addresses.
// 0: no IP packet, or too little of it. `len` bytes lie at `frame`.
uint32_t PacketFlow(const uint8_t* frame, uint32_t len);

}  // namespace sysring
