#include "file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sysring {

namespace {
struct flock Range(short type, uint64_t start, uint64_t length) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(start);
  range.l_len = static_cast<off_t>(length);
  return range;
}
}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

void FileName::Own(const std::string& path, int fd) {
  path_ = path;
  fd_ = fd;
}

FileName::~FileName() {
  if (fd_ >= 0 && IsNameOf(path_, fd_)) unlink(path_.c_str());
}

bool Lock(int fd, uint64_t start) {
  struct flock range = Range(F_WRLCK, start, 1);
  return fcntl(fd, F_OFD_SETLK, &range) == 0;
}

int Locked(int fd, uint64_t start) {
  // A read lock is kept off by a write lock alone, and for that one needs a descriptor that can write.
  struct flock range = Range(F_RDLCK, start, 1);
  if (fcntl(fd, F_OFD_GETLK, &range) != 0) return -1;
  return range.l_type == F_UNLCK ? 0 : 1;
}

void Claim(int fd, const std::string& name) {
  if (Lock(fd, 0) || (errno != EAGAIN && errno != EACCES)) return;
  throw Failure{"ERR_CAPTURE_BUSY", name + " is the memory of a cluster that runs", "end it, or take another name"};
}

Fd Anonymous(const char* name, uint64_t size) {
  Fd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  // 0600: a descriptor of it that is read-only cannot be opened again for writing by somebody else.
  if (!fd || fchmod(fd.get(), 0600) != 0 || ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
    throw Failure{"ERR_CAPTURE_IO", Because("cannot make memory for the cluster"), "see: ulimit -n; free -m"};
  }
  return fd;
}

void Allocate(int fd, uint64_t size) {
  int error;
  do error = posix_fallocate(fd, 0, static_cast<off_t>(size));
  while (error == EINTR);
  if (error != 0) {
    errno = error;
    throw Failure{"ERR_CAPTURE_IO", Because("cannot allocate " + std::to_string(size >> 20) + " MiB for the cluster"), "take smaller queues: { queueBytes: 1 << 20 }"};
  }
}

Fd Reopen(int fd, int flags) {
  Fd again(open(("/proc/self/fd/" + std::to_string(fd)).c_str(), flags | O_CLOEXEC));
  if (!again) throw Failure{"ERR_CAPTURE_IO", Because("cannot open the cluster's memory again"), "is /proc mounted?"};
  return again;
}

void Seal(int fd, int seals) {
  if (fcntl(fd, F_ADD_SEALS, seals) != 0) throw Failure{"ERR_CAPTURE_IO", Because("cannot seal the cluster's memory"), "is this Linux 5.1 or later?"};
}

bool KeepsItsSize(int fd) {
  const int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK);
}

bool IsNameOf(const std::string& path, int fd) {
  struct stat named, opened;
  return lstat(path.c_str(), &named) == 0 && fstat(fd, &opened) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

bool IsLeftBehind(int fd) {
  struct stat found;
  cluster_header header;
  constexpr size_t kBytes = offsetof(cluster_header, reason);
  return fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && (found.st_uid == geteuid() || geteuid() == 0) && pread(fd, &header, kBytes, 0) == static_cast<ssize_t>(kBytes) &&
         header.magic == kClusterMagic && header.version == kClusterVersion && header.made_file == 1;
}

std::string Because(const std::string& what) { return what + ": " + strerror(errno); }

}  // namespace sysring
