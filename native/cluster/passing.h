// How a consumer in another process comes to the files of a queue: it asks at the cluster's socket, and is sent their descriptors.
// Who may connect to the socket may consume; that is the file system's business.
#pragma once

#include <string>
#include <vector>

#include "file.h"

namespace sysring {

// Sends `reply` with the descriptors through a connected socket, in one message. Throws Failure.
void SendFiles(int socket, const std::string& reply, const QueueFiles& files);

struct Received {
  std::string reply;
  QueueFiles files;  // invalid where the reply is a refusal
};

// Connects to the socket at `path`, sends `request` and waits for the answer. Blocks for `timeout_ms` at most. Throws Failure.
Received RequestFiles(const std::string& path, const std::string& request, int timeout_ms);

}  // namespace sysring
