// The options of a cluster and of how it is distributed, from JavaScript: checked in lib/cluster and lib/balance.
#pragma once

#include <napi.h>

#include "../balance/distributor.h"

namespace sysring {

// { path, mode, group, queueBytes: number[], description: string }
ClusterOptions ClusterOptionsFrom(Napi::Object from);

// { applications: { key, queues }[], queues: { wanted?: Uint8Array, snaplen }[], traits: Int8Array, copiesState }
DistributorOptions DistributorOptionsFrom(Napi::Object from);

}  // namespace sysring
