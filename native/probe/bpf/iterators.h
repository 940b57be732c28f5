// Asks the kernel for all threads and all open files there are, with BPF iterators (since 5.8).
#pragma once

#include <cstdint>
#include <vector>

namespace sysring {

struct KernelState {
  // Records as iterators.bpf.c writes them, back to back.
  std::vector<uint8_t> threads;
  std::vector<uint8_t> files;
};

// Loads the programs, reads what they write, and unloads them. `max_fds`: files of one process at most. Throws Failure.
KernelState ReadKernelState(uint32_t max_fds);

}  // namespace sysring
