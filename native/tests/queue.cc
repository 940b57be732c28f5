// Tests of queue.cc without Node: one queue between two threads. Compiled with sanitizers and run by test/unit/native.test.ts; with
// a number, so many times as long, by test/lifecycle/native.test.ts.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include "records.h"

using namespace sysring;

namespace {

constexpr uint32_t kSize = 128 << 10;
uint32_t times = 1;

// A queue whose ends use the same mappings: so the thread sanitizer sees both.
struct Queue {
  explicit Queue(uint32_t position = 0, uint32_t size = kSize) : size(size) {
    const int fd = memfd_create("sysring-test", MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, 8192 + off_t{size}) == 0);
    producer = Mapping::Once(fd, 4096, 0, true);
    consumer = Mapping::Once(fd, 4096, 4096, true);
    data = Mapping::Twice(fd, size, 8192, true);
    close(fd);
    producer_page()->head = consumer_page()->tail = position;
  }
  queue_producer* producer_page() const { return reinterpret_cast<queue_producer*>(producer->data()); }
  queue_consumer* consumer_page() const { return reinterpret_cast<queue_consumer*>(consumer->data()); }
  QueueWriter Writer() const { return {producer, consumer, data, size}; }
  QueueReader Reader() const { return {producer, consumer, data, size}; }
  uint32_t size;
  std::shared_ptr<Mapping> producer, consumer, data;
};

void Wraps() {
  Random random(1);
  // Over the end of the data many times, and over the end of the positions.
  Queue queue(0u - 5 * kSize);
  QueueWriter writer = queue.Writer();
  QueueReader reader = queue.Reader();
  uint64_t bytes = 0, copies = 0;
  uint32_t most = 0;
  const std::string note = "a note that a stage has written";
  for (uint32_t number = 0; number < 1500; number++) {
    auto record = Record(number, Length(random));
    Entry entry{record.data(), static_cast<uint32_t>(record.size())};
    entry.flags = static_cast<uint16_t>(random(8));
    entry.iface = static_cast<uint16_t>(random(65536));
    entry.cpu = static_cast<uint16_t>(random(65536));
    entry.note = static_cast<uint16_t>(random(static_cast<uint32_t>(note.size())));
    entry.note_data = reinterpret_cast<const uint8_t*>(note.data());
    entry.ts = uint64_t{number} << 33;
    entry.wire_len = number;
    CHECK(writer.Place(entry) && reader.Head() == reader.tail());
    writer.Publish();
    most = std::max(most, writer.Waiting());
    int seen = 0;
    const uint32_t head = Walk(reader, [&](const queue_entry& found, const uint8_t* at, uint32_t) {
      seen++;
      CHECK(found.flags == entry.flags && found.iface == entry.iface && found.cpu == entry.cpu && found.note == entry.note);
      CHECK(memcmp(at + found.len, note.data(), found.note) == 0);
      uint32_t len = found.len;
      if (found.flags & kPacket) {
        packet_header header;
        memcpy(&header, at, sizeof header);
        CHECK(header.ts == entry.ts && header.len == number);
        at += sizeof header, len -= sizeof header;
      }
      CHECK(len == record.size() && CheckRecord(at, len) == number);
    });
    CHECK(seen == 1 && reader.Pending() == (entry.flags & kStateOnly ? 0 : 1));
    CHECK(!reader.Release(head + 8) && !reader.Release(reader.tail() - 8) && reader.Release(head));
    if (entry.flags & kStateOnly) copies++;
    else bytes += record.size();
  }
  const QueueCounters counters = reader.Counters();
  CHECK(counters.received == 1500 - copies && counters.state_received == copies && counters.bytes == bytes);
  CHECK(counters.dropped + counters.state_dropped + counters.filtered + counters.faults + counters.waiting == 0);
  CHECK(counters.high_watermark == most && most > 30000);
}

void FullQueueCounts() {
  Queue queue(0xfffffff8u);
  QueueWriter writer = queue.Writer();
  QueueReader reader = queue.Reader();
  auto record = Record(1, 984);  // 1000 with its header
  Entry entry{record.data(), 984}, copy = entry;
  copy.flags = kStateOnly;
  uint32_t placed = 0;
  for (int i = 0; i < 300; i++) placed += writer.Place(entry);
  CHECK(placed == kSize / 1000 && !writer.HasRoom(984) && writer.HasRoom(kSize - placed * 1000 - 16));
  for (int i = 0; i < 50; i++) CHECK(!writer.Place(copy));
  writer.CountFiltered();
  writer.Publish();
  QueueCounters counters = reader.Counters();
  CHECK(counters.received == placed && counters.dropped == 300 - placed && counters.state_dropped == 50 && counters.state_received == 0 && counters.filtered == 1);
  CHECK(counters.waiting == placed * 1000 && counters.high_watermark == placed * 1000 && reader.Pending() == placed);
  // Room for exactly as many as are given back.
  CHECK(reader.Release(reader.tail() + 3000));
  for (int i = 0; i < 5; i++) CHECK(writer.Place(entry) == (i < 3));
  writer.Publish();
  CHECK(reader.Counters().dropped == 300 - placed + 2 && reader.Release(reader.Head()));
  // What can never fit is dropped without waiting for it; whatever its length says.
  for (uint64_t len : {uint64_t{kSize - 15}, uint64_t{1} << 30, uint64_t{UINT32_MAX} - 20, uint64_t{UINT32_MAX}}) {
    CHECK(writer.HasRoom(len) && writer.Reserve(static_cast<uint32_t>(len), 0, 0, 0) == nullptr);
  }
  CHECK(writer.HasRoom(UINT64_MAX / 2) && writer.Reserve(4, 0, 0, 0, UINT16_MAX + 1) == nullptr && writer.Reserve(4, 0, 0, 0, UINT32_MAX) == nullptr);
  CHECK(writer.Reserve(kSize - 16, 0, 0, 0) != nullptr && writer.Waiting() == kSize && writer.Reserve(0, 0, 0, 0) == nullptr);
}

void RoomIsWhatItSays() {
  Random random(2);
  Queue queue;
  QueueWriter writer = queue.Writer();
  QueueReader reader = queue.Reader();
  for (int i = 0; i < 5000; i++) {
    auto record = Record(1, Length(random));
    const bool room = writer.HasRoom(record.size());
    CHECK(writer.Place({record.data(), static_cast<uint32_t>(record.size())}) == room);
    if (random(4) != 0) continue;
    writer.Publish();
    uint32_t to = reader.tail();
    const uint32_t most = random(100);
    uint32_t count = 0;
    Walk(reader, [&](const queue_entry&, const uint8_t*, uint32_t end) { if (count++ < most) to = end; });
    CHECK(reader.Release(to));
  }
}

// A tail that no consumer can have changes nothing; nor does anything else on its page.
void RubbishPages() {
  Random random(3);
  Queue queue(0x80000000u);
  QueueWriter writer = queue.Writer();
  auto record = Record(7, 1000);
  uint32_t before = queue.consumer_page()->tail;
  while (writer.Place({record.data(), 1000})) {}
  writer.Publish();
  const uint32_t head = queue.producer_page()->head;
  uint32_t faults = 0;
  for (uint32_t rubbish : {before - 1, before - kSize, head + 1, head + kSize, 0u, UINT32_MAX, head ^ 0x80000000u}) {
    queue.consumer_page()->tail = rubbish;
    for (int i = 0; i < 100; i++) CHECK(!writer.Place({record.data(), 1000}));
    CHECK(writer.Waiting() <= kSize && writer.Waiting() > kSize - 1016);
    writer.Publish();
    CHECK(queue.producer_page()->faults > faults);
    faults = queue.producer_page()->faults;
    CHECK(QueueReader::ReadCounters(*queue.producer_page(), *queue.consumer_page(), kSize).waiting <= kSize);
  }
  // Whoever takes over begins with what comes next, and from then on all is well.
  QueueReader reader = queue.Reader();
  CHECK(reader.tail() == reader.Head() && writer.Place({record.data(), 1000}));
  writer.Publish();
  CHECK(Walk(reader, [](const queue_entry& entry, const uint8_t* at, uint32_t) { CHECK(CheckRecord(at, entry.len) == 7); }) != reader.tail());
  // So it does where the tail is amidst a record …
  queue.consumer_page()->tail = reader.tail() + 8;
  CHECK(queue.Reader().tail() == reader.Head());
  // … and a reader finds nothing new where the head is rubbish.
  queue.producer_page()->head = reader.tail() + kSize + 8;
  CHECK(!reader.IsSound() && reader.Head() == reader.tail() && reader.Pending() == 0 && !reader.Release(reader.tail() + 8));
  // Entries that make no sense count for nothing.
  for (int round = 0; round < 2000; round++) {
    Queue each;
    for (uint32_t i = 0; i < 4096; i++) each.data->data()[i] = static_cast<uint8_t>(random(8) == 0 ? random(256) : 0);
    each.producer_page()->head = random(4096);
    QueueReader rubbish = each.Reader();
    CHECK(rubbish.Pending() <= 256 && (rubbish.tail() == 0 || rubbish.tail() == rubbish.Head()));
  }
}

void RacingConsumer() {
  Queue queue(0u - 3 * kSize);
  const uint32_t records = 10000 * times;
  std::atomic<bool> done{false};
  uint32_t dropped = 0;
  std::vector<uint8_t> was_dropped(records);
  std::thread producer([&] {
    Random random(4);
    QueueWriter writer = queue.Writer();
    for (uint32_t number = 0; number < records; number++) {
      auto record = Record(number, Length(random));
      if (!writer.Place({record.data(), static_cast<uint32_t>(record.size())})) {
        dropped++;
        was_dropped[number] = 1;
        std::this_thread::yield();
      }
      if (random(3) == 0) writer.Publish();
    }
    writer.Publish();
    done = true;
  });
  Random random(5);
  QueueReader reader = queue.Reader();
  std::vector<uint8_t> seen(records);
  uint32_t delivered = 0, next = 0;
  for (bool last = false; !last;) {
    last = done;
    uint32_t released = reader.tail();
    const uint32_t head = Walk(reader, [&](const queue_entry& entry, const uint8_t* at, uint32_t end) {
      const uint32_t number = CheckRecord(at, entry.len);
      CHECK(number >= next);
      seen[number] = 1;
      next = number + 1;
      delivered++;
      // As it goes along, sometimes.
      if (random(10) == 0) released = end;
    });
    CHECK(reader.Release(released) || released == reader.tail());
    CHECK(reader.Release(head));
    if (random(50) == 0) std::this_thread::yield();
  }
  producer.join();
  CHECK(delivered + dropped == records && reader.Counters().received == delivered && reader.Counters().dropped == dropped && reader.Counters().faults == 0);
  for (uint32_t number = 0; number < records; number++) CHECK(seen[number] + was_dropped[number] == 1);
}

void NoWakeUpIsLost() {
  Queue queue(0u - 1000);
  const uint32_t records = 8000 * times;
  std::atomic<uint32_t> consumed{0};
  std::thread consumer([&] {
    Random random(6);
    QueueReader reader = queue.Reader();
    uint32_t next = 0;
    while (next < records) {
      const uint32_t waiting = Walk(reader, [&](const queue_entry& entry, const uint8_t* at, uint32_t) { CHECK(CheckRecord(at, entry.len) == next++); });
      CHECK(reader.Release(waiting));
      consumed = next;
      // No more than what is yet to come; now and then a short sleep, which leaves its flag to the next one.
      if (next < records) reader.Wait(24 * (1 + random(std::min(records - next, 3u))), random(20) == 0 ? 1 : kForever);
    }
  });
  Random random(7);
  QueueWriter writer = queue.Writer();
  for (uint32_t number = 0; number < records;) {
    const uint32_t batch = std::min(1 + random(3), records - number);
    for (uint32_t i = 0; i < batch; i++, number++) {
      auto record = Record(number, 8);
      while (!writer.HasRoom(8)) std::this_thread::yield();
      CHECK(writer.Place({record.data(), 8}));
    }
    writer.Publish();
    // Mostly the other one gets to sleep first, or nearly.
    if (random(4) != 0) while (consumed < number && random(200) != 0) std::this_thread::yield();
  }
  consumer.join();
}

// Who asks for more than fits is woken all the same, and at the end everybody is.
void WokenAnyway() {
  Queue queue;
  QueueWriter writer = queue.Writer();
  for (uint32_t bytes : {kSize, kSize / 2, UINT32_MAX}) {
    std::atomic<bool> woken{false};
    std::thread consumer([&] {
      QueueReader reader = queue.Reader();
      while (reader.Head() - reader.tail() < kSize / 4) reader.Wait(bytes, kForever);
      CHECK(reader.Release(reader.Head()));
      woken = true;
    });
    auto record = Record(1, 60000);
    while (!woken) {
      writer.Place({record.data(), 60000});
      writer.Publish();
      std::this_thread::yield();
    }
    consumer.join();
  }
  QueueReader last = queue.Reader();
  CHECK(last.Release(last.Head()));
  std::thread consumer([&] { last.Wait(8, kForever); });
  while (__atomic_load_n(&queue.consumer_page()->sleeping, __ATOMIC_RELAXED) == 0) std::this_thread::yield();
  usleep(1000);
  writer.Wake();
  consumer.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) times = static_cast<uint32_t>(atoi(argv[1]));
  RUN(Wraps);
  RUN(FullQueueCounts);
  RUN(RoomIsWhatItSays);
  RUN(RubbishPages);
  RUN(RacingConsumer);
  RUN(NoWakeUpIsLost);
  RUN(WokenAnyway);
  printf("all\n");
}
