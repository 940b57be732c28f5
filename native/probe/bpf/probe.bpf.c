// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The probe: at each tracepoint decide whether a record is wanted, reserve room in this CPU's ring, fill it in place.
 *
 * Order of the decisions, cheapest first: the mask of system calls, the capture's own process, the lists of pids, the
 * predicate. Every hit ends in exactly one counter: delivered (n_evts without drops), dropped by cause, or filtered. What
 * no program is attached for is no hit.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "enter.bpf.h"
#include "exit.bpf.h"
#include "predicate.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Filled by the loader for this machine's architecture and the event model. */
const volatile struct syscall_events syscalls[MAX_SYSCALLS];
/* The tgid, in the initial pid namespace, of the process that captures; 0 to capture it too. */
const volatile __u32 self_tgid = 0;
const volatile __u32 pid_filter = PIDS_OFF;
/* The lists of pids also mean the processes that those have started. */
const volatile bool pid_children = false;

/* A call that failed gives no exit event. One that is under way (EINPROGRESS) has not failed. */
const volatile bool drop_failed = false;

/* Bit sets of enum need. */
const volatile __u8 need_procexit = NEED_WANTED;
const volatile __u8 need_signaldeliver = NEED_WANTED;
const volatile __u8 need_switch = NEED_WANTED;
const volatile __u8 need_page_fault = NEED_WANTED;

/* By system call number: ENTER_NEEDS and EXIT_NEEDS; and those of it and of the 32-bit call with that number together. */
__u8 needs[MAX_SYSCALLS];
__u8 early_needs[MAX_SYSCALLS];
struct filtered filtered[MAX_CPUS];

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} pids SEC(".maps");

/* Processes that are left out while the capture runs, whatever the lists say; looked up only where there are some. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_LEFT_OUT);
	__type(key, __u32);
	__type(value, __u8);
} left_out SEC(".maps");
__u32 n_left_out;

/* One array per attach point: kernels refuse programs of different tracepoints in one. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, STAGES);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} exit_stages SEC(".maps");

static __always_inline bool admitted(struct task_struct *task)
{
	__u32 tgid = task->tgid;

	if (tgid == self_tgid || (n_left_out && bpf_map_lookup_elem(&left_out, &tgid)))
		return false;
	if (pid_filter == PIDS_OFF)
		return true;

	bool listed = bpf_map_lookup_elem(&pids, &tgid) != 0;

	if (!listed && pid_children) {
		__u32 parent = BPF_CORE_READ(task, real_parent, tgid);

		listed = bpf_map_lookup_elem(&pids, &parent) != 0;
	}
	return listed == (pid_filter == PIDS_ALLOW);
}

static __always_inline bool begin(struct rec *r, struct ring *ring, struct task_struct *task)
{
	r->slot = ring->slot;
	r->base = ring_reserve(ring);
	if (!r->base)
		return false;
	rec_header(r, task->pid);
	return true;
}

/* Turned away: the cheapest way out, taken by every call that is masked out. */
static __always_inline int filter_out(void)
{
	filtered[bpf_get_smp_processor_id() & (MAX_CPUS - 1)].n++;
	return 0;
}

/* rt_sigreturn leaves no number behind: the kernel clears it, so that nothing is restarted. */
static __always_inline long exit_nr(const struct pt_regs *regs, bool compat)
{
	long nr = SYSCALL_NR(regs);

	return nr != -1 ? nr : compat ? NR_COMPAT_RT_SIGRETURN : NR_RT_SIGRETURN;
}

static __always_inline __u32 known(long nr)
{
	__u64 index = (unsigned long)nr < MAX_SYSCALLS ? nr : UNKNOWN_SYSCALL;

	/* The verifier of 6.1 loses the bound where the number is an int (arm64). */
	asm volatile("%0 &= 0x1ff" : "+r"(index));
	return index;
}

/* Where a call stands in `syscalls` and `needs`. Above that, IA32_GENERIC makes it a generic one. */
#define INDEX(entry) ((entry) & (MAX_SYSCALLS - 1))

static __always_inline __u32 table_entry(const struct pt_regs *regs, long nr, bool compat)
{
	return compat ? compat_twin(regs, nr) : known(nr);
}

/* The needs by which nearly all are turned away: those of either call that this number can be. */
static __always_inline __u8 needs_early(long nr)
{
	return early_needs[known(nr)];
}

/* Is a record made that somebody has this need of? */
static __always_inline bool passes(struct task_struct *task, __u8 need, bool failed)
{
	return need && admitted(task) && ((need & NEED_STATE) || predicate(task, failed));
}

/* What the programs of both ends have in common; `fill` is inlined. */
static __always_inline int emit(struct pt_regs *regs, long nr, __u32 entry, long ret, bool enter, void (*fill)(struct rec *, struct call *))
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 index = INDEX(entry);
	struct ring ring;
	struct rec r;

	if (!ring_here(&ring) || !begin(&r, &ring, task))
		return 0;

	/* Field by field: an initializer would also clear `args`. */
	struct call call;

	call.task = task;
	call.ret = ret;
	call.type = enter ? syscalls[index].enter : syscalls[index].exit;
	call.ppm_sc = syscalls[index].ppm_sc;
	call.hidden = syscalls[index].hidden;
	call.nr = nr;
	/* More than half of the calls, and they have no arguments. */
	if (call.type <= PPME_GENERIC_X || (entry & IA32_GENERIC)) {
		put_generic(&r, &call, enter ? PPME_GENERIC_E : PPME_GENERIC_X);
	} else {
		read_args(call.args, regs, nr, IS_COMPAT(task));
		fill(&r, &call);
	}
	rec_commit(&r, &ring);
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long nr)
{
	if (!(needs_early(nr) & ENTER_NEEDS))
		return filter_out();

	struct task_struct *task = bpf_get_current_task_btf();
	__u32 entry = table_entry(regs, nr, IS_COMPAT(task));

	if (!passes(task, needs[INDEX(entry)] & ENTER_NEEDS, false))
		return filter_out();
	return emit(regs, nr, entry, 0, true, fill_enter);
}

/* In a stage of its own. */
static __always_inline int emit_exit(struct pt_regs *regs, long ret, void (*fill)(struct rec *, struct call *))
{
	bool compat = IS_COMPAT(bpf_get_current_task_btf());
	long nr = exit_nr(regs, compat);

	return emit(regs, nr, table_entry(regs, nr, compat), ret, false, fill);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	if (!(needs_early(exit_nr(regs, false)) & EXIT_NEEDS))
		return filter_out();

	struct task_struct *task = bpf_get_current_task_btf();
	bool compat = IS_COMPAT(task);
	long nr = exit_nr(regs, compat);
	__u32 entry = table_entry(regs, nr, compat);
	__u32 stage = entry & IA32_GENERIC ? STAGE_COMMON : syscalls[INDEX(entry)].stage;
	__u8 need = needs[INDEX(entry)] >> EXIT_SHIFT;

	/* sched_process_exec has decided on a successful exec. */
	if (need && stage == STAGE_EXEC && ret == 0)
		return 0;
	if ((drop_failed && ret < 0 && ret != -EINPROGRESS) || !passes(task, need, ret < 0))
		return filter_out();
	if (stage == STAGE_COMMON)
		return emit(regs, nr, entry, ret, false, fill_exit);
	/* By far the most of them: a constant becomes a jump. */
	if (stage == STAGE_NETWORK)
		bpf_tail_call_static(ctx, &exit_stages, STAGE_NETWORK);
	bpf_tail_call(ctx, &exit_stages, stage);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_network, struct pt_regs *regs, long ret)
{
	return emit_exit(regs, ret, fill_exit_network);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_process, struct pt_regs *regs, long ret)
{
	return emit_exit(regs, ret, fill_exit_process);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_exec, struct pt_regs *regs, long ret)
{
	return emit_exit(regs, ret, fill_failed_exec);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_control, struct pt_regs *regs, long ret)
{
	return emit_exit(regs, ret, fill_exit_control);
}

/* UIO_MAXIOV: the kernel handles no more messages in a call. */
#define MAX_MESSAGES 1024

/* A record of its own for each message, counted and dropped like any other. A global function: the verifier looks at it
 * once, not once a message. */
__noinline int emit_message(__u64 fd, __u64 messages, __u32 index, __u32 type)
{
	struct call call = { .task = bpf_get_current_task_btf(), .type = type };
	struct ring ring;
	struct rec r;

	if (!ring_here(&ring) || !begin(&r, &ring, call.task))
		return 0;
	fill_message(&r, &call, fd, messages, index);
	rec_commit(&r, &ring);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_messages, struct pt_regs *regs, long ret)
{
	/* Those of 32-bit processes are generic. */
	__u32 index = known(SYSCALL_NR(regs));

	if (ret <= 0)
		return emit_exit(regs, ret, fill_no_message);
	for (__u32 i = 0; i < MAX_MESSAGES && i < ret; i++)
		emit_message(syscall_arg(regs, 0), syscall_arg(regs, 1), i, syscalls[index].exit);
	return 0;
}

/* A tracepoint beside the system calls: the same decisions without the mask. None of them is a failure. */
#define TRACEPOINT_BEGIN(task, need)             \
	struct ring ring;                        \
	struct rec r;                            \
	if (!passes(task, need, false))          \
		return filter_out();             \
	if (!ring_here(&ring))                   \
		return 0;                        \
	if (!begin(&r, &ring, task))             \
		return 0

/* The exit of an exec that succeeded. One that the mask turns away is counted at sys_exit, as every call is. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	bool at = false;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) {
		struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

		at = SYSCALL_NR(regs) == NR_EXECVEAT;
	}
	__u32 index = at ? NR_EXECVEAT : NR_EXECVE;
	__u8 need = needs[index] >> EXIT_SHIFT;

	if (!need)
		return 0;
	TRACEPOINT_BEGIN(task, need);
	rec_type(&r, syscalls[index].exit, 30 + (full_exit && !at));
	put_s64(&r, 0);
	put_exe_args(&r, task);
	put_task(&r, task);
	put_env(&r, task);
	put_exec_identity(&r, task);
	if (full_exit && !at)
		put_kernel_str(&r, BPF_CORE_READ(bprm, filename), MAX_PATH);
	rec_commit(&r, &ring);
	return 0;
}

#define PF_EXITING 0x4

/* Who inherits the children: a living thread of the same process, else the reaper of the pid namespace. -1 = not found
 * within the threads looked at. */
static __always_inline __s64 reaper_of(struct task_struct *task)
{
	struct list_head *head = &task->signal->thread_head;
	struct list_head *node = BPF_CORE_READ(head, next);

	for (int i = 0; i < 16; i++) {
		struct task_struct *thread = container_of(node, struct task_struct, thread_node);

		if (node == head) {
			struct pid *pid = task->thread_pid;
			__u32 level = BPF_CORE_READ(pid, level);

			return BPF_CORE_READ(pid, numbers[level].ns, child_reaper, pid);
		}
		if (!(BPF_CORE_READ(thread, flags) & PF_EXITING))
			return BPF_CORE_READ(thread, pid);
		node = BPF_CORE_READ(thread, thread_node.next);
	}
	return -1;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	int status = task->exit_code;

	if (task->flags & PF_KTHREAD)
		return 0;
	TRACEPOINT_BEGIN(task, need_procexit);
	rec_type(&r, PPME_PROCEXIT_1_E, 5);
	put_s64(&r, status);
	put_s64(&r, (status >> 8) & 0xff);
	put_u8(&r, status & 0x7f);
	put_u8(&r, (status & 0x80) != 0);
	put_s64(&r, reaper_of(task));
	rec_commit(&r, &ring);
	return 0;
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(signal_deliver, int sig, struct kernel_siginfo *info, struct k_sigaction *ka)
{
	struct task_struct *task = bpf_get_current_task_btf();
	/* The sender, where the kind of signal has one: a signal from a process (si_code <= 0), or a child's. SEND_SIG_PRIV
	 * and its like are small numbers and no pointers. */
	__s64 spid = 0;

	TRACEPOINT_BEGIN(task, need_signaldeliver);
	if ((unsigned long)info > 2 && (BPF_CORE_READ(info, si_code) <= 0 || sig == 17 || sig == 9))
		spid = BPF_CORE_READ(info, _sifields._kill._pid);
	rec_type(&r, PPME_SIGNALDELIVER_E, 3);
	put_s64(&r, spid);
	put_s64(&r, task->pid);
	put_u8(&r, sig);
	rec_commit(&r, &ring);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	TRACEPOINT_BEGIN(prev, need_switch);
	rec_type(&r, PPME_SCHEDSWITCH_6_E, 6);
	put_s64(&r, next->pid);
	put_u64(&r, prev->maj_flt);
	put_u64(&r, prev->min_flt);
	put_vm(&r, prev);
	rec_commit(&r, &ring);
	return 0;
}

/* These two tracepoints are x86's. */
#if defined(__TARGET_ARCH_x86)
/* arch/x86/include/asm/trap_pf.h to PPM_PF_*, which has a bit for each value of a bit. */
static __always_inline __u32 page_fault_error(unsigned long error)
{
	return (error & 1 ? PPM_PF_FLAGS_PROTECTION_VIOLATION : PPM_PF_FLAGS_PAGE_NOT_PRESENT) |
	       (error & 2 ? PPM_PF_FLAGS_WRITE_ACCESS : PPM_PF_FLAGS_READ_ACCESS) |
	       (error & 4 ? PPM_PF_FLAGS_USER_FAULT : PPM_PF_FLAGS_SUPERVISOR_FAULT) |
	       MAP_BIT(error, 8, PPM_PF_FLAGS_RESERVED_PAGE) | MAP_BIT(error, 16, PPM_PF_FLAGS_INSTRUCTION_FETCH);
}

static __always_inline int emit_page_fault(unsigned long address, struct pt_regs *regs, unsigned long error)
{
	struct task_struct *task = bpf_get_current_task_btf();

	TRACEPOINT_BEGIN(task, need_page_fault);
	rec_type(&r, PPME_PAGE_FAULT_E, 3);
	put_u64(&r, address);
	put_u64(&r, REGS(regs)->ip);
	put_u32(&r, page_fault_error(error));
	rec_commit(&r, &ring);
	return 0;
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(page_fault_user, unsigned long address, struct pt_regs *regs, unsigned long error)
{
	return emit_page_fault(address, regs, error);
}

SEC("tp_btf/page_fault_kernel")
int BPF_PROG(page_fault_kernel, unsigned long address, struct pt_regs *regs, unsigned long error)
{
	return emit_page_fault(address, regs, error);
}
#endif
