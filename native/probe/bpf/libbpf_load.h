// Loading BPF objects with libbpf: what has to be done before, and what to say when the kernel does not take one.
#pragma once

#include <csignal>
#include <cstdint>

#include "../../ring/ring.h"

namespace sysring {

// Before each load and each attachment: libbpf's words about it are kept for LoadFailure, on this thread.
void PrepareLibbpf();

// What a load that ended with this errno means.
Failure LoadFailure(int error);

// What the programs multiply pages with.
uint32_t PageKiB();

// Holds signals back while it lives: the verifier gives up (EAGAIN) when one is pending, and a profiler sends many.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace sysring
