// Clusters for tests, and their files in a folder that goes away with the last of them.
#pragma once

#include <unistd.h>

#include <functional>
#include <string>

#include "../cluster/attached_queue.h"
#include "../cluster/memory.h"
#include "check.h"

namespace sysring {

constexpr uint32_t kSize = 128 << 10;

inline ClusterOptions Options(uint32_t queues, const std::string& path = {}) {
  ClusterOptions options;
  options.queue_bytes.assign(queues, kSize);
  options.description = "{\"test\":true}";
  options.path = path;
  return options;
}

// The code of the Failure that `act` throws; empty if it does not.
inline std::string FailureOf(const std::function<void()>& act) {
  try {
    act();
  } catch (const Failure& failure) {
    CHECK(!failure.message.empty() && !failure.hint.empty());
    return failure.code;
  }
  return {};
}

inline std::string Folder() {
  static const std::string folder = [] {
    char name[] = "/dev/shm/sysring-test-XXXXXX";
    CHECK(mkdtemp(name) != nullptr);
    return std::string(name);
  }();
  return folder;
}

}  // namespace sysring
