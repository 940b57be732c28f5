#include "packet_block.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <algorithm>
#include <cstring>

namespace sysring {

namespace {

constexpr uint32_t kBlockHeader = sizeof(tpacket_block_desc), kPacketHeader = sizeof(tpacket3_hdr);
// The sockaddr_ll behind each packet's header ends there; then there is room up to the link header.
constexpr uint32_t kBeforePacket = TPACKET3_HDRLEN;
constexpr uint32_t kVlanTag = 4;
constexpr uint32_t kMacAddresses = 2 * ETH_ALEN;

// The kernel tells a VLAN tag beside the packet that it has taken it out of; everybody else expects it where it was sent.
void PutTagBack(uint8_t* at, tpacket3_hdr* header, uint32_t snaplen) {
  header->tp_status &= ~TP_STATUS_VLAN_VALID;
  if (header->tp_mac < kBeforePacket + kVlanTag || header->tp_snaplen < kMacAddresses) return;
  uint8_t* frame = at + header->tp_mac - kVlanTag;
  memmove(frame, frame + kVlanTag, kMacAddresses);
  uint16_t tag[] = {htons((header->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? header->hv1.tp_vlan_tpid : uint16_t{ETH_P_8021Q}),
                    htons(static_cast<uint16_t>(header->hv1.tp_vlan_tci))};
  memcpy(frame + kMacAddresses, tag, sizeof tag);
  header->tp_mac -= kVlanTag;
  header->tp_snaplen = std::min(header->tp_snaplen + kVlanTag, std::max(header->tp_snaplen, snaplen));
  header->tp_len += kVlanTag;
}

}  // namespace

const char* PacketBlock::Check(uint8_t* memory, uint32_t bytes, uint32_t snaplen) {
  const tpacket_hdr_v1& header = reinterpret_cast<tpacket_block_desc*>(memory)->hdr.bh1;
  const uint32_t end = std::min(header.blk_len, bytes), count = header.num_pkts, first = header.offset_to_first_pkt;
  if (first < kBlockHeader || count == 0) return "no packet";
  for (uint32_t i = 0, at = first; i < count; i++) {
    if (at > end || end - at < kPacketHeader || at % alignof(tpacket3_hdr) != 0) return "a packet beyond its end";
    auto* packet = reinterpret_cast<tpacket3_hdr*>(memory + at);
    if (packet->tp_mac < kPacketHeader || packet->tp_mac > end - at || packet->tp_snaplen > end - at - packet->tp_mac) return "a packet longer than it";
    if ((packet->tp_status & TP_STATUS_VLAN_VALID) != 0) PutTagBack(memory + at, packet, snaplen);
    if (i + 1 < count && (packet->tp_next_offset < kPacketHeader || packet->tp_next_offset > end - at)) return "no next packet";
    at += packet->tp_next_offset;
  }
  memory_ = memory;
  first_ = first;
  count_ = count;
  return nullptr;
}

Packet PacketBlock::At(const uint8_t* at, uint32_t* next) {
  const auto* header = reinterpret_cast<const tpacket3_hdr*>(at);
  *next = header->tp_next_offset;
  return {at + header->tp_mac, header->tp_snaplen, header->tp_len, int64_t{header->tp_sec} * 1000000000 + header->tp_nsec};
}

}  // namespace sysring
