#include "tap.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../ring/ring.h"

namespace sysring {

namespace {

constexpr char kDevice[] = "/dev/net/tun";
// MAX_MTU of drivers/net/tun.c, which counts the Ethernet header in.
constexpr size_t kFrame = 65535;
constexpr int kMtu = kFrame - sizeof(Tap::EthernetHeader);
constexpr size_t kHeader = sizeof(Tap::EthernetHeader) + sizeof(TapFrame::header);
constexpr char kPrivileges[] =
    "become root (sudo), or: sudo setpriv --reuid $USER --regid $USER --init-groups --inh-caps +net_admin --ambient-caps +net_admin COMMAND; "
    "in docker run: --cap-add NET_ADMIN --device /dev/net/tun";

Failure OpenFailure(int error) {
  std::string message = std::string(kDevice) + ": " + strerror(error);
  switch (error) {
    case ENOENT: return {"ERR_CAPTURE_NO_DEVICE", message, "modprobe tun; in docker run: --cap-add NET_ADMIN --device /dev/net/tun; otherwise: mkdir -p /dev/net && mknod /dev/net/tun c 10 200"};
    case ENXIO:
    case ENODEV: return {"ERR_CAPTURE_NO_DEVICE", message + " (the kernel has no driver for it)", "modprobe tun"};
    case EACCES:
    case EPERM: return {"ERR_CAPTURE_PERM", message, kPrivileges};
    default: return {"ERR_CAPTURE_NO_DEVICE", message, "see what is missing: sysring doctor"};
  }
}

Failure MakeFailure(const std::string& name, int error) {
  std::string message = "cannot make the interface " + name + ": " + strerror(error);
  switch (error) {
    // It was asked for one that is not there yet.
    case EEXIST:
    case EBUSY: return {"ERR_CAPTURE_BUSY", "there is an interface named " + name + " already", "choose another name"};
    case EINVAL: return {"ERR_CAPTURE_OPTION", message, "choose a name that ip link takes, such as sysdig0"};
    case EPERM: return {"ERR_CAPTURE_PERM", message + " (CAP_NET_ADMIN is missing)", kPrivileges};
    default: return {"ERR_CAPTURE_NO_DEVICE", message, "see what is missing: sysring doctor"};
  }
}

// As dev_valid_name() of net/core/dev.c, and without the % that would number interfaces.
void CheckName(const std::string& name) {
  if (!name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." && name.find_first_of("/:% \t\n\v\f\r") == std::string::npos &&
      name.find('\0') == std::string::npos) {
    return;
  }
  throw Failure{"ERR_CAPTURE_OPTION", "'" + name + "' cannot be the name of an interface: 1 to 15 bytes, and none of / : % and blanks", "choose another one, such as sysdig0"};
}

// Tells IPv6 to give the interface no address (ip link set NAME addrgenmode none): then it has nothing to ask neighbours and routers for.
void KeepAddressesOff(const std::string& name) {
  struct {
    nlmsghdr message;
    ifinfomsg link;
    rtattr families, inet6, mode;
    uint8_t value[4];
  } request = {};
  request.message = {sizeof request, RTM_SETLINK, NLM_F_REQUEST, 0, 0};
  request.link.ifi_index = static_cast<int>(if_nametoindex(name.c_str()));
  request.mode = {RTA_LENGTH(1), IFLA_INET6_ADDR_GEN_MODE};
  request.inet6 = {RTA_LENGTH(sizeof request.mode + sizeof request.value), AF_INET6};
  request.families = {static_cast<unsigned short>(RTA_LENGTH(request.inet6.rta_len)), IFLA_AF_SPEC};
  request.value[0] = IN6_ADDR_GEN_MODE_NONE;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return;
  // It is done when send() returns. A kernel without IPv6 says no.
  [[maybe_unused]] ssize_t sent = send(fd, &request, sizeof request, 0);
  close(fd);
}

// IPv6 would look for neighbours and routers as soon as the interface is up. Without IPv6 there is no such file.
void KeepIpv6Off(const std::string& name) {
  std::string path = "/proc/sys/net/ipv6/conf/" + name + "/disable_ipv6";
  int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    // In containers /proc/sys is read-only.
    if (errno != ENOENT) KeepAddressesOff(name);
    return;
  }
  [[maybe_unused]] ssize_t written = write(fd, "1", 1);
  close(fd);
}

// Quiet first, then up.
void BringUp(const std::string& name) {
  KeepIpv6Off(name);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request = {};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  auto ask = [&](unsigned long what) { return ioctl(fd, what, &request) == 0; };
  request.ifr_mtu = kMtu;
  bool is_up = fd >= 0 && ask(SIOCSIFMTU);
  request.ifr_flags = IFF_NOARP;
  is_up = is_up && ask(SIOCSIFFLAGS);
  request.ifr_flags = IFF_NOARP | IFF_UP;
  is_up = is_up && ask(SIOCSIFFLAGS);
  int error = errno;
  if (fd >= 0) close(fd);
  if (!is_up) throw MakeFailure(name, error);
}

}  // namespace

Tap::Tap(const std::string& name, const std::array<EthernetHeader, 2>& headers) : name_(name), headers_(headers), frame_(kFrame) {
  CheckName(name);
  fd_ = open(kDevice, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) throw OpenFailure(errno);
  try {
    ifreq request = {};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    // IFF_TUN_EXCL: somebody else's is not taken over.
    request.ifr_flags = IFF_TAP | IFF_NO_PI | static_cast<short>(IFF_TUN_EXCL);
    if (ioctl(fd_, TUNSETIFF, &request) != 0) throw MakeFailure(name, errno);
    BringUp(name);
  } catch (...) {
    close(fd_);
    throw;
  }
}

Tap::~Tap() { close(fd_); }

ssize_t Tap::WriteOne(const TapSource* sources, size_t source_count, const TapFrame& frame) {
  size_t source = frame.source >> 1;
  if (source >= source_count || frame.at > sources[source].size || frame.length > sources[source].size - frame.at) {
    errno = EFAULT;
    return -1;
  }
  const uint8_t* data = sources[source].data + frame.at;
  if (frame.header == 0) return write(fd_, data, frame.length);
  if (frame.length > kFrame - kHeader) {
    errno = EMSGSIZE;
    return -1;
  }
  // Put together rather than writev() of two pieces: the kernel takes longer over those than a copy does.
  const EthernetHeader& ethernet = headers_[frame.source & 1];
  memcpy(frame_.data(), ethernet.data(), sizeof ethernet);
  memcpy(frame_.data() + sizeof ethernet, &frame.header, sizeof frame.header);
  memcpy(frame_.data() + kHeader, data, frame.length);
  return write(fd_, frame_.data(), kHeader + frame.length);
}

void Tap::Write(const TapSource* sources, size_t source_count, const TapFrame* frames, size_t count) {
  for (size_t i = 0; i < count; i++) {
    ssize_t written;
    do written = WriteOne(sources, source_count, frames[i]);
    while (written < 0 && errno == EINTR);
    if (written >= 0) {
      counters_.written++;
      counters_.written_bytes += static_cast<uint64_t>(written);
    } else if (errno == EBADFD) {
      counters_.down += count - i;
      throw Failure{"ERR_CAPTURE_NO_DEVICE", "the interface " + name_ + " was removed", "leave it to this program to remove it: end that with Ctrl-C"};
    } else {
      CountFailure(errno);
    }
  }
}

void Tap::CountFailure(int error) {
  switch (error) {
    case EINVAL: counters_.too_short++; break;
    case EAGAIN:
    case ENOMEM:
    case ENOBUFS: counters_.no_buffer++; break;
    case EIO: counters_.down++; break;  // IFF_UP is not set
    default: counters_.other++;
  }
}

}  // namespace sysring
