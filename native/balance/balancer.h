// The thread that reads any number of lanes in the order of time and distributes what it reads.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lane.h"

namespace sysring {

struct BalancerOptions {
  // How long records are held back so that those of other lanes can be put in order, in ns.
  uint64_t window_ns = 1'000'000;
  // A record is in its queue so many ms after it was made, if not before.
  uint32_t max_wait_ms = 10;
  // CPU to run on; −1: any.
  int cpu = -1;
};

class Balancer {
 public:
  // `memory` and `distributor` stay the caller's, and outlive the balancer. Throws Failure.
  Balancer(ClusterMemory& memory, Distributor& distributor, std::vector<std::unique_ptr<Source>> sources, BalancerOptions options);
  // Stop()s.
  ~Balancer();

  // Distributes what is there now, and ends. To be called once the sources have stopped.
  void Stop();
  // True when the thread has ended, by itself or by Stop().
  bool Ended() const { return __atomic_load_n(&ended_, __ATOMIC_ACQUIRE); }
  // Why it ended by itself, if not because its sources did. After Ended().
  const std::optional<Failure>& failure() const { return failure_; }
  // Records that came too late to be put in order.
  uint64_t late() const { return __atomic_load_n(&late_, __ATOMIC_RELAXED); }
  // Time that the thread has spent on a CPU, in ns, as of its last round.
  uint64_t CpuTime() const { return __atomic_load_n(&cpu_time_, __ATOMIC_RELAXED); }

 private:
  void Run();
  void Loop();
  void Tick();
  void Pin() const;
  void CountCpuTime();
  // Distributes what may be distributed now; `all`: what is there. Returns how full the fullest lane was.
  double Round(bool all);
  bool Sleep(double seconds);
  uint64_t Horizon() const;

  ClusterMemory& memory_;
  Distributor& distributor_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  BalancerOptions options_;
  uint64_t newest_ = 0;
  uint64_t late_ = 0, cpu_time_ = 0;
  std::optional<Failure> failure_;
  bool ended_ = false;
  std::mutex mutex_;
  std::condition_variable stops_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sysring
