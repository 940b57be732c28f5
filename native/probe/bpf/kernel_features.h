// What this kernel can, asked of the kernel itself: each feature is used once, on nobody's data, and let go.
#pragma once

#include <string>

namespace sysring {

// Empty if the feature is there, else what the kernel said. Names are those of lib/probe/features.ts: "btf", "tp_btf", "mmap_array",
// "helper:NUMBER" (enum bpf_func_id). Needs what loading a program needs; without, the answer is the refusal.
std::string MissingFeature(const std::string& name);

}  // namespace sysring
