#include "packet_flow.h"

#include "flow_hash.h"

namespace sysring {

namespace {

constexpr uint32_t kEthernet = 14, kVlanTag = 4, kIp4 = 20, kIp6 = 40;
constexpr uint16_t kTypeIp4 = 0x0800, kTypeIp6 = 0x86dd, kTypeVlan = 0x8100, kTypeQinQ = 0x88a8;
// IPPROTO_* of netinet/in.h
constexpr uint8_t kTcp = 6, kUdp = 17, kSctp = 132, kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;

uint16_t Big16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

bool HasPorts(uint8_t protocol) { return protocol == kTcp || protocol == kUdp || protocol == kSctp; }

uint32_t Between(const uint8_t* from, const uint8_t* to, bool v6, const uint8_t* ports) {
  return FlowHash(EndHash(from, v6, ports ? Big16(ports) : 0), EndHash(to, v6, ports ? Big16(ports + 2) : 0));
}

uint32_t Ip4Flow(const uint8_t* ip, uint32_t len) {
  if (len < kIp4) return 0;
  const uint32_t header = (ip[0] & 15u) * 4;
  const bool first = (Big16(ip + 6) & 0x3fff) == 0;  // not a fragment at all: the others have no ports, so the first is to go with them
  const bool ports = first && HasPorts(ip[9]) && header >= kIp4 && len >= header + 4;
  return Between(ip + 12, ip + 16, false, ports ? ip + header : nullptr);
}

uint32_t Ip6Flow(const uint8_t* ip, uint32_t len) {
  if (len < kIp6) return 0;
  uint8_t next = ip[6];
  uint32_t at = kIp6;
  // Extension headers, each with its length in units of eight bytes beyond the first.
  while ((next == kHopByHop || next == kRouting || next == kDestination) && len >= at + 8) {
    next = ip[at];
    at += (ip[at + 1] + 1u) * 8;
  }
  const bool ports = HasPorts(next) && next != kFragment && len >= at + 4;
  return Between(ip + 8, ip + 24, true, ports ? ip + at : nullptr);
}

}  // namespace

uint32_t PacketFlow(const uint8_t* frame, uint32_t len) {
  uint32_t at = kEthernet;
  if (len < at) return 0;
  uint16_t type = Big16(frame + 12);
  while ((type == kTypeVlan || type == kTypeQinQ) && len >= at + kVlanTag) {
    type = Big16(frame + at + 2);
    at += kVlanTag;
  }
  if (type == kTypeIp4) return Ip4Flow(frame + at, len - at);
  if (type == kTypeIp6) return Ip6Flow(frame + at, len - at);
  return 0;
}

}  // namespace sysring
