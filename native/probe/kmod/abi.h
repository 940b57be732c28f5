// The device of the sysdig kernel module, as far as a consumer sees it. Source: ppm_events_public.h and main.c of the driver,
// versions 0.1.72 (2014) to 10.2.0 (2026). Which version has which request is lib/probe/kmod's business.
#pragma once

#include <linux/ioctl.h>

#include <cstdint>

namespace sysring {

// Requests have a number only, neither size nor direction.
constexpr unsigned long KmodRequest(uint32_t number) { return _IO('s', number); }

enum : uint32_t {
  kMaskSetEvent = 6,       // arg: event code; EINVAL beyond the driver's table. 0.1.85 … 3.0
  kGetCurrentPid = 13,     // returns the caller's pid in the initial pid namespace. Since 0.1.99
  kGetDriverVersion = 21,  // arg: char*, up to the driver's own length. Since 0.23
  kGetApiVersion = 24,     // arg: u64*. Since libs of May 2021
  kGetSchemaVersion = 25,  // arg: u64*
};

}  // namespace sysring
