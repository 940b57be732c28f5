// What JavaScript holds of an interface of its own.
#pragma once

#include <napi.h>

#include <memory>
#include <string>

#include "../nic/tap.h"

namespace sysring {

class TapHandle : public Napi::ObjectWrap<TapHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  // A JavaScript error is pending where that fails.
  static Napi::Value Open(Napi::Env env, Napi::Function constructor, const std::string& name, Napi::Uint8Array headers);

  explicit TapHandle(const Napi::CallbackInfo& info);
  ~TapHandle() override;

 private:
  void Write(const Napi::CallbackInfo& info);
  void Counters(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  // Throws a JavaScript error and returns false when it is closed.
  bool IsOpen(Napi::Env env) const;

  std::unique_ptr<Tap> tap_;
};

}  // namespace sysring
