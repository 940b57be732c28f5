// The network interfaces of this network namespace.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sysring {

struct Interface {
  std::string name;
  int index;
  int arphrd;  // ARPHRD_* of linux/if_arp.h: what its frames begin with
  int mtu;
  bool up;
  bool loopback;

  // LINKTYPE_* (tcpdump.org/linktypes.html) of what a packet socket reads from it; 0 where that is none this library knows.
  int Linktype() const;
};

// All of them, in the order of their indices.
std::vector<Interface> Interfaces();

// Throws Failure ERR_CAPTURE_NO_DEVICE when there is none of that name.
Interface FindInterface(const std::string& name);

}  // namespace sysring
