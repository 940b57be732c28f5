// Tests of native/balance without Node: which connection and which process a record belongs to. Run as queue.cc is.
#include <algorithm>
#include <memory>

#include "../balance/flow_hash.h"
#include "../balance/packet_flow.h"
#include "events.h"
#include "files.h"

using namespace sysring;

namespace {

uint32_t times = 1;

void Vectors() {
  // test/unit/flow/hash.test.ts has the same.
  auto v4 = [](uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port) {
    const uint8_t ip[] = {a, b, c, d};
    return EndHash(ip, false, port);
  };
  auto v6 = [](std::initializer_list<uint8_t> first, uint8_t last, uint16_t port) {
    uint8_t ip[16] = {};
    std::copy(first.begin(), first.end(), ip);
    ip[15] = last;
    return EndHash(ip, true, port);
  };
  auto hash = [](uint32_t a, uint32_t b, uint32_t protocol) { return Mix((a + b) ^ protocol * 0x85ebca6bu); };
  CHECK(hash(v4(127, 0, 0, 1, 40000), v4(127, 0, 0, 1, 80), 6) == 0x90d652fd);
  CHECK(hash(v4(10, 0, 0, 1, 5353), v4(224, 0, 0, 251, 5353), 17) == 0x6372cf47);
  CHECK(hash(v6({}, 1, 40000), v6({}, 1, 80), 6) == 0xc401c71e);
  CHECK(hash(v6({0x20, 1, 0xd, 0xb8}, 1, 443), v6({0xfe, 0x80}, 1, 51234), 17) == 0x8ce882ac);
  CHECK(FlowHash(v4(0, 0, 0, 0, 0), v4(0, 0, 0, 0, 0)) == 0x840fab60);
  CHECK(v4(10, 1, 2, 3, 80) == v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2}, 3, 80));
}

std::vector<uint8_t> Frame(bool v6, uint8_t protocol, const std::string& from, uint16_t from_port, const std::string& to, uint16_t to_port, const std::string& before = {}, uint16_t fragment = 0) {
  std::string frame(12, 'e');
  frame += before + (v6 ? std::string("\x86\xdd") : std::string("\x08\x00", 2));
  auto big = [](uint16_t value) { return std::string{static_cast<char>(value >> 8), static_cast<char>(value)}; };
  if (v6) frame += std::string(6, '\x60') + std::string(1, '\0') + '\x40' + from + to + static_cast<char>(protocol) + '\0' + std::string(6, '\0');  // one hop-by-hop header
  else frame += std::string("\x45\0\0\0\0\0", 6) + big(fragment) + '\x40' + static_cast<char>(protocol) + "cs" + from + to;
  frame += big(from_port) + big(to_port) + std::string(16, 't');
  return {frame.begin(), frame.end()};
}

void PacketsAndSockets() {
  const std::string a("\x0a\0\0\1", 4), b("\x0a\0\0\2", 4), a6 = std::string(15, '\x20') + '\1', b6 = std::string(15, '\x20') + '\2';
  auto flow = [](const std::vector<uint8_t>& frame) { return PacketFlow(frame.data(), static_cast<uint32_t>(frame.size())); };
  auto socket = [](const std::string& from, uint16_t from_port, const std::string& to, uint16_t to_port) {
    const bool v6 = from.size() == 16;
    return FlowHash(EndHash(reinterpret_cast<const uint8_t*>(from.data()), v6, from_port), EndHash(reinterpret_cast<const uint8_t*>(to.data()), v6, to_port));
  };
  for (uint8_t protocol : {6, 17}) {
    CHECK(flow(Frame(false, protocol, a, 1000, b, 80)) == socket(a, 1000, b, 80) && flow(Frame(false, protocol, b, 80, a, 1000)) == socket(a, 1000, b, 80));
    CHECK(flow(Frame(true, protocol, a6, 1000, b6, 80)) == socket(b6, 80, a6, 1000) && flow(Frame(true, protocol, b6, 80, a6, 1000)) == socket(b6, 80, a6, 1000));
  }
  CHECK(flow(Frame(false, 6, a, 1000, b, 80, std::string("\x81\0\0\5\x88\xa8\0\6", 8))) == socket(a, 1000, b, 80));
  // Fragments go together, whatever stands where ports would be.
  CHECK(flow(Frame(false, 17, a, 1, b, 2, {}, 0x2000)) == flow(Frame(false, 17, a, 3, b, 4, {}, 100)) && flow(Frame(false, 1, a, 1, b, 2)) == flow(Frame(false, 1, b, 3, a, 4)));
  // Cut anywhere, in memory of its own.
  for (const auto& whole : {Frame(false, 6, a, 1, b, 2), Frame(true, 17, a6, 1, b6, 2), Frame(true, 6, a6, 1, b6, 2, std::string("\x81\0\0\5", 4))}) {
    for (size_t len = 0; len <= whole.size(); len++) flow({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(len)});
  }
  Random random(3);
  for (uint32_t round = 0; round < 20000 * times; round++) {
    auto frame = Frame(random(2) == 0, static_cast<uint8_t>(random(256)), a, 1, b, 2);
    for (uint32_t i = random(20); i > 0; i--) frame[12 + random(static_cast<uint32_t>(frame.size()) - 12)] = static_cast<uint8_t>(random(256));
    frame.resize(random(static_cast<uint32_t>(frame.size())));
    flow(frame);
  }
}

// What follows from calls: whose an fd is, and which connection.
void Following() {
  const TraitsTable traits = Traits();
  Processes processes;
  auto happens = [&](uint64_t tid, uint16_t type, const std::vector<std::string>& params = {}) {
    const auto record = Event(1, tid, type, params);
    processes.Follow({record.data(), static_cast<uint32_t>(record.size())}, traits[type], true);
  };
  auto about = [&](uint64_t tid, uint16_t type, const std::vector<std::string>& params = {}) {
    const auto record = Event(1, tid, type, params);
    return processes.FlowOf({record.data(), static_cast<uint32_t>(record.size())}, traits[type]);
  };
  auto reads = [&](uint64_t tid, int64_t fd) { return about(tid, kRead, {Bytes(fd)}); };
  const std::string tuple = Tuple(std::string(4, 'a'), 1000, std::string(4, 'b'), 80), other = Tuple(std::string(16, 'a'), 1000, std::string(16, 'b'), 80);
  // 100 connects fd 5 …
  CHECK(reads(100, 5) == 0);
  happens(100, kConnect, {Bytes(5)});
  CHECK(about(100, kConnectReturns, {Bytes(0), tuple}) != 0);
  happens(100, kConnectReturns, {Bytes(0), tuple});
  const uint32_t flow = reads(100, 5);
  CHECK(flow != 0 && flow == about(100, kConnectReturns, {Bytes(0), tuple}) && reads(100, 6) == 0 && reads(101, 5) == 0);
  // … and reads from it, which returns without a number, also after it was switched away from.
  happens(100, kRead, {Bytes(5)});
  happens(100, kSwitch);
  CHECK(about(100, kReadReturns, {Bytes(10), "data"}) == flow);
  happens(100, kReadReturns, {Bytes(10), "data"});
  CHECK(about(100, kReadReturns, {Bytes(10), "data"}) == 0);  // no call that anybody has seen begin
  // A thread of it has its fds, a new process copies of them.
  happens(101, kCloneReturns, {Bytes(0), Bytes(100), Bytes(100)});
  happens(200, kCloneReturns, {Bytes(0), Bytes(200), Bytes(100)});
  CHECK(processes.PidOf(101) == 100 && processes.PidOf(200) == 200 && reads(101, 5) == flow && reads(200, 5) == flow);
  happens(100, kCloneReturns, {Bytes(200), Bytes(100), Bytes(1)});  // the parent's return makes nobody
  CHECK(processes.PidOf(100) == 100);
  // One closes, the other does not; a close that fails closes nothing.
  happens(101, kClose, {Bytes(5)});
  happens(101, kCloseReturns, {Bytes(-9)});
  CHECK(reads(100, 5) == flow);
  happens(101, kClose, {Bytes(5)});
  happens(101, kCloseReturns, {Bytes(0)});
  CHECK(reads(100, 5) == 0 && reads(200, 5) == flow);
  // dup makes another, and dup2 of a file is the end of a socket that had the number.
  happens(200, kDup, {Bytes(5)});
  happens(200, kDupReturns, {Bytes(9)});
  CHECK(reads(200, 9) == flow && reads(200, 5) == flow);
  happens(200, kDup, {Bytes(3)});
  happens(200, kDupReturns, {Bytes(9)});
  CHECK(reads(200, 9) == 0 && reads(200, 5) == flow);
  // Another connection on the same number; IPv6.
  happens(200, kConnect, {Bytes(5)});
  happens(200, kConnectReturns, {Bytes(0), other});
  CHECK(reads(200, 5) != 0 && reads(200, 5) != flow);
  // A process whose end was missed does not leave its sockets to the next of that number.
  happens(200, kCloneReturns, {Bytes(0), Bytes(200), Bytes(300)});
  CHECK(reads(200, 5) == 0);
  processes.SetFlow(200, 7, 42);
  happens(200, kExit);
  CHECK(reads(200, 7) == 0 && processes.forgotten() == 0);
  // Numbers that no thread has.
  for (uint64_t tid : {uint64_t{4} << 20, UINT64_MAX}) {
    happens(tid, kConnect, {Bytes(5)});
    happens(tid, kConnectReturns, {Bytes(0), tuple});
    CHECK(processes.PidOf(tid) == static_cast<uint32_t>(tid) && reads(tid, 5) == 0);
  }
}

// All of a connection on one queue: its packets in both directions, the calls on both of its sockets, and on what was made of them.
void OneQueueEach() {
  constexpr uint32_t kQueues = 5;
  ClusterMemory memory(Options(kQueues));
  Distributor distributor(memory, {{{Key::kFlow, kQueues}}, {}, Traits(), false});
  const std::string server("\x0a\0\0\1", 4), client("\x0a\0\0\2", 4);
  uint64_t number = 0;
  std::vector<std::unique_ptr<AttachedQueue>> consumers;
  for (uint32_t q = 0; q < kQueues; q++) consumers.push_back(std::make_unique<AttachedQueue>(memory.FilesOf(q), q));
  std::vector<uint64_t> counts(kQueues);
  for (uint32_t c = 0; c < 1000; c++) {
    const uint16_t port = static_cast<uint16_t>(20000 + c);
    const int64_t fd = 3 + c;
    auto queue = [&](const std::vector<uint8_t>& record, uint16_t flags = 0) {
      for (uint32_t q = 0; q < kQueues; q++) counts[q] = memory.Counters(q).received;
      distributor.Distribute(EntryOf(record, flags));
      distributor.Publish();
      for (auto& consumer : consumers) CHECK(consumer->reader().Release(consumer->reader().Head()));
      for (uint32_t q = 0; q < kQueues; q++) {
        if (memory.Counters(q).received > counts[q]) return q;
      }
      return kQueues;
    };
    queue(Event(++number, 50, kConnect, {Bytes(fd)}));
    const uint32_t one = queue(Event(++number, 50, kConnectReturns, {Bytes(0), Tuple(client, port, server, 80)}));
    queue(Event(++number, 60, kConnect, {Bytes(fd)}));
    CHECK(one < kQueues && queue(Event(++number, 60, kConnectReturns, {Bytes(0), Tuple(server, 80, client, port)})) == one);
    CHECK(queue(Frame(false, 6, client, port, server, 80), kPacket) == one && queue(Frame(false, 6, server, 80, client, port), kPacket) == one);
    for (uint64_t tid : {50, 60}) {
      CHECK(queue(Event(++number, tid, kRead, {Bytes(fd)})) == one && queue(Event(++number, tid, kReadReturns, {Bytes(1), "x"})) == one);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) times = static_cast<uint32_t>(atoi(argv[1]));
  RUN(Vectors);
  RUN(PacketsAndSockets);
  RUN(Following);
  RUN(OneQueueEach);
  printf("all\n");
}
