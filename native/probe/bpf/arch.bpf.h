/* Where an architecture keeps a system call's number, arguments and result while it runs. */
#pragma once

#if defined(__TARGET_ARCH_x86)

#define SYSCALL_NR(regs) ((long)(regs)->orig_ax)
#define NR_RT_SIGRETURN 15
#define NR_EXECVE 59
#define NR_EXECVEAT 322

static __always_inline unsigned long syscall_arg(const struct pt_regs *regs, int n)
{
	switch (n) {
	case 0: return regs->di;
	case 1: return regs->si;
	case 2: return regs->dx;
	case 3: return regs->r10;
	case 4: return regs->r8;
	default: return regs->r9;
	}
}

/* Set in thread_info.status while a 32-bit call runs (arch/x86/include/asm/thread_info.h). Its numbers are those of
 * another table. */
#define TS_COMPAT 2
#define IS_COMPAT(task) ((task)->thread_info.status & TS_COMPAT)

#elif defined(__TARGET_ARCH_arm64)

#define SYSCALL_NR(regs) ((long)(regs)->syscallno)
#define NR_RT_SIGRETURN 139
#define NR_EXECVE 221
#define NR_EXECVEAT 281

static __always_inline unsigned long syscall_arg(const struct pt_regs *regs, int n)
{
	/* x0 is also the result: the kernel keeps its old value in orig_x0. */
	return n == 0 ? regs->orig_x0 : regs->regs[n];
}

#define TIF_32BIT 22
#define IS_COMPAT(task) ((task)->thread_info.flags & (1ul << TIF_32BIT))

#else
#error "tell this file where your architecture keeps its system call arguments"
#endif
