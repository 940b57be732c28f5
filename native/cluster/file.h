// The files that a cluster's memory lies in.
//
// Locks say who is there, because the kernel takes them back however a process ends: the producer holds one on the header, the
// consumer of a queue one on its page. They are open file description locks, so each end opens the files anew.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "../ring/ring.h"
#include "layout.h"

namespace sysring {

// A file descriptor that is closed with it.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// The name of a file that we made, which is removed with it.
class FileName {
 public:
  FileName() = default;
  FileName(const FileName&) = delete;
  FileName& operator=(const FileName&) = delete;
  ~FileName();
  // `fd` is the file that has it.
  void Own(const std::string& path, int fd);
  explicit operator bool() const { return fd_ >= 0; }

 private:
  std::string path_;
  int fd_ = -1;
};

// What a consumer needs of one queue.
struct QueueFiles {
  Fd memory;    // read-only where that can be enforced
  Fd consumer;  // invalid if the consumer's page lies in `memory`
};

// Takes the lock on the byte at `start`. False and errno if that cannot be done: EAGAIN or EACCES if somebody else has it.
bool Lock(int fd, uint64_t start);
// 1: somebody else has it, 0: nobody, −1: this file cannot tell.
int Locked(int fd, uint64_t start);
// Takes the producer's, where the file can be locked; `name` is for the Failure it throws.
void Claim(int fd, const std::string& name);

// Memory without a name, of `size` bytes that are there. Throws Failure.
Fd Anonymous(const char* name, uint64_t size);
// All of it now: a page that cannot be had later would be a signal instead of an error. Throws Failure.
void Allocate(int fd, uint64_t size);
// The same file once more, with a lock of its own. Throws Failure.
Fd Reopen(int fd, int flags);
// F_SEAL_* of fcntl(2). Throws Failure.
void Seal(int fd, int seals);
// Who maps a file that gets shorter is killed.
bool KeepsItsSize(int fd);

bool IsNameOf(const std::string& path, int fd);
// Did another producer of ours make that file and, killed, not remove it?
bool IsLeftBehind(int fd);

// What went wrong, and errno.
std::string Because(const std::string& what);

}  // namespace sysring
