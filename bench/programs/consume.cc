// What the queue alone can do: a consumer in C++ in place of the worker thread. For bench/queue.ts.
//
//     consume PATH CPU
//
// Reads time, thread, type and length of every record, and prints what bench/queue.mjs does.
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "cluster/attached_queue.h"

using namespace sysring;

namespace {

constexpr size_t kMaxLatencies = 1 << 16;

uint64_t Now(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<unsigned>(atoi(argv[2])), &cpus);
  sched_setaffinity(0, sizeof cpus, &cpus);
  try {
    AttachedQueue queue(AttachedQueue::OpenPath(argv[1]), 0);
    QueueReader& reader = queue.reader();
    printf("ready\n");
    fflush(stdout);
    std::vector<uint64_t> latencies;
    uint64_t events = 0, bursts = 0, sum = 0, begin = 0;
    for (uint32_t at = reader.tail();;) {
      // Before the head is looked at: what was placed before the end is seen.
      const bool ended = queue.State() != ClusterState::kRunning;
      const uint32_t end = reader.Head();
      if (at == end) {
        if (ended) break;
        reader.Wait(1, 10);
        continue;
      }
      const uint64_t now = Now(CLOCK_MONOTONIC);
      if (begin == 0) begin = now;
      bursts++;
      while (at != end) {
        const uint8_t* entry = reader.data()->data() + (at & (reader.size() - 1));
        uint64_t ts, tid;
        uint32_t size, len;
        uint16_t type;
        memcpy(&size, entry, sizeof size);
        memcpy(&ts, entry + 16, sizeof ts);
        memcpy(&tid, entry + 24, sizeof tid);
        memcpy(&len, entry + 32, sizeof len);
        memcpy(&type, entry + 36, sizeof type);
        if (latencies.size() < kMaxLatencies) latencies.push_back(now - ts);
        sum += ts + tid + type + len;
        events++;
        at += size;
      }
      reader.Release(at);
    }
    const double wall_ms = static_cast<double>(Now(CLOCK_MONOTONIC) - begin) / 1e6, cpu_ms = static_cast<double>(Now(CLOCK_PROCESS_CPUTIME_ID)) / 1e6;
    std::sort(latencies.begin(), latencies.end());
    auto share = [&](double part) { return latencies.empty() ? 0 : static_cast<double>(latencies[static_cast<size_t>(part * static_cast<double>(latencies.size() - 1))]) / 1000; };
    printf("{\"events\":%llu,\"bursts\":%llu,\"wallMs\":%f,\"cpuMs\":%f,\"sum\":%u,\"p50\":%f,\"p90\":%f,\"p99\":%f}\n", static_cast<unsigned long long>(events),
           static_cast<unsigned long long>(bursts), wall_ms, cpu_ms, static_cast<uint32_t>(sum), share(0.5), share(0.9), share(0.99));
  } catch (const Failure& failure) {
    fprintf(stderr, "%s\n", failure.message.c_str());
    return 1;
  }
}
