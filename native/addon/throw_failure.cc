#include "throw_failure.h"

namespace sysring {

void ThrowFailure(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.message);
  error.Set("code", failure.code);
  error.Set("hint", failure.hint);
  error.ThrowAsJavaScriptException();
}

}  // namespace sysring
