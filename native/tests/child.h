// A process of a test's own, which may be killed at any instruction.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "check.h"

namespace sysring {

class Child {
 public:
  // Forks a process that calls `run(child)` and ends with it. To be called while there is one thread.
  template <typename Run>
  explicit Child(Run run) {
    CHECK(pipe(ready_) == 0);
    pid_ = fork();
    CHECK(pid_ >= 0);
    if (pid_ > 0) return;
    run(*this);
    _exit(0);
  }
  Child(const Child&) = delete;
  ~Child() { close(ready_[0]), close(ready_[1]); }

  // Says so in the child, and waits for it in the parent.
  void SayReady() { CHECK(write(ready_[1], "!", 1) == 1); }
  void AwaitReady() {
    char byte;
    CHECK(read(ready_[0], &byte, 1) == 1);
  }

  // Its status, once it has ended: by itself, or now.
  int Wait() {
    int status;
    CHECK(waitpid(pid_, &status, 0) == pid_);
    return status;
  }
  int Kill() {
    kill(pid_, SIGKILL);
    return Wait();
  }

 private:
  int ready_[2];
  pid_t pid_;
};

}  // namespace sysring
