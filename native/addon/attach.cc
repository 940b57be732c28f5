#include "attach.h"

#include <optional>

#include "../cluster/passing.h"
#include "queue_handle.h"
#include "throw_failure.h"

namespace sysring {

namespace {

class Attaching : public Napi::AsyncWorker {
 public:
  Attaching(Napi::Env env, Napi::Object options, Napi::Function queue_handle)
      : AsyncWorker(env, "sysring:attach"),
        promise_(Napi::Promise::Deferred::New(env)),
        queue_handle_(Napi::Persistent(queue_handle)),
        path_(options.Get("path").ToString()),
        request_(options.Get("request").ToString()),
        is_socket_(options.Get("isSocket").ToBoolean()),
        queue_(options.Get("queue").ToNumber()),
        timeout_ms_(options.Get("timeoutMs").ToNumber()) {}

  Napi::Promise promise() const { return promise_.Promise(); }

 protected:
  void Execute() override {
    try {
      QueueFiles files;
      if (is_socket_) {
        Received received = RequestFiles(path_, request_, timeout_ms_);
        reply_ = received.reply;
        files = std::move(received.files);
      } else {
        files = AttachedQueue::OpenPath(path_);
      }
      if (files.memory) attached_ = std::make_shared<AttachedQueue>(std::move(files), queue_);
    } catch (const Failure& failure) {
      failure_ = failure;
    }
  }

  void OnOK() override {
    Napi::HandleScope scope(Env());
    if (failure_) {
      promise_.Reject(ErrorOf(Env(), *failure_).Value());
    } else if (attached_) {
      promise_.Resolve(QueueHandle::Wrap(Env(), queue_handle_.Value(), attached_));
    } else {
      promise_.Resolve(Napi::String::New(Env(), reply_));
    }
  }

 private:
  Napi::Promise::Deferred promise_;
  Napi::FunctionReference queue_handle_;
  std::string path_, request_, reply_;
  bool is_socket_;
  uint32_t queue_;
  int timeout_ms_;
  std::shared_ptr<AttachedQueue> attached_;
  std::optional<Failure> failure_;
};

}  // namespace

Napi::Value Attach(Napi::Env env, Napi::Object options, const Napi::FunctionReference& queue_handle) {
  auto* attaching = new Attaching(env, options, queue_handle.Value());
  Napi::Promise promise = attaching->promise();
  attaching->Queue();
  return promise;
}

}  // namespace sysring
