// Tests of native/cluster without Node: the files that a cluster's memory lies in. Run as queue.cc is.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "../cluster/passing.h"
#include "files.h"
#include "records.h"

using namespace sysring;

namespace {

uint32_t times = 1;

void NamedFiles() {
  const std::string path = Folder() + "/named";
  auto exists = [&] { return access(path.c_str(), F_OK) == 0; };
  {
    ClusterOptions options = Options(2, path);
    options.mode = 0640;
    ClusterMemory memory(options);
    struct stat found;
    CHECK(stat(path.c_str(), &found) == 0 && (found.st_mode & 07777) == 0640);
    AttachedQueue first(AttachedQueue::OpenPath(path), 0), second(AttachedQueue::OpenPath(path), 1);
    CHECK(first.Description() == "{\"test\":true}" && first.ProducerLives() && memory.IsAttached(0));
    CHECK(FailureOf([&] { AttachedQueue third(AttachedQueue::OpenPath(path), 0); }) == "ERR_CAPTURE_BUSY");
    CHECK(FailureOf([&] { AttachedQueue third(AttachedQueue::OpenPath(path), 2); }) == "ERR_CAPTURE_NO_DEVICE");
  }
  CHECK(!exists() && FailureOf([&] { AttachedQueue::OpenPath(path); }) == "ERR_CAPTURE_NO_DEVICE");

  // One that is there is a virtual machine's: used where it is large enough, and left there.
  int fd = open(path.c_str(), O_RDWR | O_CREAT, 0600);
  CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
  CHECK(FailureOf([&] { ClusterMemory memory(Options(1, path)); }) == "ERR_CAPTURE_IO" && exists());
  CHECK(ftruncate(fd, 1 << 20) == 0);
  auto mapped = Mapping::Once(fd, 1 << 20, 0, true);
  memset(mapped->data(), 0xaa, 1 << 20);
  std::unique_ptr<AttachedQueue> before;
  for (int round = 0; round < 2; round++) {
    ClusterMemory memory(Options(2, path));
    CHECK(reinterpret_cast<cluster_header*>(mapped->data())->magic == kClusterMagic);
    AttachedQueue attached(AttachedQueue::OpenPath(path), 0);
    auto record = Record(3, 100);
    CHECK(attached.ProducerLives() && memory.writer(0).Place({record.data(), 100}));
    memory.writer(0).Publish();
    CHECK(attached.reader().Pending() == 1);
    // Whoever has it from the producer before is told, whatever this one says.
    memory.End(ClusterState::kEnded);
    if (before) CHECK(!before->ProducerLives() && before->State() == ClusterState::kRunning);
    else before = std::make_unique<AttachedQueue>(AttachedQueue::OpenPath(path), 1);
  }
  CHECK(exists());
  close(fd);
  if (geteuid() == 0) {
    CHECK(chown(path.c_str(), 65534, 0) == 0);
    CHECK(FailureOf([&] { ClusterMemory memory(Options(1, path)); }) == "ERR_CAPTURE_PERM" && exists());
  }
  unlink(path.c_str());

  // Not through a link, which somebody else may have put there; and what cannot be made is not left half.
  CHECK(symlink("/etc/passwd", path.c_str()) == 0 && FailureOf([&] { ClusterMemory memory(Options(1, path)); }) == "ERR_CAPTURE_IO");
  unlink(path.c_str());
  ClusterOptions large = Options(128, path);
  large.queue_bytes.assign(128, 1 << 30);
  CHECK(FailureOf([&] { ClusterMemory memory(large); }) == "ERR_CAPTURE_IO" && !exists());
  // A name that meanwhile is somebody else's is not ours to remove.
  {
    ClusterMemory memory(Options(1, path));
    unlink(path.c_str());
    close(open(path.c_str(), O_RDWR | O_CREAT, 0600));
  }
  CHECK(exists());
  unlink(path.c_str());
  for (uint32_t bytes : {0u, kSize - 1, kSize / 2, 3 * kSize, 1u << 31}) {
    ClusterOptions wrong = Options(1);
    wrong.queue_bytes[0] = bytes;
    CHECK(FailureOf([&] { ClusterMemory memory(wrong); }) == "ERR_CAPTURE_OPTION");
  }
  CHECK(FailureOf([] { ClusterMemory memory(Options(0)); }) == "ERR_CAPTURE_OPTION" && FailureOf([] { ClusterMemory memory(Options(129)); }) == "ERR_CAPTURE_OPTION");
}

// A header that says anything at all is refused, or what it says lies within the file.
void RubbishHeaders() {
  const std::string path = Folder() + "/rubbish";
  ClusterMemory memory(Options(2, path));
  QueueFiles files = AttachedQueue::OpenPath(path);
  struct stat found;
  CHECK(fstat(files.memory.get(), &found) == 0);
  std::vector<uint8_t> good(static_cast<size_t>(found.st_size));
  CHECK(pread(files.memory.get(), good.data(), good.size(), 0) == found.st_size);
  const std::string copy = path + "-copy";
  auto attach = [&](const std::vector<uint8_t>& bytes) {
    const int fd = open(copy.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    close(fd);
    return FailureOf([&] {
      AttachedQueue attached(AttachedQueue::OpenPath(copy), 1);
      attached.reader().Pending();
      attached.Description();
      attached.Reason();
      attached.State();
      attached.ProducerLives();
      attached.Wait(8, 0);
      uint32_t sum = 0;
      for (uint32_t at = 0; at < attached.reader().size() * 2; at += 4096) sum += attached.reader().data()->data()[at];
      CHECK(sum < UINT32_MAX);
    });
  };
  CHECK(attach(good).empty());
  for (size_t len : {size_t{0}, size_t{8}, sizeof(cluster_header) - 1, sizeof(cluster_header), good.size() - 1, good.size() - kSize}) {
    CHECK(attach({good.begin(), good.begin() + static_cast<ptrdiff_t>(len)}) == "ERR_CAPTURE_FORMAT");
  }
  auto changed = [&](size_t at, auto value) {
    auto bytes = good;
    memcpy(bytes.data() + at, &value, sizeof value);
    return attach(bytes);
  };
  CHECK(changed(offsetof(cluster_header, magic), uint64_t{0}) == "ERR_CAPTURE_FORMAT");
  CHECK(changed(offsetof(cluster_header, version), 2u) == "ERR_CAPTURE_VERSION");
  CHECK(changed(offsetof(cluster_header, page), 65536u) == "ERR_CAPTURE_VERSION");
  CHECK(changed(offsetof(cluster_header, queues), 129u) == "ERR_CAPTURE_FORMAT");
  CHECK(changed(offsetof(cluster_header, queues), 1u) == "ERR_CAPTURE_NO_DEVICE");
  CHECK(changed(offsetof(cluster_header, description), UINT32_MAX) == "ERR_CAPTURE_FORMAT");
  const size_t second = offsetof(cluster_header, layout) + sizeof(queue_layout);
  for (uint64_t offset : {uint64_t{0}, uint64_t{1}, good.size() - 4096 + 1, good.size() + 4096, UINT64_MAX - 4095, uint64_t{1} << 63}) {
    for (size_t field : {offsetof(queue_layout, producer), offsetof(queue_layout, consumer), offsetof(queue_layout, data)}) {
      CHECK(changed(second + field, offset) == "ERR_CAPTURE_FORMAT");
    }
  }
  for (uint32_t size : {0u, 1u, 4096u, kSize * 2, kSize + 1, 1u << 31, UINT32_MAX}) CHECK(changed(second + offsetof(queue_layout, size), size) == "ERR_CAPTURE_FORMAT");
  Random random(11);
  for (uint32_t round = 0; round < 300 * times; round++) {
    auto bytes = good;
    // Somewhere in the header's numbers or its layout, or the pages.
    for (uint32_t i = 0; i < 1 + random(3); i++) {
      const uint32_t at = random(2) == 0 ? 12 + random(static_cast<uint32_t>(second) + 32 - 12) : static_cast<uint32_t>(sizeof(cluster_header)) + random(5 * 4096);
      bytes[at] = static_cast<uint8_t>(random(256));
    }
    attach(bytes);
  }
  unlink(copy.c_str());
}

// What a consumer is sent lets it do nothing but consume.
void SealedFiles() {
  ClusterMemory memory(Options(2));
  QueueFiles files = memory.FilesOf(0);
  // As it is sent: through a socket.
  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  SendFiles(ends[0], "{}", files);
  close(ends[0]), close(ends[1]);

  auto cannot = [](int fd) {
    char byte = 1;
    CHECK(ftruncate(fd, 0) != 0 && ftruncate(fd, 1 << 30) != 0);
    CHECK(write(fd, &byte, 1) != 1);
    CHECK(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) != 0);
    void* readable = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(readable != MAP_FAILED && mprotect(readable, 4096, PROT_READ | PROT_WRITE) != 0);
    munmap(readable, 4096);
  };
  cannot(files.memory.get());
  // Nor by opening it again for writing, which the same user can.
  Fd again(open(("/proc/self/fd/" + std::to_string(files.memory.get())).c_str(), O_RDWR | O_CLOEXEC));
  CHECK(again);
  cannot(again.get());
  CHECK(fcntl(again.get(), F_ADD_SEALS, F_SEAL_WRITE) != 0);
  // Its own page it can write, and neither cut nor close to the next consumer.
  CHECK(ftruncate(files.consumer.get(), 0) != 0 && ftruncate(files.consumer.get(), 8192) != 0);
  for (int seal : {F_SEAL_WRITE, F_SEAL_FUTURE_WRITE, F_SEAL_SHRINK}) CHECK(fcntl(files.consumer.get(), F_ADD_SEALS, seal) != 0);
  CHECK(FailureOf([&] { AttachedQueue attached(memory.FilesOf(0), 0); }).empty());

  // A read lock on the producer's byte does not look like a producer.
  AttachedQueue attached(memory.FilesOf(1), 1);
  {
    struct flock range {};
    range.l_type = F_RDLCK;
    range.l_len = 1;
    CHECK(fcntl(files.memory.get(), F_OFD_SETLK, &range) != 0);
    auto other = std::make_unique<ClusterMemory>(Options(1));
    QueueFiles theirs = other->FilesOf(0);
    AttachedQueue orphan(other->FilesOf(0), 0);
    other.reset();
    CHECK(fcntl(theirs.memory.get(), F_OFD_SETLK, &range) == 0 && !orphan.ProducerLives());
  }
  CHECK(attached.ProducerLives());
  // Files that could be cut are not taken.
  QueueFiles loose{Fd(memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING)), Fd(memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING))};
  CHECK(ftruncate(loose.memory.get(), 1 << 20) == 0);
  CHECK(FailureOf([&] { AttachedQueue refused(std::move(loose), 0); }) == "ERR_CAPTURE_FORMAT");
}

// Without a lock to ask, as on the other side of a virtual machine, a heart has to beat.
void HeartBeats() {
  const std::string path = Folder() + "/beats", copy = path + "-copy";
  ClusterMemory memory(Options(1, path));
  CHECK(system(("cp " + path + " " + copy).c_str()) == 0);
  AttachedQueue attached(AttachedQueue::OpenPath(copy), 0);
  const int fd = open(copy.c_str(), O_RDWR | O_CLOEXEC);
  auto header = Mapping::Once(fd, sizeof(cluster_header), 0, true);
  close(fd);
  for (int tenth = 0; tenth < 40; tenth++) {
    usleep(100'000);
    __atomic_fetch_add(&reinterpret_cast<cluster_header*>(header->data())->beat, 1, __ATOMIC_RELAXED);
    CHECK(attached.ProducerLives());
    attached.Wait(8, kForever);  // nobody could wake it: it does not sleep for long
  }
  while (attached.ProducerLives()) usleep(100'000);
  unlink(copy.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) times = static_cast<uint32_t>(atoi(argv[1]));
  RUN(NamedFiles);
  RUN(RubbishHeaders);
  RUN(SealedFiles);
  if (times > 1) RUN(HeartBeats);
  CHECK(rmdir(Folder().c_str()) == 0);
  printf("all\n");
}
