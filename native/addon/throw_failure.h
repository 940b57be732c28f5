// Native failures as JavaScript errors: with code and hint, as lib/errors.ts has them.
#pragma once

#include <napi.h>

#include "../ring/ring.h"

namespace sysring {

Napi::Error ErrorOf(Napi::Env env, const Failure& failure);
void ThrowFailure(Napi::Env env, const Failure& failure);

}  // namespace sysring
