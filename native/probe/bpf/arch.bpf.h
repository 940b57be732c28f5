/* Where an architecture keeps a system call's number, arguments and result while it runs.
 *
 * Structures are named as flavours, with their own few fields: vmlinux.h may be of a machine of the other architecture, and
 * the loader relocates the fields to the kernel it finds (CO-RE).
 */
#pragma once

#include <bpf/bpf_core_read.h>

#if defined(__TARGET_ARCH_x86)

struct pt_regs___x86 {
	unsigned long bp, bx, r10, r9, r8, cx, dx, si, di, orig_ax, ip;
} __attribute__((preserve_access_index));

#define REGS(regs) ((const struct pt_regs___x86 *)(regs))
#define SYSCALL_NR(regs) ((long)REGS(regs)->orig_ax)
#define NR_RT_SIGRETURN 15
#define NR_COMPAT_RT_SIGRETURN 173
#define NR_EXECVE 59
#define NR_EXECVEAT 322

static __always_inline unsigned long syscall_arg(const struct pt_regs *regs, int n)
{
	switch (n) {
	case 0: return REGS(regs)->di;
	case 1: return REGS(regs)->si;
	case 2: return REGS(regs)->dx;
	case 3: return REGS(regs)->r10;
	case 4: return REGS(regs)->r8;
	default: return REGS(regs)->r9;
	}
}

/* Set in thread_info.status while a 32-bit call runs (arch/x86/include/asm/thread_info.h). Its numbers are those of
 * another table. */
struct task_struct___x86 {
	struct {
		__u32 status;
	} thread_info;
} __attribute__((preserve_access_index));

#define TS_COMPAT 2
#define IS_COMPAT(task) (((struct task_struct___x86 *)(task))->thread_info.status & TS_COMPAT)
/* Its arguments are known: ia32.bpf.h. */
#define IS_IA32(task) IS_COMPAT(task)

#elif defined(__TARGET_ARCH_arm64)

struct pt_regs___aarch64 {
	__u64 regs[31];
	__u64 orig_x0;
	__s32 syscallno;
} __attribute__((preserve_access_index));

#define REGS(regs) ((const struct pt_regs___aarch64 *)(regs))
#define SYSCALL_NR(regs) ((long)REGS(regs)->syscallno)
#define NR_RT_SIGRETURN 139
#define NR_COMPAT_RT_SIGRETURN 173
#define NR_EXECVE 221
#define NR_EXECVEAT 281

static __always_inline unsigned long syscall_arg(const struct pt_regs *regs, int n)
{
	/* x0 is also the result: the kernel keeps its old value in orig_x0. */
	return n == 0 ? REGS(regs)->orig_x0 : REGS(regs)->regs[n];
}

/* A 32-bit process: what it calls becomes generic events with numbers of arm. */
#define TIF_32BIT 22
#define IS_COMPAT(task) ((task)->thread_info.flags & (1ul << TIF_32BIT))
#define IS_IA32(task) false

#else
#error "tell this file where your architecture keeps its system call arguments"
#endif

/* Do structures of the calling process have pointers of four bytes? */
static __always_inline bool narrow_pointers(void)
{
	return IS_IA32(bpf_get_current_task_btf());
}
