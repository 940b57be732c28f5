// What JavaScript holds of a packet ring: its memory, which block of it to read, and the way to give it back.
#pragma once

#include <napi.h>

#include <memory>

#include "../nic/packet_ring.h"
#include "lent_buffer.h"

namespace sysring {

class NicHandle : public Napi::ObjectWrap<NicHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  // Opens the ring that the options ask for, see NicOptions in lib/native.ts. A JavaScript error is pending where that fails.
  static Napi::Value Open(Napi::Env env, Napi::Function constructor, Napi::Object options);

  explicit NicHandle(const Napi::CallbackInfo& info);
  ~NicHandle() override;

  // Null once closed. A balancer that shares it is the only one to read its packets.
  const std::shared_ptr<PacketRing>& ring() const { return ring_; }

 private:
  Napi::Value Linktype(const Napi::CallbackInfo& info);
  Napi::Value Data(const Napi::CallbackInfo& info);
  void Start(const Napi::CallbackInfo& info);
  void Stop(const Napi::CallbackInfo& info);
  Napi::Value Next(const Napi::CallbackInfo& info);
  void Release(const Napi::CallbackInfo& info);
  void Counters(const Napi::CallbackInfo& info);
  Napi::Value Error(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  // Calls `use(ring)` and turns what it throws into a JavaScript error; so is a handle that is closed.
  template <typename Use>
  void With(Napi::Env env, Use use);

  std::shared_ptr<PacketRing> ring_;
  LentBuffer buffer_;
};

}  // namespace sysring
