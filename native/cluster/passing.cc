#include "passing.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sysring {

namespace {
constexpr size_t kMaxReply = 4096;
constexpr int kMaxFiles = 2;

union Control {
  cmsghdr header;  // for its alignment
  char bytes[CMSG_SPACE(kMaxFiles * sizeof(int))];
};
}  // namespace

void SendFiles(int socket, const std::string& reply, const QueueFiles& files) {
  iovec data{const_cast<char*>(reply.data()), reply.size()};
  Control control{};
  int fds[kMaxFiles] = {files.memory.get(), files.consumer.get()};
  const int count = files.consumer ? 2 : 1;
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = CMSG_SPACE(count * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof(int));
  memcpy(CMSG_DATA(header), fds, count * sizeof(int));
  // Short, and the first thing in this direction: it fits into the socket's buffer.
  if (sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) != static_cast<ssize_t>(reply.size())) {
    throw Failure{"ERR_CAPTURE_IO", std::string("cannot send the files of a queue: ") + strerror(errno), "the consumer went away; let it try again"};
  }
}

Received RequestFiles(const std::string& path, const std::string& request, int timeout_ms) {
  auto fail = [&](const std::string& what) {
    const char* code = errno == EACCES || errno == EPERM ? "ERR_CAPTURE_PERM" : "ERR_CAPTURE_NO_DEVICE";
    return Failure{code, "cannot reach the cluster at " + path + ": " + what, "is the balancer running, and are you in its group? ls -l " + path};
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw Failure{"ERR_CAPTURE_OPTION", "the path of the cluster is too long: " + path, "107 bytes at most"};
  memcpy(address.sun_path, path.data(), path.size());
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  timeval timeout{timeout_ms / 1000, timeout_ms % 1000 * 1000};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  if (!socket || connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw fail(strerror(errno));
  if (send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) throw fail(strerror(errno));

  char reply[kMaxReply];
  iovec data{reply, sizeof reply};
  Control control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  ssize_t got;
  do got = recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) throw fail("no answer within " + std::to_string(timeout_ms / 1000) + " s");
  if (got <= 0) throw fail(got < 0 ? strerror(errno) : "it hung up");

  Received received{std::string(reply, static_cast<size_t>(got)), {}};
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    int fds[kMaxFiles];
    memcpy(fds, CMSG_DATA(header), std::min<size_t>(count, kMaxFiles) * sizeof(int));
    if (count > 0) received.files.memory = Fd(fds[0]);
    if (count > 1) received.files.consumer = Fd(fds[1]);
  }
  return received;
}

}  // namespace sysring
