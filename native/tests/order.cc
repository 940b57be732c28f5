// Tests of the order in which the balancer's thread takes records, and of clocks that jump. Run as queue.cc is.
#include <atomic>

#include "../balance/balancer.h"
#include "../cluster/attached_queue.h"
#include "events.h"
#include "files.h"
#include "records.h"

using namespace sysring;

namespace {

// Lanes of this test's own, so that it says what time it is.
struct Script : Source {
  struct Written : Lane {
    explicit Written(std::vector<uint64_t> times) : times(std::move(times)) {}
    double Refill() override { return Look(), 0.1; }
    void Drain(uint64_t until, Distributor& to) override {
      for (; next_ <= until; at++, Look()) {
        last_ = next_;
        const auto event = Event(next_, 1, kRead, {Bytes(1)});
        to.Distribute(EntryOf(event));
      }
    }
    void Release() override {}
    void Look() { next_ = at < times.size() ? times[at] : kNothing; }
    std::vector<uint64_t> times;
    size_t at = 0;
  };
  Script(std::atomic<uint64_t>& now, std::vector<std::vector<uint64_t>> lanes) : now(now), lanes(std::move(lanes)) {}
  std::vector<std::unique_ptr<Lane>> Lanes() override {
    std::vector<std::unique_ptr<Lane>> all;
    for (auto& times : lanes) all.push_back(std::make_unique<Written>(times));
    return all;
  }
  uint64_t Now() const override { return now; }
  std::atomic<uint64_t>& now;
  std::vector<std::vector<uint64_t>> lanes;
};

// Records wait for the window, in order; those of a clock that was set back meanwhile do not wait for its time.
void Clock() {
  constexpr uint64_t kSecond = 1'000'000'000, kMs = 1'000'000;
  std::atomic<uint64_t> now{10 * kSecond};
  ClusterMemory memory(Options(1));
  Distributor distributor(memory, {{{Key::kTid, 1}}, {}, Traits()});
  std::vector<std::unique_ptr<Source>> sources;
  const uint64_t t = 10 * kSecond;
  sources.push_back(std::make_unique<Script>(now, std::vector<std::vector<uint64_t>>{{t - 9 * kMs, t - 7 * kMs, t + 5 * kMs, t + 3600 * kSecond}, {t - 8 * kMs, t - 6 * kMs, t + 4 * kMs}}));
  BalancerOptions options;
  options.window_ns = kMs;
  options.max_wait_ms = 2;
  Balancer balancer(memory, distributor, std::move(sources), options);
  AttachedQueue attached(memory.FilesOf(0), 0);
  std::vector<uint64_t> seen;
  auto reaches = [&](size_t count) {
    while (seen.size() < count) {
      CHECK(!balancer.Ended());
      CHECK(attached.reader().Release(Walk(attached.reader(), [&](const queue_entry&, const uint8_t* at, uint32_t) {
        uint64_t ts;
        memcpy(&ts, at, 8);
        seen.push_back(ts);
      })));
      attached.Wait(1, 10);
    }
    return seen.size() == count;
  };
  CHECK(reaches(4) && seen == (std::vector<uint64_t>{t - 9 * kMs, t - 8 * kMs, t - 7 * kMs, t - 6 * kMs}));
  now = t + 7 * kMs;
  CHECK(reaches(7) && seen[4] == t + 4 * kMs && seen[5] == t + 5 * kMs && seen[6] == t + 3600 * kSecond);
  CHECK(balancer.late() == 0);
}

}  // namespace

int main() {
  RUN(Clock);
  printf("all\n");
}
