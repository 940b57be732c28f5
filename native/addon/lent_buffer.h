// Mapped memory as JavaScript sees it: an ArrayBuffer, until it is taken back.
#pragma once

#include <napi.h>

#include <memory>

#include "../ring/ring.h"

namespace sysring {

class LentBuffer {
 public:
  // The ArrayBuffer over `memory`, the same one at each call. It keeps the memory mapped until it is collected, whatever happens to
  // this object. Undefined where there can be none; then a JavaScript error is pending.
  Napi::Value Lend(Napi::Env env, const std::shared_ptr<Mapping>& memory);
  // Detaches it: views over it then have length 0 and cannot reach unmapped memory.
  void TakeBack();

 private:
  Napi::Reference<Napi::ArrayBuffer> buffer_;
  // What it keeps mapped; the buffer owns it.
  std::shared_ptr<Mapping>* held_ = nullptr;
};

}  // namespace sysring
