#include "ia32.h"

#include <bpf/libbpf.h>

#include <algorithm>

#include "events.generated.h"
#include "probe.skel.h"

namespace sysring {

#if defined(__x86_64__)

namespace {

// The skeleton declares rodata const, as the programs see it; before loading it is ours to fill.
template <typename T, size_t N>
T (&Fillable(const T (&table)[N]))[N] {
  return const_cast<T(&)[N]>(table);
}

}  // namespace

void FillIa32(probe_bpf* bpf) {
  auto& calls = Fillable(bpf->rodata->ia32_calls);
  auto& socketcalls = Fillable(bpf->rodata->ia32_socketcalls);
  std::fill(std::begin(calls), std::end(calls), UNKNOWN_SYSCALL);
  std::fill(std::begin(socketcalls), std::end(socketcalls), UNKNOWN_SYSCALL);
#define ROW(nr, name, native, generic) calls[nr] = native | (generic ? IA32_GENERIC : 0);
  SYSCALLS_IA32(ROW)
#undef ROW
#define ROW(nr, name, native, generic) socketcalls[nr] = native | (generic ? IA32_GENERIC : 0);
  SOCKETCALLS_IA32(ROW)
#undef ROW
}

void EarlyNeeds(const probe_bpf* bpf, const uint8_t* needs, uint8_t* early) {
  const auto* tables = bpf->rodata;
  auto of = [&](uint16_t entry) { return needs[entry % MAX_SYSCALLS]; };
  for (int nr = 0; nr < MAX_SYSCALLS; nr++) early[nr] = needs[nr] | of(tables->ia32_calls[nr]);
  constexpr int kSocketcall = 102;  // arch/x86/entry/syscalls/syscall_32.tbl
  for (uint16_t entry : tables->ia32_socketcalls) early[kSocketcall] |= of(entry);
}

#else

void FillIa32(probe_bpf*) {}

// What a 32-bit process calls, whatever its number, goes by the need of unknown calls.
void EarlyNeeds(const probe_bpf*, const uint8_t* needs, uint8_t* early) {
  for (int nr = 0; nr < MAX_SYSCALLS; nr++) early[nr] = needs[nr] | needs[UNKNOWN_SYSCALL];
}

#endif

}  // namespace sysring
