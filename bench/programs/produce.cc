// The producer of the queue benchmarks: one queue in a named file, filled with records of 80 bytes.
//
//     produce PATH rate|wake COUNT CPU
//
// Prints "ready", waits for a byte on standard input and for a consumer. rate: as fast as there is room; wake: one record, stamped
// with CLOCK_MONOTONIC, each time that the consumer has been asleep for a while. At the end it prints {"made":…,"wallNs":…}.
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cluster/memory.h"

using namespace sysring;

namespace {

constexpr uint32_t kRecord = 80, kHeader = 26, kQueueBytes = 4 << 20;
// As the balancer does.
constexpr uint32_t kPublishEvery = 256;
constexpr long kPauseNs = 100'000;
constexpr char kDescription[] = R"({"device":"bench","interfaces":[{"name":"bench","linktype":147,"snaplen":0}],"by":"cpu","waits":true,"queues":[{"application":"queue","index":0}]})";

uint64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

struct Record {
  alignas(8) uint8_t bytes[kRecord]{};

  Record() {
    const uint64_t tid = 7;
    const uint32_t len = kRecord, nparams = 0;
    memcpy(bytes + 8, &tid, sizeof tid);
    memcpy(bytes + 16, &len, sizeof len);
    memcpy(bytes + 22, &nparams, sizeof nparams);
  }
  void Stamp(uint64_t ts) { memcpy(bytes, &ts, sizeof ts); }
};

void Fill(QueueWriter& writer, uint64_t count) {
  Record record;
  const Entry entry{record.bytes, kRecord};
  for (uint64_t made = 1; made <= count; made++) {
    while (!writer.HasRoom(kRecord)) writer.Publish();
    record.Stamp(made);
    writer.Place(entry);
    if (made % kPublishEvery == 0) writer.Publish();
  }
}

void Wake(ClusterMemory& memory, uint64_t count) {
  Record record;
  const Entry entry{record.bytes, kRecord};
  const timespec pause{0, kPauseNs};
  for (uint64_t made = 0; made < count; made++) {
    nanosleep(&pause, nullptr);
    memory.Beat();
    record.Stamp(Now());
    memory.writer(0).Place(entry);
    memory.writer(0).Publish();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<unsigned>(atoi(argv[4])), &cpus);
  sched_setaffinity(0, sizeof cpus, &cpus);
  ClusterOptions options;
  options.path = argv[1];
  options.queue_bytes = {kQueueBytes};
  options.description = kDescription;
  try {
    ClusterMemory memory(options);
    printf("ready\n");
    fflush(stdout);
    char byte;
    if (read(0, &byte, 1) != 1) return 1;
    while (!memory.IsAttached(0)) usleep(1000);
    const uint64_t count = strtoull(argv[3], nullptr, 10), begin = Now();
    if (strcmp(argv[2], "wake") == 0) Wake(memory, count);
    else Fill(memory.writer(0), count);
    memory.writer(0).Publish();
    memory.End(ClusterState::kEnded);
    printf("{\"made\":%llu,\"wallNs\":%llu}\n", static_cast<unsigned long long>(count), static_cast<unsigned long long>(Now() - begin));
    fflush(stdout);
    // The file goes with the cluster: not before its consumer has read it.
    while (memory.IsAttached(0)) usleep(1000);
  } catch (const Failure& failure) {
    fprintf(stderr, "%s\n", failure.message.c_str());
    return 1;
  }
}
