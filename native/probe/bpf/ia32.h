// 32-bit processes of an x86_64 kernel: what the programs know of their system calls.
#pragma once

#include "../probe.h"

struct probe_bpf;

namespace sysring {

// Before loading: which call of x86_64 each of theirs is.
void FillIa32(probe_bpf* bpf);

// The needs that a number may have, whosever it is: what each call needs, and the 32-bit call of that number.
void EarlyNeeds(const probe_bpf* bpf, const uint8_t* needs, uint8_t* early);

}  // namespace sysring
