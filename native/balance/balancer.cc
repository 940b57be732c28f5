#include "balancer.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include "../probe/clock.h"

namespace sysring {

namespace {
constexpr uint64_t kNever = UINT64_MAX;
// Records this much younger than now were stamped before somebody set the clock back: to wait for their time could take hours.
constexpr uint64_t kClockStepNs = 100'000'000;
constexpr int64_t kTickNs = 1'000'000'000, kBeatNs = 50'000'000;
// A source that has stopped and does not hand over what it took is not waited for any longer.
constexpr int64_t kPatienceNs = 1'000'000'000;
constexpr double kShortest = 0.0005;
}  // namespace

Balancer::Balancer(ClusterMemory& memory, Distributor& distributor, std::vector<std::unique_ptr<Source>> sources, BalancerOptions options)
    : memory_(memory), distributor_(distributor), sources_(std::move(sources)), options_(options) {
  for (auto& source : sources_) {
    for (auto& lane : source->Lanes()) lanes_.push_back(std::move(lane));
  }
  for (auto& source : sources_) options_.window_ns = std::max(options_.window_ns, source->Lag());
  // One lane is in order by itself.
  if (lanes_.size() < 2) options_.window_ns = 0;
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error& error) {
    throw Failure{"ERR_CAPTURE_IO", std::string("cannot start the balancer's thread: ") + error.what(), "see: ulimit -u"};
  }
}

Balancer::~Balancer() { Stop(); }

void Balancer::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stops_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Balancer::Run() {
  pthread_setname_np(pthread_self(), "sysring-balance");
  try {
    Pin();
    Loop();
  } catch (const Failure& failure) {
    failure_ = failure;
  } catch (const std::exception& error) {
    failure_ = Failure{"ERR_CAPTURE_IO", std::string("the balancer cannot go on: ") + error.what(), "is memory limited? see: ulimit -v"};
  }
  if (failure_) memory_.End(ClusterState::kFailed, failure_->message);
  else memory_.End(ClusterState::kEnded);
  // What was placed before a failure is in the queues, so it is nobody else's to count as waiting.
  for (auto& lane : lanes_) lane->Release();
  CountCpuTime();
  __atomic_store_n(&ended_, true, __ATOMIC_RELEASE);
}

void Balancer::Pin() const {
  if (options_.cpu < 0) return;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<unsigned>(options_.cpu), &cpus);
  if (int error = pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus); error != 0) {
    throw Failure{"ERR_CAPTURE_OPTION", "the balancer cannot run on CPU " + std::to_string(options_.cpu) + ": " + strerror(error), "see: taskset -p $$"};
  }
}

// When to look again is as in lib/iface/live.ts: nobody wakes us, for that would cost the traced process more than all the rest.
void Balancer::Loop() {
  // No longer than a heart beats.
  const double longest = std::clamp(options_.max_wait_ms / 1e3 - static_cast<double>(options_.window_ns) / 1e9 - kShortest, kShortest, kBeatNs / 1e9);
  double pause = kShortest;
  int64_t next_tick = Nanoseconds(CLOCK_MONOTONIC) + kTickNs, next_beat = 0;
  for (bool stopping = false; !stopping;) {
    const double fullest = Round(false);
    const bool behind = fullest > 1.0 / 8;
    if (behind) pause = std::max(kShortest, pause / 2);
    else if (fullest < 1.0 / 32) pause = std::min(longest, pause * 2);
    stopping = Sleep(behind ? 0 : pause);

    const int64_t now = Nanoseconds(CLOCK_MONOTONIC);
    if (now >= next_beat) {
      next_beat = now + kBeatNs;
      memory_.Beat();
    }
    if (now >= next_tick) {
      next_tick = now + kTickNs;
      Tick();
    }
    CountCpuTime();
    if (std::all_of(sources_.begin(), sources_.end(), [](auto& source) { return source->Ended(); })) break;
  }
  const int64_t patience = Nanoseconds(CLOCK_MONOTONIC) + kPatienceNs;
  auto drained = [](auto& source) { return source->Drained(); };
  while (Round(true), !std::all_of(sources_.begin(), sources_.end(), drained) && Nanoseconds(CLOCK_MONOTONIC) < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Balancer::CountCpuTime() { __atomic_store_n(&cpu_time_, static_cast<uint64_t>(Nanoseconds(CLOCK_THREAD_CPUTIME_ID)), __ATOMIC_RELAXED); }

void Balancer::Tick() {
  try {
    for (auto& source : sources_) source->Tick();
  } catch (const Failure&) {
    // What came before it failed has come, all the same.
    Round(true);
    throw;
  }
}

bool Balancer::Sleep(double seconds) {
  std::unique_lock lock(mutex_);
  if (seconds > 0) stops_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return stopping_; });
  return stopping_;
}

uint64_t Balancer::Horizon() const {
  uint64_t now = kNever;
  for (auto& source : sources_) now = std::min(now, source->Now());
  return now;
}

double Balancer::Round(bool all) {
  // Before the lanes are looked at: what is older and not in them by then was still being written.
  const uint64_t now = Horizon();
  double fullest = 0;
  for (auto& lane : lanes_) fullest = std::max(fullest, lane->Refill());
  // A lane that fills up is emptied, whatever that does to the order.
  const uint64_t horizon = all || fullest > 0.5 ? kNever - 1 : now - options_.window_ns;
  if (newest_ > now + kClockStepNs) newest_ = 0;
  for (;;) {
    Lane* oldest = nullptr;
    uint64_t first = Lane::kNothing, second = Lane::kNothing;
    for (auto& lane : lanes_) {
      if (lane->next() < first) {
        second = first;
        first = lane->next();
        oldest = lane.get();
      } else if (lane->next() < second) {
        second = lane->next();
      }
    }
    if (oldest == nullptr || (first > horizon && first <= now + kClockStepNs)) break;
    // Late ones go one by one, so that each is counted.
    const bool late = first < newest_;
    if (late) __atomic_store_n(&late_, late_ + 1, __ATOMIC_RELAXED);
    oldest->Drain(late ? first : std::max(first, std::min(second, horizon)), distributor_);
    newest_ = std::max(newest_, oldest->last());
  }
  distributor_.Publish();
  for (auto& lane : lanes_) lane->Release();
  return fullest;
}

}  // namespace sysring
