// What JavaScript holds of a packet sender.
#pragma once

#include <napi.h>

#include <memory>

#include "../nic/packet_sender.h"

namespace sysring {

class SenderHandle : public Napi::ObjectWrap<SenderHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  // A JavaScript error is pending where that fails.
  static Napi::Value Open(Napi::Env env, Napi::Function constructor, const std::string& interface, bool bypass_qdisc);

  explicit SenderHandle(const Napi::CallbackInfo& info);
  ~SenderHandle() override;

 private:
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value Notify(const Napi::CallbackInfo& info);
  Napi::Value Sequence(const Napi::CallbackInfo& info);
  void GiveUp(const Napi::CallbackInfo& info);
  void Counters(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  // Throws a JavaScript error and returns false when it is closed.
  bool IsOpen(Napi::Env env) const;

  std::unique_ptr<PacketSender> sender_;
};

}  // namespace sysring
