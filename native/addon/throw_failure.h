// Native failures as JavaScript errors: with code and hint, as lib/errors.ts has them.
#pragma once

#include <napi.h>

#include "../ring/ring.h"

namespace sysring {

void ThrowFailure(Napi::Env env, const Failure& failure);

}  // namespace sysring
