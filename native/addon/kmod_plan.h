// What lib/probe/kmod and the kernel module's probe tell each other, between JavaScript and C++.
#pragma once

#include <napi.h>

#include "../probe/kmod/kmod_probe.h"

namespace sysring {

// The driver behind `devices`: { device, version, api, schema, events, pid }, see DriverInfo in lib/native.ts.
Napi::Object DriverOf(Napi::Env env, const KmodDevices& devices);

// KmodPlan of lib/native.ts.
KmodPlan PlanFrom(Napi::Object from);

}  // namespace sysring
