// Tests of native/cluster without Node: consumers that mean harm, and ends that are killed at any instruction. Run as queue.cc is.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "child.h"
#include "files.h"
#include "records.h"

using namespace sysring;

namespace {

uint32_t times = 1;

// One consumer writes whatever it can into the page it can write. The other queue loses nothing.
void HostileConsumer() {
  ClusterMemory memory(Options(2));
  QueueFiles files = memory.FilesOf(0);
  auto page = Mapping::Once(files.consumer.get(), 4096, 0, true);
  std::atomic<bool> done{false};
  std::thread hostile([&] {
    Random random(8);
    auto* words = reinterpret_cast<uint32_t*>(page->data());
    while (!done) {
      // Some of it nearly right.
      const uint32_t value = random(3) == 0 ? random(UINT32_MAX) : random(1 << 20) * 8;
      for (uint32_t word : {0u, 16u, 17u, random(1024)}) __atomic_store_n(&words[word], word == 16 ? random(2) : value, __ATOMIC_RELAXED);
      fallocate(files.consumer.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096);
    }
  });
  const uint32_t records = 8000 * times;
  std::thread good([&] {
    AttachedQueue attached(memory.FilesOf(1), 1);
    QueueReader& reader = attached.reader();
    for (uint32_t next = 0; next < records;) {
      CHECK(reader.Release(Walk(reader, [&](const queue_entry& entry, const uint8_t* at, uint32_t) { CHECK(CheckRecord(at, entry.len) == next++); })));
      if (next < records) attached.Wait(1, 10);
    }
  });
  Random random(9);
  for (uint32_t number = 0; number < records; number++) {
    auto record = Record(number, Length(random));
    const Entry entry{record.data(), static_cast<uint32_t>(record.size())};
    while (!memory.writer(1).HasRoom(entry.len)) std::this_thread::yield();
    memory.writer(0).Place(entry);
    CHECK(memory.writer(1).Place(entry));
    memory.writer(0).Publish();
    memory.writer(1).Publish();
  }
  good.join();
  done = true;
  hostile.join();
  const QueueCounters bad = memory.Counters(0), untouched = memory.Counters(1);
  CHECK(bad.received + bad.dropped == records && bad.faults > 0 && bad.waiting <= kSize);
  CHECK(untouched.received == records && untouched.dropped == 0 && untouched.faults == 0);
  // And the queue can be taken over.
  AttachedQueue next(memory.FilesOf(0), 0);
  auto record = Record(1, 100);
  CHECK(next.reader().Release(next.reader().Head()) && memory.writer(0).Place({record.data(), 100}));
  memory.writer(0).Publish();
  CHECK(next.reader().Pending() == 1);
}

// Consumers in processes of their own that are killed at any instruction; the next one goes on where it was.
void ConsumersKilled() {
  const uint32_t kills = 60 * times;
  constexpr uint32_t kMost = 4 << 20;
  struct Log {
    std::atomic<uint32_t> next;        // the number behind the last one that was seen
    std::atomic<uint8_t> seen[kMost];  // how often, by number
  };
  auto* log = static_cast<Log*>(mmap(nullptr, sizeof(Log), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  CHECK(log != MAP_FAILED);
  ClusterMemory memory(Options(1));
  std::vector<bool> dropped(kMost);
  Random random(10);
  uint32_t number = 0, lost = 0;
  auto consume = [&](Child&) {
    AttachedQueue attached(memory.FilesOf(0), 0);
    QueueReader& reader = attached.reader();
    while (attached.State() == ClusterState::kRunning || reader.Head() != reader.tail()) {
      uint32_t last = 0;
      bool first = true;
      Walk(reader, [&](const queue_entry& entry, const uint8_t* at, uint32_t end) {
        const uint32_t found = CheckRecord(at, entry.len);
        CHECK(first || found > last);
        first = false;
        last = found;
        log->seen[found]++;
        log->next = found + 1;
        CHECK(reader.Release(end));
      });
      attached.Wait(200, 5);
    }
  };
  for (uint32_t round = 0; round <= kills; round++) {
    const bool last = round == kills;
    Child child(consume);
    // Up to a few ms: while it attaches, reads, sleeps.
    for (uint32_t left = random(1500); left > 0 && number < kMost; left--, number++) {
      auto record = Record(number, 8 + random(400));
      dropped[number] = !memory.writer(0).Place({record.data(), static_cast<uint32_t>(record.size())});
      lost += dropped[number];
      if (random(4) == 0) memory.writer(0).Publish();
      if (random(100) == 0) usleep(random(200));
    }
    memory.writer(0).Publish();
    if (last) memory.End(ClusterState::kEnded);
    const int status = last ? child.Wait() : child.Kill();
    CHECK(last ? WIFEXITED(status) && WEXITSTATUS(status) == 0 : WIFSIGNALED(status) || !WIFEXITED(status));
    CHECK(!memory.IsAttached(0));
  }
  const QueueCounters counters = memory.Counters(0);
  CHECK(counters.received + counters.dropped == number && counters.dropped == lost && counters.faults == 0 && counters.waiting == 0);
  // Each is seen unless it was dropped; twice only what a consumer had seen and not yet given back.
  uint32_t again = 0;
  for (uint32_t n = 0; n < number; n++) {
    CHECK((log->seen[n] == 0) == dropped[n]);
    if (log->seen[n] > 1) again += log->seen[n] - 1u;
  }
  CHECK(again <= kills);
  munmap(log, sizeof(Log));
}

// A producer that is killed: its consumer gets all that was published, notices, and the file does not stay for ever.
void ProducersKilled() {
  const std::string path = Folder() + "/killed";
  for (uint32_t round = 0; round < 10 * times; round++) {
    Child child([&](Child& self) {
      ClusterMemory memory(Options(1, path));
      self.SayReady();
      Random random(round);
      for (uint32_t number = 0;; number++) {
        auto record = Record(number, 8 + random(400));
        while (!memory.writer(0).HasRoom(record.size())) sched_yield();
        memory.writer(0).Place({record.data(), static_cast<uint32_t>(record.size())});
        memory.writer(0).Publish();
      }
    });
    child.AwaitReady();
    AttachedQueue attached(AttachedQueue::OpenPath(path), 0);
    QueueReader& reader = attached.reader();
    Random random(round);
    uint32_t next = 0;
    auto consume = [&] { return reader.Release(Walk(reader, [&](const queue_entry& entry, const uint8_t* at, uint32_t) { CHECK(CheckRecord(at, entry.len) == next++); })); };
    for (uint32_t left = 1 + random(300); left > 0; left--) {
      CHECK(attached.ProducerLives() && consume());
      attached.Wait(1, 10);
    }
    CHECK(FailureOf([&] { ClusterMemory other(Options(1, path)); }) == "ERR_CAPTURE_BUSY");
    child.Kill();
    CHECK(!attached.ProducerLives() && attached.State() == ClusterState::kRunning && consume());
    CHECK(access(path.c_str(), F_OK) == 0);
    if (round % 2 == 0) continue;  // the next one finds it
    ClusterMemory again(Options(2, path));
    // Somebody else's word is not ours.
    again.End(ClusterState::kEnded);
    CHECK(!attached.ProducerLives() && attached.State() == ClusterState::kRunning);
  }
  CHECK(access(path.c_str(), F_OK) != 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) times = static_cast<uint32_t>(atoi(argv[1]));
  // First those that fork, while there is one thread.
  RUN(ConsumersKilled);
  RUN(ProducersKilled);
  RUN(HostileConsumer);
  CHECK(rmdir(Folder().c_str()) == 0);
  printf("all\n");
}
