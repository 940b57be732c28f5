#include "bpf_probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../clock.h"
#include "../cpus.h"
#include "events.generated.h"
#include "ia32.h"
#include "libbpf_load.h"
#include "probe.skel.h"

namespace sysring {

namespace {

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
    case PPME_SYSCALL_PTRACE_X:
    case PPME_SYSCALL_QUOTACTL_X:
    case PPME_SYSCALL_FSCONFIG_X:
      return STAGE_CONTROL;
    case PPME_SOCKET_SENDMMSG_X:
    case PPME_SOCKET_RECVMMSG_X:
      return STAGE_MESSAGES;
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
#if defined(__aarch64__)
  SYSCALLS_ARM64(ROW)
#else
  SYSCALLS_X86_64(ROW)
#endif
#undef ROW
  for (int nr = 0; nr < MAX_SYSCALLS; nr++) table[nr].stage = StageOf(table[nr].exit);
}

// The programs that are reached by tail call only.
std::vector<std::pair<stage, bpf_program*>> Stages(const probe_bpf* bpf) {
  const auto& programs = bpf->progs;
  return {{STAGE_NETWORK, programs.exit_network}, {STAGE_MESSAGES, programs.exit_messages}, {STAGE_CONTROL, programs.exit_control},
          {STAGE_PROCESS, programs.exit_process}, {STAGE_EXEC, programs.exit_exec}};
}

}  // namespace

BpfProbe::BpfProbe(const BpfOptions& options) : cpus_(CpuList("online")) {
  PrepareLibbpf();
  try {
    Load(options, options.ring_bytes);
  } catch (...) {
    probe_bpf__destroy(bpf_);
    throw;
  }
}

void BpfProbe::Load(const BpfOptions& options, uint32_t ring_bytes) {
  bpf_ = probe_bpf__open();
  if (bpf_ == nullptr) throw LoadFailure(errno);

  auto* constants = bpf_->rodata;
  constants->ring_size = ring_bytes;
  constants->snaplen = options.snaplen;
  constants->dynamic_snaplen = options.dynamic_snaplen;
  constants->full_ports_first = options.full_ports_first;
  constants->full_ports_last = options.full_ports_last;
  constants->full_exit = options.exit_only;
  constants->self_tgid = options.self_tgid == 0 ? 0 : InitialTgid(options.self_tgid);
  constants->pid_filter = options.filter;
  constants->pid_children = options.pid_children;
  // The skeleton declares the table const, as the program sees it; before loading it is ours to fill.
  FillSyscalls(reinterpret_cast<syscall_events*>(const_cast<void*>(static_cast<const void*>(constants->syscalls))), options.exit_only);
  FillIa32(bpf_);
  constants->page_kb = PageKiB();

  auto size = [](bpf_map* map, const auto& set) { bpf_map__set_max_entries(map, set ? std::max<size_t>(set->size(), 1) : 1); };
  size(bpf_->maps.matching_pids, options.match_pids);
  size(bpf_->maps.matching_tids, options.match_tids);
  size(bpf_->maps.matching_comms, options.match_comms);
  constants->match_pids = options.match_pids.has_value();
  constants->match_tids = options.match_tids.has_value();
  constants->match_comms = options.match_comms.has_value();
  constants->match_failed = options.match_failed;
  constants->drop_failed = options.drop_failed;

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
  for (auto [stage, program] : Stages(bpf_)) load_only_if(program, exits);
  load_only_if(bpf_->progs.sched_process_exec, ((needs.at(__NR_execve) | needs.at(__NR_execveat)) & EXIT_NEEDS) != 0);
  load_only_if(bpf_->progs.sched_process_exit, options.procexit);
  load_only_if(bpf_->progs.signal_deliver, options.signaldeliver);
  load_only_if(bpf_->progs.sched_switch, options.sched_switch);
#if defined(__x86_64__)
  load_only_if(bpf_->progs.page_fault_user, options.page_fault);
  load_only_if(bpf_->progs.page_fault_kernel, options.page_fault);
#else
  if (options.page_fault) {
    throw Failure{"ERR_CAPTURE_OPTION", "page faults have a tracepoint on x86_64 only", "leave the tracepoint page_fault out"};
  }
#endif

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
  EarlyNeeds(bpf_, needs.data(), state->early_needs);
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
  for (auto [stage, program] : Stages(bpf_)) {
    uint32_t key = stage;
    int fd = bpf_program__fd(program);
    if (bpf_map_update_elem(stages, &key, &fd, BPF_ANY) != 0) throw LoadFailure(errno);
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
  PrepareLibbpf();
  int error = probe_bpf__attach(bpf_);
  if (error != 0) throw LoadFailure(-error);
}

void BpfProbe::Stop() { probe_bpf__detach(bpf_); }

int BpfProbe::Tick() {
  bpf_->bss->boot_to_real = MeasureBootToReal();
  return -1;
}

void BpfProbe::LeaveOut(const std::vector<uint32_t>& pids) {
  if (pids.size() > MAX_LEFT_OUT) throw Failure{"ERR_CAPTURE_OPTION", "too many processes to leave out: the kernel's list holds " + std::to_string(MAX_LEFT_OUT), "name fewer"};
  int map = bpf_map__fd(bpf_->maps.left_out);
  for (uint32_t pid : left_out_) {
    if (std::find(pids.begin(), pids.end(), pid) == pids.end()) bpf_map_delete_elem(map, &pid);
  }
  uint8_t present = 1;
  for (uint32_t pid : pids) bpf_map_update_elem(map, &pid, &present, BPF_ANY);
  left_out_ = pids;
  __atomic_store_n(&bpf_->bss->n_left_out, static_cast<uint32_t>(pids.size()), __ATOMIC_RELEASE);
}

int64_t BpfProbe::Now() const { return Nanoseconds(CLOCK_BOOTTIME) + static_cast<int64_t>(bpf_->bss->boot_to_real); }

uint64_t BpfProbe::Filtered(int cpu) const { return __atomic_load_n(&bpf_->bss->filtered[cpu].n, __ATOMIC_RELAXED); }

uint64_t BpfProbe::DropsWithoutRing() const { return __atomic_load_n(&bpf_->bss->n_drops_no_ring, __ATOMIC_RELAXED); }

BpfProbe::~BpfProbe() { probe_bpf__destroy(bpf_); }

}  // namespace sysring
