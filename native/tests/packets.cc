// Tests of packet_block.cc without a kernel: what a consumer in C++ relies on, and what hostile values in the shared memory must
// not do. Compiled with sanitizers and run by test/native/programs.test.ts. Prints one line per test.
#include <arpa/inet.h>
#include <linux/if_packet.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "../nic/packet_block.h"
#include "check.h"

using namespace sysring;

namespace {

constexpr uint32_t kBytes = 4096, kSnaplen = 200;
constexpr uint32_t kMac = 82;  // where the kernel puts an Ethernet header

struct Made {
  uint32_t length;
  int vlan = -1;
};

// A block as the kernel writes it, in memory of exactly its size: the sanitizer sees each byte beyond.
class Block {
 public:
  explicit Block(const std::vector<Made>& packets) : memory(new uint8_t[kBytes]()) {
    auto& header = reinterpret_cast<tpacket_block_desc*>(memory.get())->hdr.bh1;
    uint32_t at = sizeof(tpacket_block_desc);
    header.num_pkts = static_cast<uint32_t>(packets.size());
    header.offset_to_first_pkt = at;
    tpacket3_hdr* last = nullptr;
    for (const Made& made : packets) {
      last = reinterpret_cast<tpacket3_hdr*>(memory.get() + at);
      last->tp_sec = 1700000000;
      last->tp_nsec = at;
      last->tp_snaplen = last->tp_len = made.length;
      last->tp_mac = kMac;
      if (made.vlan >= 0) {
        last->tp_status = TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID;
        last->hv1.tp_vlan_tci = static_cast<uint32_t>(made.vlan);
        last->hv1.tp_vlan_tpid = 0x8100;
      }
      for (uint32_t i = 0; i < made.length; i++) memory[at + kMac + i] = static_cast<uint8_t>(made.length + i);
      last->tp_next_offset = (kMac + made.length + 7) / 8 * 8;
      at += last->tp_next_offset;
    }
    if (last != nullptr) last->tp_next_offset = 0;
    header.blk_len = at;
  }

  std::unique_ptr<uint8_t[]> memory;
};

uint32_t Sum(const PacketBlock& block, uint32_t* packets) {
  uint32_t sum = 0;
  *packets = 0;
  block.Each([&](const Packet& packet) {
    for (uint32_t i = 0; i < packet.caplen; i++) sum += packet.bytes[i];
    ++*packets;
  });
  return sum;
}

void Walks() {
  Block made({{60}, {1}, {0}, {1500}, {64}});
  PacketBlock block;
  CHECK(block.Check(made.memory.get(), kBytes, kSnaplen) == nullptr);
  std::vector<uint32_t> lengths;
  block.Each([&](const Packet& packet) {
    lengths.push_back(packet.len);
    CHECK(packet.caplen == packet.len && packet.ts_ns / 1000000000 == 1700000000);
    for (uint32_t i = 0; i < packet.caplen; i++) CHECK(packet.bytes[i] == static_cast<uint8_t>(packet.len + i));
  });
  CHECK((lengths == std::vector<uint32_t>{60, 1, 0, 1500, 64}));
}

void TagsPutBack() {
  Block made({{60, 5}, {60}, {8, 5}, {kSnaplen, 0x2006}});
  PacketBlock block;
  CHECK(block.Check(made.memory.get(), kBytes, kSnaplen) == nullptr);
  std::vector<std::vector<uint8_t>> frames;
  block.Each([&](const Packet& packet) { frames.emplace_back(packet.bytes, packet.bytes + packet.caplen); });
  CHECK(frames[0].size() == 64 && frames[1].size() == 60);
  // What is shorter than the addresses has no place for a tag; what was cut stays as long as it was.
  CHECK(frames[2].size() == 8 && frames[3].size() == kSnaplen);
  const uint8_t tag[] = {0x81, 0, 0, 5};
  CHECK(memcmp(&frames[0][12], tag, sizeof tag) == 0);
  for (uint32_t i = 0; i < 60; i++) CHECK(frames[0][i < 12 ? i : i + 4] == static_cast<uint8_t>(60 + i));
  CHECK(frames[3][14] == 0x20 && frames[3][15] == 6);
  // They are not put back twice.
  PacketBlock again;
  uint32_t packets;
  CHECK(again.Check(made.memory.get(), kBytes, kSnaplen) == nullptr);
  CHECK(Sum(again, &packets) == Sum(block, &packets) && packets == 4);
}

void NothingIn() {
  Block made({});
  PacketBlock block;
  CHECK(block.Check(made.memory.get(), kBytes, kSnaplen) != nullptr);
  CHECK(block.count() == 0);
}

// Any change to any header leaves a block that is refused, or one that can be read without leaving it.
void Rubbish() {
  const uint32_t values[] = {0, 1, 47, 48, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
  uint32_t refused = 0, read = 0, state = 12345;
  auto random = [&] { return state = state * 1664525 + 1013904223, state >> 8; };
  for (int round = 0; round < 200000; round++) {
    Block made({{60, 5}, {60}, {300, 7}, {1}, {64}});
    for (uint32_t changes = random() % 4; changes-- > 0;) {
      // Around the headers, where it matters.
      uint32_t at = random() % 2 == 0 ? random() % 96 : random() % 1200, value = random() % 3 == 0 ? random() % kBytes : values[random() % std::size(values)];
      memcpy(made.memory.get() + at, &value, random() % 2 == 0 ? 2 : 4);
    }
    PacketBlock block;
    uint32_t packets;
    if (block.Check(made.memory.get(), kBytes, kSnaplen) != nullptr) refused++;
    else if (Sum(block, &packets) > 0) read++;
  }
  CHECK(refused > 1000 && read > 1000);
}

}  // namespace

int main() {
  RUN(Walks);
  RUN(TagsPutBack);
  RUN(NothingIn);
  RUN(Rubbish);
  printf("all\n");
}
