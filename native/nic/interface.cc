#include "interface.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../ring/ring.h"

namespace sysring {

namespace {

constexpr int kEthernet = 1, kRawIp = 101;  // LINKTYPE_*

Failure NoDevice(const std::string& name) {
  return {"ERR_CAPTURE_NO_DEVICE", "there is no interface named " + name, "see what there is: sysring devices"};
}

// Reads what there is to know of an interface through `fd`, any socket; false when it is gone.
bool Describe(int fd, Interface* interface) {
  ifreq request = {};
  auto ask = [&](unsigned long what) {
    memset(&request, 0, sizeof request);
    interface->name.copy(request.ifr_name, IFNAMSIZ - 1);
    return ioctl(fd, what, &request) == 0;
  };
  if (!ask(SIOCGIFINDEX)) return false;
  interface->index = request.ifr_ifindex;
  if (!ask(SIOCGIFHWADDR)) return false;
  interface->arphrd = request.ifr_hwaddr.sa_family;
  if (!ask(SIOCGIFMTU)) return false;
  interface->mtu = request.ifr_mtu;
  if (!ask(SIOCGIFFLAGS)) return false;
  interface->up = (request.ifr_flags & IFF_UP) != 0;
  interface->loopback = (request.ifr_flags & IFF_LOOPBACK) != 0;
  return true;
}

class AnySocket {
 public:
  AnySocket() : fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (fd < 0) throw Failure{"ERR_CAPTURE_NO_DEVICE", std::string("no socket to ask for interfaces: ") + strerror(errno), "raise the limit: ulimit -n 4096"};
  }
  ~AnySocket() { close(fd); }
  AnySocket(const AnySocket&) = delete;
  AnySocket& operator=(const AnySocket&) = delete;
  const int fd;
};

}  // namespace

int Interface::Linktype() const {
  switch (arphrd) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:  // its frames have an Ethernet header, of zeros
      return kEthernet;
    case ARPHRD_NONE:  // TUN, WireGuard
    case ARPHRD_RAWIP:
      return kRawIp;
    default:
      return 0;
  }
}

std::vector<Interface> Interfaces() {
  AnySocket any;
  std::vector<Interface> found;
  struct if_nameindex* names = if_nameindex();
  for (auto* each = names; each != nullptr && each->if_index != 0; each++) {
    Interface interface{each->if_name};
    if (Describe(any.fd, &interface)) found.push_back(interface);
  }
  if (names != nullptr) if_freenameindex(names);
  return found;
}

Interface FindInterface(const std::string& name) {
  AnySocket any;
  Interface interface{name};
  if (name.empty() || name.size() >= IFNAMSIZ || !Describe(any.fd, &interface)) throw NoDevice(name);
  return interface;
}

}  // namespace sysring
