// Filters of tcpdump's language as programs for the kernel.
#pragma once

#include <linux/filter.h>

#include <string>
#include <vector>

#include "interface.h"

namespace sysring {

// A classic BPF program, as SO_ATTACH_FILTER takes it. What it returns is how many bytes are kept of a packet; 0: none is.
using BpfFilter = std::vector<sock_filter>;

// `expression` compiled by libpcap, which is loaded for that only. What passes is cut to `snaplen` bytes. Host and port names are
// resolved, which may take as long as a name server does. Throws Failure ERR_CAPTURE_FILTER, with libpcap's own words.
BpfFilter CompileFilter(const std::string& expression, int linktype, uint32_t snaplen);

// The same for a live capture from `interface`: libpcap then knows that the kernel takes VLAN tags out of packets, and where it keeps
// them. Needs CAP_NET_RAW for expressions that ask for VLANs.
BpfFilter CompileFilterFor(const Interface& interface, const std::string& expression, uint32_t snaplen);

// All packets, cut to `snaplen` bytes; of 0, none.
BpfFilter CutTo(uint32_t snaplen);

// Of what `filter` keeps, only what is received.
BpfFilter ReceivedOnly(const BpfFilter& filter);

}  // namespace sysring
