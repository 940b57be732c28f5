// Tests of ring.cc and synthetic_probe.cc without Node: what a consumer in C++ relies on, and what hostile values in the
// shared memory must not do. Compiled with sanitizers and run by test/unit/native.test.ts. Prints one line per test.
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "../probe/synthetic/synthetic_probe.h"

using namespace sysring;

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                 \
    }                                                                          \
  } while (0)

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
#define RUN(test) (test(), printf("ok " #test "\n"))
  RUN(Wraps);
  RUN(FullRingCounts);
  RUN(ReleaseBounds);
  RUN(HostileCounters);
  RUN(BadMappings);
  RUN(MappingOutlivesProbe);
  RUN(TwoThreads);
  printf("all\n");
}
