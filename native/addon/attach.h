// Attaching to a queue: a promise, because the answer may take a while and may come from this very thread's event loop.
#pragma once

#include <napi.h>

namespace sysring {

// attach({ path, isSocket, queue, request, timeoutMs }) → Promise<QueueHandle | string>; a string is what the balancer says in
// place of the files.
Napi::Value Attach(Napi::Env env, Napi::Object options, const Napi::FunctionReference& queue_handle);

}  // namespace sysring
