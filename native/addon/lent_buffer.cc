#include "lent_buffer.h"

namespace sysring {

Napi::Value LentBuffer::Lend(Napi::Env env, const std::shared_ptr<Mapping>& memory) {
  if (buffer_.IsEmpty()) {
    auto held = std::make_unique<std::shared_ptr<Mapping>>(memory);
    auto buffer = Napi::ArrayBuffer::New(env, memory->data(), memory->size(), [](Napi::Env, void*, std::shared_ptr<Mapping>* held) { delete held; }, held.get());
    if (env.IsExceptionPending()) return env.Undefined();
    held_ = held.release();
    buffer_ = Napi::Reference<Napi::ArrayBuffer>::New(buffer, 1);
  }
  return buffer_.Value();
}

void LentBuffer::TakeBack() {
  if (buffer_.IsEmpty()) return;
  Napi::ArrayBuffer buffer = buffer_.Value();
  if (!buffer.IsDetached()) {
    buffer.Detach();
    // Nobody can reach the memory any more: unmap it now. When the buffer would be collected, nobody knows.
    if (buffer.IsDetached()) held_->reset();
  }
  buffer_.Reset();
}

}  // namespace sysring
