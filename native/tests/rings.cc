// Tests of ring.cc and synthetic_probe.cc without Node: what a consumer in C++ relies on, and what hostile values in the
// shared memory must not do. Compiled with sanitizers and run by test/native/programs.test.ts. Prints one line per test.
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include "../probe/synthetic/synthetic_probe.h"
#include "check.h"

using namespace sysring;

namespace {

constexpr uint32_t kSize = 128 << 10;

// A record of `len` bytes that shows where it was torn: its length, its number, then bytes made of both.
std::vector<uint8_t> Record(uint32_t number, uint32_t len) {
  std::vector<uint8_t> record(len);
  for (uint32_t i = 8; i < len; i++) record[i] = static_cast<uint8_t>(number * 31 + i);
  memcpy(record.data(), &len, 4);
  memcpy(record.data() + 4, &number, 4);
  return record;
}

// Checks the record at `at` of the doubled mapping and returns its length.
uint32_t CheckRecord(const uint8_t* at, uint32_t number) {
  uint32_t len, found;
  memcpy(&len, at, 4);
  memcpy(&found, at + 4, 4);
  CHECK(found == number);
  CHECK(len >= 8 && len < RING_RESERVE);
  for (uint32_t i = 8; i < len; i++) CHECK(at[i] == static_cast<uint8_t>(number * 31 + i));
  return len;
}

uint32_t Length(uint32_t number, uint32_t below) { return 8 + (number * 2654435761u >> 7) % (below - 8); }

void Wraps() {
  SyntheticProbe probe(1, kSize);
  Ring& ring = probe.rings()[0];
  uint64_t bytes = 0;
  for (uint32_t number = 0; bytes < 30ull * kSize; number++) {
    auto record = Record(number, Length(number, 60000));
    CHECK(probe.Produce(0, record.data(), static_cast<uint32_t>(record.size())));
    CHECK(CheckRecord(ring.data()->data() + ring.Tail(), number) == record.size());
    CHECK(ring.Release((ring.Tail() + static_cast<uint32_t>(record.size())) & (kSize - 1)));
    bytes += record.size();
  }
}

void FullRingCounts() {
  SyntheticProbe probe(2, kSize);
  auto record = Record(1, 1000);
  int produced = 0;
  for (int i = 0; i < 300; i++) produced += probe.Produce(1, record.data(), 1000);
  Counters full = probe.rings()[1].ReadCounters(), empty = probe.rings()[0].ReadCounters();
  CHECK(produced == (kSize - RING_RESERVE + 999) / 1000);
  CHECK(full.n_evts == 300 && full.drops_buffer == 300u - produced && full.drops_pf == 0 && full.preemptions == 0);
  CHECK(empty.n_evts == 0 && empty.drops_buffer == 0);
}

void ReleaseBounds() {
  SyntheticProbe probe(1, kSize);
  Ring& ring = probe.rings()[0];
  CHECK(ring.Release(0));
  CHECK(!ring.Release(1) && !ring.Release(kSize) && !ring.Release(kSize - 1) && !ring.Release(UINT32_MAX));
  auto record = Record(1, 5000);
  CHECK(probe.Produce(0, record.data(), 5000));
  CHECK(!ring.Release(5001));
  CHECK(ring.Release(2000) && ring.Tail() == 2000);
  CHECK(!ring.Release(1999));
  CHECK(ring.Release(5000) && !ring.Release(5001) && !ring.Release(0));
  // Around the end.
  for (uint32_t at = 5000; at + 50000 < kSize; at += 50000) {
    auto big = Record(2, 50000);
    CHECK(probe.Produce(0, big.data(), 50000));
    CHECK(ring.Release(at + 50000));
  }
  auto over = Record(3, 60000);
  uint32_t tail = ring.Tail();
  CHECK(probe.Produce(0, over.data(), 60000) && ring.Head() < tail);
  CHECK(!ring.Release(tail - 1) && !ring.Release(ring.Head() + 1));
  CHECK(CheckRecord(ring.data()->data() + tail, 3) == 60000);
  CHECK(ring.Release(ring.Head()));
}

// A ring over memory that this test writes itself, as a hostile producer would.
void HostileCounters() {
  int fd = memfd_create("sysring-test", MFD_CLOEXEC);
  CHECK(fd >= 0 && ftruncate(fd, RING_INFO_STRIDE + kSize) == 0);
  auto shared = Mapping::Once(fd, RING_INFO_STRIDE, 0, true);
  auto* info = reinterpret_cast<ring_info*>(shared->data());
  info->tail = 0xfffffff0u;  // what was there before us is cut to the ring
  Ring ring(3, Mapping::Twice(fd, kSize, RING_INFO_STRIDE), kSize, Mapping::Once(fd, RING_INFO_STRIDE, 0, true));
  CHECK(ring.cpu() == 3 && ring.Tail() < kSize);
  info->tail = 0;
  for (uint32_t head : {kSize, kSize + 1, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
    info->head = head;
    CHECK(ring.Head() == ring.Tail());  // nothing new
    CHECK(!ring.Release((ring.Tail() + 1) & (kSize - 1)));
  }
  for (uint32_t head = 0; head < kSize; head += 997) {
    info->head = head;
    CHECK(ring.Head() == head);
  }
  // Our tail is our own: nobody moves it for us.
  uint32_t before = ring.Tail();
  info->tail = 0xdeadbeef;
  CHECK(ring.Tail() == before);
  CHECK(ring.Release(ring.Tail()) && info->tail == before);
  // Counters that overflow are passed on as they are.
  info->n_evts = UINT64_MAX;
  CHECK(ring.ReadCounters().n_evts == UINT64_MAX);
  close(fd);
}

// A ring that another driver fills: memory that this test writes, and the reader's view of it.
struct Foreign {
  explicit Foreign(Trust trust, CounterLayout layout = {}, uint32_t tail = 0) {
    int fd = memfd_create("sysring-test", MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, RING_INFO_STRIDE + kSize) == 0);
    memory = Mapping::Once(fd, RING_INFO_STRIDE + kSize, 0, true);
    info()->tail = tail;
    ring.emplace(0, Mapping::Twice(fd, kSize, RING_INFO_STRIDE), kSize, Mapping::Once(fd, RING_INFO_STRIDE, 0, true), layout, trust);
    close(fd);
  }
  ring_info* info() { return reinterpret_cast<ring_info*>(memory->data()); }
  uint8_t& at(uint32_t offset) { return memory->data()[RING_INFO_STRIDE + (offset & (kSize - 1))]; }
  // A record with these lengths of parameters, and a `len` that is `more` than they make. Returns the offset behind it.
  uint32_t Put(uint32_t offset, const std::vector<uint16_t>& lengths, int more = 0, uint32_t header = 26) {
    std::vector<uint8_t> record(header);
    for (uint16_t length : lengths) record.insert(record.end(), {static_cast<uint8_t>(length), static_cast<uint8_t>(length >> 8)});
    for (uint16_t length : lengths) record.resize(record.size() + length);
    uint32_t len = static_cast<uint32_t>(record.size()) + more, nparams = static_cast<uint32_t>(lengths.size());
    memcpy(&record[16], &len, 4);
    if (header == 26) memcpy(&record[22], &nparams, 4);
    for (uint32_t i = 0; i < record.size(); i++) at(offset + i) = record[i];
    return (offset + len) & (kSize - 1);
  }
  std::shared_ptr<Mapping> memory;
  std::optional<Ring> ring;
};

void WholeRecordsOnly() {
  Foreign foreign(Trust::kParameters);
  Ring& ring = *foreign.ring;
  uint32_t head = 0;
  // Many wraps of good records, a few at a time.
  for (uint32_t round = 0; round < 3000; round++) {
    for (uint32_t i = 0; i < round % 5; i++) head = foreign.Put(head, std::vector<uint16_t>(i, static_cast<uint16_t>(round % 300)));
    foreign.info()->head = head;
    CHECK(ring.CheckedHead() == head && (!ring.IsCorrupt() && ring.Release(head)));
  }
  // A good one, then each kind of bad one: shown up to it.
  auto broken = [&](auto spoil) {
    Foreign each(Trust::kParameters);
    uint32_t good = each.Put(0, {4, 5}), end = spoil(each, good);
    each.info()->head = end;
    CHECK(each.ring->CheckedHead() == good && !each.ring->IsCorrupt());
    CHECK(each.ring->Release(good));
    CHECK(each.ring->CheckedHead() == good && each.ring->IsCorrupt());
  };
  broken([](Foreign& f, uint32_t at) { return f.Put(at, {4, 5}, -1); });           // parameters beyond the record
  broken([](Foreign& f, uint32_t at) { return f.Put(at, {4, 5}) - 1; });            // record beyond the head
  broken([](Foreign& f, uint32_t at) { return f.Put(at, {}, -1); });                // shorter than its header
  broken([](Foreign&, uint32_t at) { return at + 26; });                            // nothing but zeros
  broken([](Foreign&, uint32_t at) { return at + 3; });                             // not even a header
  broken([](Foreign& f, uint32_t at) { f.Put(at, {}); f.at(at + 25) = 0x80; return at + 26; });  // 2^31 parameters
  broken([](Foreign& f, uint32_t at) { f.Put(at, {}); f.at(at + 19) = 0xff; return at + 26; });  // 4 GiB
  // With a head outside the ring nothing is known to be complete.
  for (uint32_t outside : {kSize, 0xffffffffu}) {
    Foreign each(Trust::kParameters);
    each.Put(0, {4, 5});
    each.info()->head = outside;
    CHECK(each.ring->CheckedHead() == 0 && each.ring->IsCorrupt());
  }
  // Old headers say less: the length only.
  Foreign old(Trust::kLength);
  head = old.Put(old.Put(0, {}, 0, 22), {8}, 0, 22);
  old.info()->head = head;
  CHECK(old.ring->CheckedHead() == head);
  old.info()->head = old.Put(head, {}, -1, 22);
  CHECK(old.ring->CheckedHead() == head);
}

// Rubbish ends somewhere, and within the ring.
void Rubbish() {
  uint32_t random = 1;
  uint64_t passed = 0;
  for (int round = 0; round < 2000; round++) {
    Foreign foreign(round % 2 == 0 ? Trust::kParameters : Trust::kLength, {}, kSize - 2048);
    for (uint32_t i = 0; i < 4096; i++) {
      random = random * 1664525 + 1013904223;
      // Half of it small numbers, so that some records are whole.
      foreign.at(kSize - 2048 + i) = (random >> 20) % 4 == 0 ? static_cast<uint8_t>(random >> 24) : 0;
    }
    foreign.info()->head = random >> 4 & (kSize - 1);
    uint32_t checked = foreign.ring->CheckedHead();
    passed += (checked - (kSize - 2048)) & (kSize - 1);
    CHECK(foreign.ring->Release(checked) && !foreign.ring->Release((checked + 1) & (kSize - 1)));
  }
  CHECK(passed > 0);
}

// Each driver has its counters elsewhere.
void CounterLayouts() {
  Foreign foreign(Trust::kParameters, {.drops_pf = 120, .preemptions = 4088});
  auto* counters = reinterpret_cast<uint64_t*>(foreign.memory->data());
  counters[1] = 1, counters[2] = 2, counters[15] = 3, counters[511] = 4;
  Counters read = foreign.ring->ReadCounters();
  CHECK(read.n_evts == 1 && read.drops_buffer == 2 && read.drops_pf == 3 && read.preemptions == 4);
  CHECK(foreign.ring->ReadCounter(4096) == 0 && foreign.ring->ReadCounter(4092) == 0 && foreign.ring->ReadCounter(UINT32_MAX) == 0);
}

void BadMappings() {
  bool failed = false;
  try {
    Mapping::Twice(-1, kSize, 0);
  } catch (const Failure& failure) {
    failed = failure.code == "ERR_CAPTURE_NO_PROBE" && !failure.hint.empty();
  }
  CHECK(failed);
  failed = false;
  try {
    Mapping::Once(-1, kSize, 0, false);
  } catch (const Failure&) {
    failed = true;
  }
  CHECK(failed);
}

void MappingOutlivesProbe() {
  std::shared_ptr<Mapping> kept;
  {
    SyntheticProbe probe(1, kSize);
    auto record = Record(9, 100);
    CHECK(probe.Produce(0, record.data(), 100));
    kept = probe.rings()[0].data();
  }
  CHECK(CheckRecord(kept->data(), 9) == 100);
}

void TwoThreads() {
  constexpr uint32_t kRecords = 20000;
  SyntheticProbe probe(1, kSize);
  std::atomic<uint32_t> dropped{0};
  std::atomic<bool> done{false};
  std::thread producer([&] {
    for (uint32_t number = 0; number < kRecords;) {
      auto record = Record(number, Length(number, 700));
      if (probe.Produce(0, record.data(), static_cast<uint32_t>(record.size()))) {
        number++;
      } else {
        dropped++;
        std::this_thread::yield();
      }
    }
    done = true;
  });
  Ring& ring = probe.rings()[0];
  uint32_t number = 0;
  while (number < kRecords) {
    bool last = done;
    uint32_t tail = ring.Tail(), waiting = (ring.Head() - tail) & (kSize - 1);
    for (uint32_t at = 0; at < waiting; number++) at += CheckRecord(ring.data()->data() + tail + at, number);
    CHECK(ring.Release((tail + waiting) & (kSize - 1)));
    if (waiting == 0) CHECK(!last || number == kRecords);
    if (waiting == 0) std::this_thread::yield();
  }
  producer.join();
  Counters counters = ring.ReadCounters();
  CHECK(counters.n_evts == kRecords + dropped && counters.drops_buffer == dropped);
}

}  // namespace

int main() {
  RUN(Wraps);
  RUN(FullRingCounts);
  RUN(ReleaseBounds);
  RUN(HostileCounters);
  RUN(WholeRecordsOnly);
  RUN(Rubbish);
  RUN(CounterLayouts);
  RUN(BadMappings);
  RUN(MappingOutlivesProbe);
  RUN(TwoThreads);
  printf("all\n");
}
