/* ptrace: its request as the driver numbers it, and the two arguments whose meaning depends on it. */
#pragma once

#include "record.bpf.h"
#include "translate.bpf.h"

/* include/uapi/linux/ptrace.h, and those of the architecture in its asm/ptrace-abi.h. */
static __always_inline __u16 ptrace_request(unsigned long request)
{
	switch (request) {
	case 0: return PPM_PTRACE_REQUESTS_PTRACE_TRACEME;
	case 1: return PPM_PTRACE_REQUESTS_PTRACE_PEEKTEXT;
	case 2: return PPM_PTRACE_REQUESTS_PTRACE_PEEKDATA;
	case 3: return PPM_PTRACE_REQUESTS_PTRACE_PEEKUSR;
	case 4: return PPM_PTRACE_REQUESTS_PTRACE_POKETEXT;
	case 5: return PPM_PTRACE_REQUESTS_PTRACE_POKEDATA;
	case 6: return PPM_PTRACE_REQUESTS_PTRACE_POKEUSR;
	case 7: return PPM_PTRACE_REQUESTS_PTRACE_CONT;
	case 8: return PPM_PTRACE_REQUESTS_PTRACE_KILL;
	case 9: return PPM_PTRACE_REQUESTS_PTRACE_SINGLESTEP;
	case 16: return PPM_PTRACE_REQUESTS_PTRACE_ATTACH;
	case 17: return PPM_PTRACE_REQUESTS_PTRACE_DETACH;
	case 24: return PPM_PTRACE_REQUESTS_PTRACE_SYSCALL;
	case 31: return PPM_PTRACE_REQUESTS_PTRACE_SYSEMU;
	case 32: return PPM_PTRACE_REQUESTS_PTRACE_SYSEMU_SINGLESTEP;
	case 33: return PPM_PTRACE_REQUESTS_PTRACE_SINGLEBLOCK;
#ifdef __TARGET_ARCH_x86
	case 12: return PPM_PTRACE_REQUESTS_PTRACE_GETREGS;
	case 13: return PPM_PTRACE_REQUESTS_PTRACE_SETREGS;
	case 14: return PPM_PTRACE_REQUESTS_PTRACE_GETFPREGS;
	case 15: return PPM_PTRACE_REQUESTS_PTRACE_SETFPREGS;
	case 18: return PPM_PTRACE_REQUESTS_PTRACE_GETFPXREGS;
	case 19: return PPM_PTRACE_REQUESTS_PTRACE_SETFPXREGS;
	case 21: return PPM_PTRACE_REQUESTS_PTRACE_OLDSETOPTIONS;
	case 25: return PPM_PTRACE_REQUESTS_PTRACE_GET_THREAD_AREA;
	case 26: return PPM_PTRACE_REQUESTS_PTRACE_SET_THREAD_AREA;
	case 30: return PPM_PTRACE_REQUESTS_PTRACE_ARCH_PRCTL;
#endif
	case 0x4200: return PPM_PTRACE_REQUESTS_PTRACE_SETOPTIONS;
	case 0x4201: return PPM_PTRACE_REQUESTS_PTRACE_GETEVENTMSG;
	case 0x4202: return PPM_PTRACE_REQUESTS_PTRACE_GETSIGINFO;
	case 0x4203: return PPM_PTRACE_REQUESTS_PTRACE_SETSIGINFO;
	case 0x4204: return PPM_PTRACE_REQUESTS_PTRACE_GETREGSET;
	case 0x4205: return PPM_PTRACE_REQUESTS_PTRACE_SETREGSET;
	case 0x4206: return PPM_PTRACE_REQUESTS_PTRACE_SEIZE;
	case 0x4207: return PPM_PTRACE_REQUESTS_PTRACE_INTERRUPT;
	case 0x4208: return PPM_PTRACE_REQUESTS_PTRACE_LISTEN;
	case 0x4209: return PPM_PTRACE_REQUESTS_PTRACE_PEEKSIGINFO;
	case 0x420a: return PPM_PTRACE_REQUESTS_PTRACE_GETSIGMASK;
	case 0x420b: return PPM_PTRACE_REQUESTS_PTRACE_SETSIGMASK;
	default: return PPM_PTRACE_REQUESTS_PTRACE_UNKNOWN;
	}
}

/* What a DYN parameter of ptrace is (the driver's ptrace_dynamic_param). */
enum { PTRACE_U64, PTRACE_SIGNAL };

static __always_inline void put_ptrace_u64(struct rec *r, __u64 value)
{
	__u8 *to = r->base + r->at;

	to[0] = PTRACE_U64;
	*(__u64 *)(to + 1) = value;
	rec_advance(r, 9);
}

/* addr, then data: a signal for what lets the tracee run on, the word that was read for the PEEKs, which user space gets
 * by address, else the argument itself. A call that failed has zeros. */
static __always_inline void put_ptrace(struct rec *r, long ret, unsigned long request, unsigned long addr, unsigned long data)
{
	put_ptrace_u64(r, ret < 0 ? 0 : addr);
	if (ret < 0) {
		put_ptrace_u64(r, 0);
		return;
	}
	switch (request) {
	case 1: case 2: case 3: { /* PEEKTEXT, PEEKDATA, PEEKUSR */
		__u64 word = 0;

		bpf_probe_read_user(&word, sizeof(word), (const void *)data);
		put_ptrace_u64(r, word);
		break;
	}
	case 7: case 9: case 17: case 24: { /* CONT, SINGLESTEP, DETACH, SYSCALL */
		__u8 *to = r->base + r->at;

		to[0] = PTRACE_SIGNAL;
		to[1] = data;
		rec_advance(r, 2);
		break;
	}
	default:
		put_ptrace_u64(r, data);
	}
}
