// A consumer that may be killed at any instruction, and one that writes rubbish. For test/lifecycle/cluster.test.ts.
//
//     consumer WHERE QUEUE LOG        reads until the producer ends; WHERE is a cluster's socket, or the path of its memory
//     consumer WHERE QUEUE rubbish    writes what it likes into the page that it may write, until it is killed
//
// Records are numbered, from 1, in their tid. LOG is a file that all consumers of a queue map one after the other: what the one
// before had read and had given back.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "cluster/attached_queue.h"
#include "cluster/passing.h"

using namespace sysring;

namespace {

struct Log {
  uint64_t released;  // all records up to this number were given back
  uint64_t errors;    // records that came out of order, or again although they were given back
  uint64_t attached;
  uint8_t read[];     // how often each record was read
};

// Some microseconds for each record: when it is killed, it is most likely in the middle of some.
void Work() {
  for (volatile int i = 0; i < 10'000;) i = i + 1;
}

QueueFiles FilesOf(const std::string& where, uint32_t queue) {
  struct stat found;
  if (stat(where.c_str(), &found) == 0 && !S_ISSOCK(found.st_mode)) return AttachedQueue::OpenPath(where);
  return RequestFiles(where, "{\"sysring\":1,\"queue\":" + std::to_string(queue) + "}\n", 10'000).files;
}

Log* Map(const char* path) {
  int fd = open(path, O_RDWR);
  struct stat found;
  if (fd < 0 || fstat(fd, &found) != 0) exit(2);
  void* at = mmap(nullptr, static_cast<size_t>(found.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) exit(2);
  return static_cast<Log*>(at);
}

int Read(AttachedQueue& queue, Log& log) {
  QueueReader& reader = queue.reader();
  log.attached++;
  uint64_t last = 0;
  for (uint32_t at = reader.tail();;) {
    const bool ended = queue.State() != ClusterState::kRunning;
    const uint32_t end = reader.Head();
    if (at == end) {
      if (ended) return 0;
      if (!queue.ProducerLives()) return 3;
      reader.Wait(1, 10);
      continue;
    }
    // A few at a time, so that there is a lot to be killed between.
    for (int n = 0; n < 50 && at != end; n++) {
      const uint8_t* entry = reader.data()->data() + (at & (reader.size() - 1));
      uint32_t size;
      uint64_t number;
      memcpy(&size, entry, sizeof size);
      memcpy(&number, entry + sizeof(queue_entry) + 8, sizeof number);
      if (number <= last || number <= log.released) log.errors++;
      log.read[number]++;
      last = number;
      Work();
      at += size;
    }
    if (!reader.Release(at)) log.errors++;
    log.released = last;
  }
}

[[noreturn]] void WriteRubbish(const QueueFiles& files) {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, files.consumer.get(), 0);
  if (page == MAP_FAILED) exit(2);
  // What else it was given is not for writing.
  if (mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, files.memory.get(), 0) != MAP_FAILED) exit(4);
  if (ftruncate(files.consumer.get(), 0) == 0 || ftruncate(files.memory.get(), 0) == 0) exit(5);
  printf("attached\n");
  fflush(stdout);
  for (;;) {
    for (int i = 0; i < 4096 / 4; i++) static_cast<volatile uint32_t*>(page)[i] = static_cast<uint32_t>(random());
    usleep(100);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const uint32_t number = static_cast<uint32_t>(atoi(argv[2]));
  try {
    QueueFiles files = FilesOf(argv[1], number);
    if (strcmp(argv[3], "rubbish") == 0) WriteRubbish(files);
    AttachedQueue queue(std::move(files), number);
    printf("attached\n");
    fflush(stdout);
    return Read(queue, *Map(argv[3]));
  } catch (const Failure& failure) {
    fprintf(stderr, "%s\n", failure.message.c_str());
    return 1;
  }
}
