// Tests of the balancer's thread without Node: rings that are filled while it reads them, and queues that others read. Run as
// queue.cc is.
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <thread>

#include "../balance/balancer.h"
#include "../balance/queue_source.h"
#include "../balance/ring_source.h"
#include "../probe/synthetic/synthetic_probe.h"
#include "child.h"
#include "events.h"
#include "files.h"
#include "records.h"

using namespace sysring;

namespace {

uint32_t times = 1;
constexpr uint32_t kRing = 256 << 10;

std::vector<std::unique_ptr<Source>> Rings(const std::shared_ptr<Probe>& probe) {
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(std::make_unique<RingSource>(probe, RecordView::kHeader, 0));
  return sources;
}

std::vector<std::unique_ptr<Source>> QueueOf(ClusterMemory& memory, uint32_t queue) {
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(std::make_unique<QueueSource>(std::make_shared<AttachedQueue>(memory.FilesOf(queue), queue), 3));
  return sources;
}

DistributorOptions By(Key key, uint32_t queues) { return {{{key, queues}}, {}, Traits()}; }

// A producer of one ring: records of ten threads, each with its own numbers. Returns how many went into the ring.
class Producer {
 public:
  Producer(SyntheticProbe& probe, int ring, uint32_t records) : thread_([this, &probe, ring, records] { Run(probe, ring, records); }) {}
  uint64_t Join() {
    thread_.join();
    return produced_;
  }
  void Stop() { stop_ = true; }

 private:
  void Run(SyntheticProbe& probe, int ring, uint32_t records) {
    Random random(static_cast<uint64_t>(ring) + 1);
    uint32_t numbers[10] = {};
    for (uint32_t i = 0; i < records && !stop_; i++) {
      const uint32_t thread = random(10);
      const auto event = Event(static_cast<uint64_t>(probe.Now()), static_cast<uint64_t>(ring) * 10 + thread, random(20) == 0 ? kSwitch : kReadReturns, {Bytes(numbers[thread]), std::string(random(200), 'd')});
      if (!probe.Produce(ring, event.data(), static_cast<uint32_t>(event.size()))) {
        if (random(10) == 0) usleep(50);
        continue;
      }
      numbers[thread]++;
      produced_++;
    }
  }
  std::atomic<bool> stop_{false};
  uint64_t produced_ = 0;
  std::thread thread_;
};

// Reads a queue until its producer ends it.
class Consumer {
 public:
  Consumer(ClusterMemory& memory, uint32_t queue) : attached_(memory.FilesOf(queue), queue), thread_([this] { Run(); }) {}
  // Of each thread, how many of its records came, in order; how many went back in time.
  std::map<uint64_t, uint64_t> threads;
  uint64_t delivered = 0, copies = 0, back = 0;
  void Join() { thread_.join(); }

 private:
  void Run() {
    std::map<uint64_t, int64_t> last;
    uint64_t newest = 0;
    for (bool more = true; more;) {
      more = attached_.State() == ClusterState::kRunning;
      CHECK(attached_.reader().Release(Walk(attached_.reader(), [&](const queue_entry& entry, const uint8_t* at, uint32_t) {
        if (entry.flags & kStateOnly) {
          copies++;
          return;
        }
        const RecordView record(at, entry.len);
        const auto number = record.Integer(0);
        CHECK(number && Params(at, entry.len).size() == 2);
        auto [thread, first] = last.emplace(record.tid(), -1);
        CHECK(*number > thread->second);
        thread->second = *number;
        threads[record.tid()]++;
        delivered++;
        if (record.ts() < newest) back++;
        newest = record.ts();
      })));
      if (more) attached_.Wait(4096, 5);
    }
  }
  AttachedQueue attached_;
  std::thread thread_;
};

// Two CPUs that write, three queues; nothing is lost but what is counted, and each thread's records are in order on one queue.
void TwoRings() {
  for (uint32_t round = 0; round < 2 * times; round++) {
    auto probe = std::make_shared<SyntheticProbe>(2, kRing);
    ClusterMemory memory(Options(3));
    Distributor distributor(memory, By(round % 2 == 0 ? Key::kTid : Key::kCpu, 3));
    std::vector<std::unique_ptr<Consumer>> consumers;
    for (uint32_t q = 0; q < 3; q++) consumers.push_back(std::make_unique<Consumer>(memory, q));
    Balancer balancer(memory, distributor, Rings(probe), {});
    Producer first(*probe, 0, 20000), second(*probe, 1, 20000);
    const uint64_t produced = first.Join() + second.Join();
    balancer.Stop();
    CHECK(balancer.Ended() && !balancer.failure() && balancer.CpuTime() > 0);
    uint64_t delivered = 0, dropped = 0, back = 0;
    std::map<uint64_t, int> queues;
    for (uint32_t q = 0; q < 3; q++) {
      consumers[q]->Join();
      const QueueCounters counters = memory.Counters(q);
      CHECK(consumers[q]->delivered == counters.received && counters.waiting == 0 && counters.faults == 0);
      delivered += counters.received;
      dropped += counters.dropped;
      back += consumers[q]->back;
      for (auto& [thread, count] : consumers[q]->threads) CHECK(++queues[thread] == 1 && count > 0);
    }
    CHECK(delivered + dropped == produced && distributor.seen() == produced);
    CHECK(back <= balancer.late());
    // The rings got back all of it.
    for (Ring& ring : probe->rings()) CHECK(ring.Tail() == ring.Head());
  }
}

// Whenever it is stopped, what is counted is what happened, and the consumers see an end.
void StoppedAtAnyTime() {
  Random random(4);
  for (uint32_t round = 0; round < 30 * times; round++) {
    auto probe = std::make_shared<SyntheticProbe>(2, kRing);
    ClusterMemory memory(Options(2));
    Distributor distributor(memory, By(Key::kRoundRobin, 2));
    BalancerOptions options;
    options.max_wait_ms = 1 + random(20);
    auto balancer = std::make_unique<Balancer>(memory, distributor, Rings(probe), options);
    Producer first(*probe, 0, UINT32_MAX), second(*probe, 1, UINT32_MAX);
    Consumer consumer(memory, 0);
    usleep(random(3000));
    const bool after = random(2) == 0;
    if (!after) balancer->Stop();  // while they still write: the rest is left in the rings
    first.Stop(), second.Stop();
    const uint64_t produced = first.Join() + second.Join();
    if (random(2) == 0) balancer->Stop();
    balancer.reset();
    consumer.Join();
    const uint64_t seen = memory.Counters(0).received + memory.Counters(0).dropped + memory.Counters(1).received + memory.Counters(1).dropped;
    uint64_t left = 0;
    for (Ring& ring : probe->rings()) {
      for (uint32_t at = ring.Tail(); at != ring.Head(); left++) {
        uint32_t len;
        memcpy(&len, ring.data()->data() + at + 16, sizeof len);
        at = (at + len) & (kRing - 1);
      }
    }
    CHECK(seen == distributor.seen() && seen + left == produced && (!after || left == 0));
    CHECK(consumer.delivered == memory.Counters(0).received);
    CHECK(AttachedQueue(memory.FilesOf(1), 1).State() == ClusterState::kEnded);
  }
}

// A balancer reads a queue of another one.
void Chain() {
  for (uint32_t round = 0; round < 2 * times; round++) {
    auto probe = std::make_shared<SyntheticProbe>(2, kRing);
    ClusterMemory first(Options(2)), second(Options(2));
    Distributor distributor(first, By(Key::kTid, 2)), further(second, By(Key::kTid, 2));
    Balancer balancer(first, distributor, Rings(probe), {}), next(second, further, QueueOf(first, 1), {});
    Consumer one(first, 0), left(second, 0), right(second, 1);
    Producer producer(*probe, 0, 30000), other(*probe, 1, 30000);
    const uint64_t produced = producer.Join() + other.Join();
    balancer.Stop();
    // The end goes on by itself, with everything before it.
    left.Join();
    right.Join();
    one.Join();
    while (!next.Ended()) sched_yield();
    const QueueCounters a = first.Counters(0), b = first.Counters(1), c = second.Counters(0), d = second.Counters(1);
    CHECK(!next.failure() && a.received + a.dropped + b.received + b.dropped == produced && b.waiting == 0);
    CHECK(further.seen() == b.received && c.received + c.dropped + d.received + d.dropped == b.received);
    CHECK(one.delivered + left.delivered + right.delivered == a.received + c.received + d.received);
    CHECK(left.copies == c.state_received && right.copies == d.state_received);
  }
}

std::string ReasonOf(ClusterMemory& memory) {
  AttachedQueue attached(memory.FilesOf(0), 0);
  CHECK(attached.State() == ClusterState::kFailed && attached.Reason().size() < 128);
  return attached.Reason();
}

// It ends with what went wrong, after what came before that, and so does whoever reads what it wrote.
void Failures() {
  auto probe = std::make_shared<SyntheticProbe>(1, kRing);
  ClusterMemory first(Options(1)), second(Options(1));
  Distributor distributor(first, By(Key::kTid, 1)), further(second, By(Key::kTid, 1));
  Balancer balancer(first, distributor, Rings(probe), {});
  auto next = std::make_unique<Balancer>(second, further, QueueOf(first, 0), BalancerOptions{});
  auto good = Event(1, 1, kRead, {Bytes(1)}), bad = good;
  const uint32_t rubbish = 7;
  memcpy(&bad[16], &rubbish, sizeof rubbish);
  for (int i = 0; i < 5; i++) CHECK(probe->Produce(0, good.data(), static_cast<uint32_t>(good.size())));
  CHECK(probe->Produce(0, bad.data(), static_cast<uint32_t>(bad.size())));
  while (!balancer.Ended() || !next->Ended()) usleep(1000);
  CHECK(balancer.failure()->code == "ERR_CAPTURE_FORMAT" && next->failure()->code == "ERR_CAPTURE_PRODUCER");
  next.reset();  // which gives its queue back
  CHECK(ReasonOf(first).find("ring of CPU 0") != std::string::npos && ReasonOf(second).find("has failed: the ring") != std::string::npos);
  CHECK(first.Counters(0).received == 5 && first.Counters(0).waiting == 0 && second.Counters(0).received == 5);
  CHECK(probe->rings()[0].Tail() == 5 * good.size());

  // A CPU that there is not.
  ClusterMemory third(Options(1));
  Distributor nothing(third, By(Key::kTid, 1));
  BalancerOptions options;
  options.cpu = 1023;
  Balancer pinned(third, nothing, Rings(std::make_shared<SyntheticProbe>(1, kRing)), options);
  while (!pinned.Ended()) usleep(1000);
  CHECK(pinned.failure()->code == "ERR_CAPTURE_OPTION" && ReasonOf(third).find("CPU 1023") != std::string::npos);
}

// The process with the first balancer is killed; the second one delivers what there was, and says what happened.
void BalancerKilled() {
  const std::string path = Folder() + "/chain";
  Child child([&](Child& self) {
    ClusterMemory memory(Options(1, path));
    auto record = Event(1, 1, kRead, {Bytes(1)});
    for (int i = 0; i < 100; i++) memory.writer(0).Place(EntryOf(record));
    memory.writer(0).Publish();
    self.SayReady();
    for (;;) pause();
  });
  child.AwaitReady();
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(std::make_unique<QueueSource>(std::make_shared<AttachedQueue>(AttachedQueue::OpenPath(path), 0), 0));
  child.Kill();
  ClusterMemory memory(Options(1));
  Distributor distributor(memory, By(Key::kTid, 1));
  Balancer balancer(memory, distributor, std::move(sources), {});
  while (!balancer.Ended()) usleep(1000);
  CHECK(balancer.failure()->code == "ERR_CAPTURE_PRODUCER" && memory.Counters(0).received == 100);
  unlink(path.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) times = static_cast<uint32_t>(atoi(argv[1]));
  // First the one that forks, while there is one thread.
  RUN(BalancerKilled);
  RUN(TwoRings);
  RUN(StoppedAtAnyTime);
  RUN(Chain);
  RUN(Failures);
  CHECK(rmdir(Folder().c_str()) == 0);
  printf("all\n");
}
