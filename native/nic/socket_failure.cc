#include "socket_failure.h"

#include <cerrno>
#include <cstring>

namespace sysring {

Failure SocketFailure(const std::string& what) {
  int error = errno;
  std::string message = what + ": " + strerror(error);
  if (error == EPERM || error == EACCES) {
    return {"ERR_CAPTURE_PERM", message + " (CAP_NET_RAW is missing)",
            "become root (sudo), or: sudo setpriv --reuid $USER --regid $USER --init-groups --inh-caps +net_raw --ambient-caps +net_raw COMMAND; in docker run: --cap-add NET_RAW"};
  }
  if (error == ENOMEM || error == ENOBUFS) return {"ERR_CAPTURE_NO_DEVICE", message, "use a smaller ring: { ringBytes: 1 << 22 }"};
  return {"ERR_CAPTURE_NO_DEVICE", message, "see what there is: sysring devices"};
}

}  // namespace sysring
