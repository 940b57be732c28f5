/* System calls of 32-bit processes on x86_64: other numbers, other registers, structures with pointers of four bytes. What is
 * laid out as on x86_64, or can be brought there on the way in, becomes the event of its 64-bit twin; the rest, named with
 * its reason in lib/event/tables/syscall_numbers_ia32.json, is a generic event.
 */
#pragma once

#include "arch.bpf.h"
#include "record.bpf.h"

#if defined(__TARGET_ARCH_x86)

/* By number, and by the first argument of socketcall(): the 64-bit call, or UNKNOWN_SYSCALL; with IA32_GENERIC. */
const volatile __u16 ia32_calls[MAX_SYSCALLS];
const volatile __u16 ia32_socketcalls[MAX_SOCKETCALLS];

/* arch/x86/entry/syscalls/syscall_32.tbl */
#define NR_IA32_LSEEK 19
#define NR_IA32_OLD_MMAP 90
#define NR_IA32_SOCKETCALL 102
#define NR_IA32_PREAD64 180
#define NR_IA32_PWRITE64 181
#define NR_IA32_MMAP2 192
#define NR_IA32_PREADV 333
#define NR_IA32_PWRITEV 334

/* include/uapi/linux/net.h */
#define SYS_SEND 9
#define SYS_RECV 10

/* What a 32-bit call is in the tables of this directory. No part of the way of 64-bit calls. */
static __noinline __u16 compat_twin(const struct pt_regs *regs, long nr)
{
	if (nr == NR_IA32_SOCKETCALL) {
		__u32 call = REGS(regs)->bx;

		return call < MAX_SOCKETCALLS ? ia32_socketcalls[call] : UNKNOWN_SYSCALL;
	}
	return (unsigned long)nr < MAX_SYSCALLS ? ia32_calls[nr] : UNKNOWN_SYSCALL;
}

/* Arguments that stand in memory, one behind the other. */
static __always_inline void ia32_args_at(unsigned long *args, unsigned long user)
{
	__u32 words[6] = {};

	bpf_probe_read_user(words, sizeof(words), (const void *)user);
	for (int i = 0; i < 6; i++)
		args[i] = words[i];
}

/* The arguments as the 64-bit twin would have got them. */
static __noinline void ia32_args(unsigned long *args, const struct pt_regs *regs, long nr)
{
	__u32 first = REGS(regs)->bx;

	args[0] = first;
	args[1] = (__u32)REGS(regs)->cx;
	args[2] = (__u32)REGS(regs)->dx;
	args[3] = (__u32)REGS(regs)->si;
	args[4] = (__u32)REGS(regs)->di;
	args[5] = (__u32)REGS(regs)->bp;
	switch (nr) {
	case NR_IA32_LSEEK:
		args[1] = (__s32)args[1];
		break;
	case NR_IA32_OLD_MMAP:
		ia32_args_at(args, args[0]);
		break;
	case NR_IA32_MMAP2: /* in units of 4096 bytes, whatever the page size */
		args[5] <<= 12;
		break;
	case NR_IA32_PREAD64:
	case NR_IA32_PWRITE64:
	case NR_IA32_PREADV:
	case NR_IA32_PWRITEV:
		args[3] |= args[4] << 32;
		break;
	case NR_IA32_SOCKETCALL:
		ia32_args_at(args, args[1]);
		if (first == SYS_SEND || first == SYS_RECV)
			args[4] = args[5] = 0;
		break;
	}
}

/* The arguments of a call, whoever makes it. */
static __always_inline void read_args(unsigned long *args, const struct pt_regs *regs, long nr, bool compat)
{
	if (compat) {
		ia32_args(args, regs, nr);
		return;
	}
	for (int i = 0; i < 6; i++)
		args[i] = syscall_arg(regs, i);
}

#else

static __always_inline __u16 compat_twin(const struct pt_regs *regs, long nr)
{
	return UNKNOWN_SYSCALL;
}

static __always_inline void read_args(unsigned long *args, const struct pt_regs *regs, long nr, bool compat)
{
	for (int i = 0; i < 6; i++)
		args[i] = syscall_arg(regs, i);
}

#endif
