#include "throw_failure.h"

namespace sysring {

Napi::Error ErrorOf(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.message);
  error.Set("code", failure.code);
  error.Set("hint", failure.hint);
  return error;
}

void ThrowFailure(Napi::Env env, const Failure& failure) { ErrorOf(env, failure).ThrowAsJavaScriptException(); }

}  // namespace sysring
