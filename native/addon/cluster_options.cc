#include "cluster_options.h"

#include <algorithm>

namespace sysring {

namespace {
// enum Key, as lib/balance/key.ts names them.
constexpr const char* kKeys[] = {"tid", "pid", "fd", "cpu", "flow", "round-robin"};

Key KeyNamed(const std::string& name) {
  const auto* found = std::find(std::begin(kKeys), std::end(kKeys), name);
  return found == std::end(kKeys) ? Key::kTid : static_cast<Key>(found - kKeys);
}
}  // namespace

ClusterOptions ClusterOptionsFrom(Napi::Object from) {
  ClusterOptions options;
  options.path = from.Get("path").ToString();
  options.mode = from.Get("mode").ToNumber();
  options.owner = from.Get("owner").ToNumber();
  options.group = from.Get("group").ToNumber();
  auto sizes = from.Get("queueBytes").As<Napi::Array>();
  for (uint32_t i = 0; i < sizes.Length(); i++) options.queue_bytes.push_back(sizes.Get(i).ToNumber());
  options.description = from.Get("description").ToString().Utf8Value();
  return options;
}

DistributorOptions DistributorOptionsFrom(Napi::Object from) {
  DistributorOptions options;
  auto applications = from.Get("applications").As<Napi::Array>();
  for (uint32_t i = 0; i < applications.Length(); i++) {
    auto application = applications.Get(i).As<Napi::Object>();
    options.applications.push_back({KeyNamed(application.Get("key").ToString()), application.Get("queues").ToNumber().Uint32Value()});
  }
  auto queues = from.Get("queues").As<Napi::Array>();
  for (uint32_t i = 0; i < queues.Length(); i++) {
    auto queue = queues.Get(i).As<Napi::Object>();
    QueuePolicy policy;
    policy.snaplen = queue.Get("snaplen").ToNumber();
    if (queue.Get("wanted").IsTypedArray()) {
      auto wanted = queue.Get("wanted").As<Napi::Uint8Array>();
      policy.wanted.assign(wanted.Data(), wanted.Data() + std::min<size_t>(wanted.ElementLength(), kEventCodes));
      policy.wanted.resize(kEventCodes, 1);
    }
    options.queues.push_back(std::move(policy));
  }
  auto traits = from.Get("traits").As<Napi::Int8Array>();
  memcpy(static_cast<void*>(options.traits.data()), traits.Data(), std::min(traits.ElementLength(), sizeof options.traits));
  options.copies_state = from.Get("copiesState").ToBoolean();
  return options;
}

}  // namespace sysring
