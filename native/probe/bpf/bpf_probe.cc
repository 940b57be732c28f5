#include "bpf_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstring>

#include "../clock.h"
#include "../cpus.h"
#include "events.generated.h"
#include "probe.skel.h"

namespace sysring {

namespace {

// libbpf explains failures only in its log: the last lines are kept for the error message. It has one log function for the
// process, so the text is per thread.
thread_local std::string libbpf_log;

int KeepLog(libbpf_print_level level, const char* format, va_list args) {
  if (level > LIBBPF_WARN) return 0;
  char line[512];
  int n = vsnprintf(line, sizeof line, format, args);
  if (libbpf_log.size() < 4096) libbpf_log += line;
  return n;
}

// Is this capability in force? (CapEff of /proc/self/status)
bool HasCapability(int bit) {
  FILE* file = fopen("/proc/self/status", "re");
  if (file == nullptr) return false;
  char line[256];
  unsigned long long effective = 0;
  while (fgets(line, sizeof line, file) != nullptr) {
    if (sscanf(line, "CapEff: %llx", &effective) == 1) break;
  }
  fclose(file);
  return (effective >> bit) & 1;
}

bool MayLoad() {
  constexpr int kSysAdmin = 21, kPerfmon = 38, kBpf = 39;  // include/uapi/linux/capability.h
  return HasCapability(kSysAdmin) || (HasCapability(kBpf) && HasCapability(kPerfmon));
}

// Holds signals back while it lives: the verifier gives up (EAGAIN) when one is pending, and a profiler sends many.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

bool HasBtf() { return access("/sys/kernel/btf/vmlinux", R_OK) == 0; }

Failure LoadFailure(int error) {
  std::string reason = strerror(error);
  if (!HasBtf()) {
    return {"ERR_CAPTURE_NO_PROBE", "the kernel has no BTF (/sys/kernel/btf/vmlinux), which the eBPF probe needs to know its structures",
            "use a kernel with CONFIG_DEBUG_INFO_BTF=y (Debian and Ubuntu have it since 5.8), or the kernel module: sysring doctor"};
  }
  if ((error == EPERM || error == EACCES) && !MayLoad()) {
    return {"ERR_CAPTURE_PERM", "the kernel refused to load the eBPF probe: " + reason,
            "run as root, or with CAP_BPF and CAP_PERFMON: sudo sysring doctor"};
  }
  if (error == ENOMEM) {
    return {"ERR_CAPTURE_NO_PROBE", "no memory for the rings", "use smaller rings: { ringBytes: 1 << 20 }"};
  }
  return {"ERR_CAPTURE_NO_PROBE", "the kernel did not take the eBPF probe: " + reason + (libbpf_log.empty() ? "" : "; " + libbpf_log),
          "sysring doctor"};
}

// The number of this process in the initial pid namespace, where the programs compare: in a container getpid() gives
// another one, and nothing in /proc knows more. A program of three instructions, run here and now, does.
uint32_t InitialTgid(uint32_t otherwise) {
  bpf_insn instructions[3] = {};
  instructions[0].code = BPF_JMP | BPF_CALL;
  instructions[0].imm = BPF_FUNC_get_current_pid_tgid;
  instructions[1].code = BPF_ALU64 | BPF_RSH | BPF_K;  // the upper half of r0
  instructions[1].imm = 32;
  instructions[2].code = BPF_JMP | BPF_EXIT;
  int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "own_tgid", "GPL", instructions, 3, nullptr);
  if (fd < 0) return otherwise;
  LIBBPF_OPTS(bpf_test_run_opts, run);
  int error = bpf_prog_test_run_opts(fd, &run);
  close(fd);
  return error == 0 && run.retval != 0 ? run.retval : otherwise;
}

uint16_t StageOf(uint16_t exit_event) {
  switch (exit_event) {
    case PPME_SOCKET_BIND_X:
    case PPME_SOCKET_CONNECT_X:
    case PPME_SOCKET_ACCEPT_5_X:
    case PPME_SOCKET_ACCEPT4_5_X:
    case PPME_SOCKET_ACCEPT4_6_X:
    case PPME_SOCKET_SENDTO_X:
    case PPME_SOCKET_RECVFROM_X:
    case PPME_SOCKET_SENDMSG_X:
    case PPME_SOCKET_RECVMSG_X:
    case PPME_SOCKET_SOCKETPAIR_X:
    case PPME_SOCKET_SETSOCKOPT_X:
    case PPME_SOCKET_GETSOCKOPT_X:
    case PPME_SYSCALL_READV_X:
    case PPME_SYSCALL_PREADV_X:
    case PPME_SYSCALL_WRITEV_X:
    case PPME_SYSCALL_PWRITEV_X:
    case PPME_SYSCALL_PROCESS_VM_READV_X:
    case PPME_SYSCALL_PROCESS_VM_WRITEV_X:
    case PPME_SYSCALL_OPEN_BY_HANDLE_AT_X:
    case PPME_SYSCALL_POLL_X:
    case PPME_SYSCALL_PPOLL_X:
      return STAGE_NETWORK;
    case PPME_SYSCALL_CLONE_20_X:
    case PPME_SYSCALL_CLONE3_X:
    case PPME_SYSCALL_FORK_20_X:
    case PPME_SYSCALL_VFORK_20_X:
      return STAGE_PROCESS;
    case PPME_SYSCALL_EXECVE_19_X:
    case PPME_SYSCALL_EXECVEAT_X:
      return STAGE_EXEC;
    default:
      return STAGE_COMMON;
  }
}

void FillSyscalls(syscall_events* table, bool exit_only) {
  for (int nr = 0; nr < MAX_SYSCALLS; nr++) table[nr] = {PPME_GENERIC_E, PPME_GENERIC_X, 0, STAGE_COMMON, 0};
#define ROW(nr, name, enter, exit, enter_full, exit_full, sc_both, sc)            \
  table[nr] = exit_only ? syscall_events{enter_full, exit_full, sc, STAGE_COMMON, 0} \
                        : syscall_events{enter, exit, sc, STAGE_COMMON, sc != sc_both};
  SYSCALLS_X86_64(ROW)
#undef ROW
  for (int nr = 0; nr < MAX_SYSCALLS; nr++) table[nr].stage = StageOf(table[nr].exit);
}

}  // namespace

BpfProbe::BpfProbe(const BpfOptions& options) : cpus_(CpuList("online")) {
  libbpf_set_print(KeepLog);
  // Kernels before 5.11 count BPF memory against this limit. Where it cannot be raised it usually does not matter.
  rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
  try {
    Load(options, options.ring_bytes);
  } catch (...) {
    probe_bpf__destroy(bpf_);
    throw;
  }
}

void BpfProbe::Load(const BpfOptions& options, uint32_t ring_bytes) {
  libbpf_log.clear();
  bpf_ = probe_bpf__open();
  if (bpf_ == nullptr) throw LoadFailure(errno);

  auto* constants = bpf_->rodata;
  constants->ring_size = ring_bytes;
  constants->snaplen = options.snaplen;
  constants->full_exit = options.exit_only;
  constants->self_tgid = options.self_tgid == 0 ? 0 : InitialTgid(options.self_tgid);
  constants->pid_filter = options.filter;
  constants->pid_children = options.pid_children;
  // The skeleton declares the table const, as the program sees it; before loading it is ours to fill.
  FillSyscalls(reinterpret_cast<syscall_events*>(const_cast<void*>(static_cast<const void*>(constants->syscalls))), options.exit_only);

  auto size = [](bpf_map* map, const auto& set) { bpf_map__set_max_entries(map, set ? std::max<size_t>(set->size(), 1) : 1); };
  size(bpf_->maps.matching_pids, options.match_pids);
  size(bpf_->maps.matching_tids, options.match_tids);
  size(bpf_->maps.matching_comms, options.match_comms);
  constants->match_pids = options.match_pids.has_value();
  constants->match_tids = options.match_tids.has_value();
  constants->match_comms = options.match_comms.has_value();
  constants->match_failed = options.match_failed;

  bpf_map__set_max_entries(bpf_->maps.ring_infos, cpus_.size());
  bpf_map__set_max_entries(bpf_->maps.ring_data, cpus_.size());
  bpf_map__set_value_size(bpf_->maps.ring_data, ring_bytes + RING_SLACK);

  constants->need_procexit = options.procexit;
  constants->need_signaldeliver = options.signaldeliver;
  constants->need_switch = options.sched_switch;
  constants->need_page_fault = options.page_fault;

  auto load_only_if = [](bpf_program* program, bool wanted) { bpf_program__set_autoload(program, wanted); };
  const auto& needs = options.needs;
  auto any = [&](int bits) { return std::any_of(needs.begin(), needs.end(), [&](uint8_t of_call) { return (of_call & bits) != 0; }); };
  // A hook that is not attached costs the traced processes nothing.
  bool exits = any(EXIT_NEEDS);
  load_only_if(bpf_->progs.sys_enter, !options.exit_only && any(ENTER_NEEDS));
  load_only_if(bpf_->progs.sys_exit, exits);
  for (bpf_program* stage : {bpf_->progs.exit_network, bpf_->progs.exit_process, bpf_->progs.exit_exec}) load_only_if(stage, exits);
  load_only_if(bpf_->progs.sched_process_exec, ((needs.at(__NR_execve) | needs.at(__NR_execveat)) & EXIT_NEEDS) != 0);
  load_only_if(bpf_->progs.sched_process_exit, options.procexit);
  load_only_if(bpf_->progs.signal_deliver, options.signaldeliver);
  load_only_if(bpf_->progs.sched_switch, options.sched_switch);
  load_only_if(bpf_->progs.page_fault_user, options.page_fault);
  load_only_if(bpf_->progs.page_fault_kernel, options.page_fault);

  int error;
  {
    NoSignals hold;
    error = probe_bpf__load(bpf_);
  }
  if (error != 0) throw LoadFailure(-error);

  auto* state = bpf_->bss;
  std::fill(std::begin(state->slot_of_cpu), std::end(state->slot_of_cpu), RING_NO_SLOT);
  for (size_t slot = 0; slot < cpus_.size(); slot++) state->slot_of_cpu[cpus_[slot]] = slot;
  std::copy(needs.begin(), needs.end(), state->needs);
  state->boot_to_real = MeasureBootToReal();

  for (uint32_t pid : options.pids) {
    uint8_t present = 1;
    if (bpf_map_update_elem(bpf_map__fd(bpf_->maps.pids), &pid, &present, BPF_ANY) != 0) {
      throw Failure{"ERR_CAPTURE_OPTION", "too many pids: the kernel's list holds 4096", "name fewer, or filter in your own loop"};
    }
  }

  FillSets(options);
  if (exits) FillStages();
  MapRings(ring_bytes);
}

void BpfProbe::FillSets(const BpfOptions& options) {
  auto add = [](bpf_map* map, const void* key) {
    uint8_t present = 1;
    if (bpf_map_update_elem(bpf_map__fd(map), key, &present, BPF_ANY) != 0) throw LoadFailure(errno);
  };
  for (uint32_t pid : options.match_pids.value_or(std::vector<uint32_t>{})) add(bpf_->maps.matching_pids, &pid);
  for (uint32_t tid : options.match_tids.value_or(std::vector<uint32_t>{})) add(bpf_->maps.matching_tids, &tid);
  for (const std::string& comm : options.match_comms.value_or(std::vector<std::string>{})) {
    char key[COMM_SIZE] = {};
    comm.copy(key, sizeof key - 1);
    add(bpf_->maps.matching_comms, key);
  }
}

void BpfProbe::FillStages() {
  int stages = bpf_map__fd(bpf_->maps.exit_stages);
  for (auto [stage, program] : {std::pair{STAGE_NETWORK, bpf_->progs.exit_network},
                                std::pair{STAGE_PROCESS, bpf_->progs.exit_process},
                                std::pair{STAGE_EXEC, bpf_->progs.exit_exec}}) {
    uint32_t key = stage;
    int fd = bpf_program__fd(program);
    if (bpf_map_update_elem(stages, &key, &fd, BPF_ANY) != 0) throw LoadFailure(errno);
    // Reached by tail call only.
    bpf_program__set_autoattach(program, false);
  }
}

void BpfProbe::MapRings(uint32_t ring_bytes) {
  int data = bpf_map__fd(bpf_->maps.ring_data);
  int infos = bpf_map__fd(bpf_->maps.ring_infos);
  for (size_t slot = 0; slot < cpus_.size(); slot++) {
    off_t at = static_cast<off_t>(slot) * (ring_bytes + RING_SLACK);
    rings_.emplace_back(cpus_[slot], Mapping::Twice(data, ring_bytes, at), ring_bytes,
                        Mapping::Once(infos, RING_INFO_STRIDE, static_cast<off_t>(slot) * RING_INFO_STRIDE, true));
  }
}

void BpfProbe::Start() {
  libbpf_log.clear();
  int error = probe_bpf__attach(bpf_);
  if (error != 0) throw LoadFailure(-error);
}

void BpfProbe::Stop() { probe_bpf__detach(bpf_); }

int BpfProbe::Tick() {
  bpf_->bss->boot_to_real = MeasureBootToReal();
  return -1;
}

int64_t BpfProbe::Now() const { return Nanoseconds(CLOCK_BOOTTIME) + static_cast<int64_t>(bpf_->bss->boot_to_real); }

uint64_t BpfProbe::Filtered(int cpu) const { return __atomic_load_n(&bpf_->bss->filtered[cpu].n, __ATOMIC_RELAXED); }

uint64_t BpfProbe::DropsWithoutRing() const { return __atomic_load_n(&bpf_->bss->n_drops_no_ring, __ATOMIC_RELAXED); }

BpfProbe::~BpfProbe() { probe_bpf__destroy(bpf_); }

}  // namespace sysring
