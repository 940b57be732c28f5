/* What the probe in the kernel and the reader in user space agree on.
 *
 * A ring has the shape that the sysdig kernel module gives it (ppm_ringbuffer.h of the driver): one page of counters with
 * `head` and `tail`, and a data area of a power of two bytes with records back to back. Head and tail are byte offsets
 * below that size; head == tail means empty. A record never seems split to the reader, because the data area is mapped
 * twice, one copy behind the other. So one reader serves the module's rings and our own.
 */
#pragma once

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

struct ring_info {
	__u32 head;            /* written by the producer, after the record is complete */
	__u32 tail;            /* written by the consumer, when it is done with what lies before */
	__u64 n_evts;          /* records asked for, dropped ones included */
	__u64 n_drops_buffer;  /* no room in the ring */
	__u64 n_drops_pf;      /* the module's: page fault while reading an argument. Our probe leaves the argument empty */
	__u64 n_preemptions;   /* another probe point fired while a record was being written on this CPU */
	/* From here on our own; the module has n_context_switches and then categories. */
	__u32 busy;            /* a record is being written */
};

/* Hits of one CPU that the mask, the pid lists or the self filter turned away; a cache line, so that CPUs do not share one. */
struct filtered {
	__u64 n;
} __attribute__((aligned(64)));

/* A record may be up to 64 KiB (PPM_MAX_EVENT_SIZE). The producer writes it in place, so this much must be free. */
#define RING_RESERVE 65536u

/* Behind the data area, seen by the producer only: a record that starts near the end runs on into it, and what ran over
 * is then copied to the start. Large enough for any bounded write at any offset within a record. */
#define RING_SLACK (192u * 1024u)

/* Bytes between two ring_info in their map: a page each, so that each can be mapped on its own. */
#define RING_INFO_STRIDE 4096u

#define RING_NO_SLOT 0xffffu
#define MAX_CPUS 1024
#define MAX_SYSCALLS 512

/* A number outside the table, or one of a 32-bit process that has no 64-bit twin: a generic event that carries only the number
 * itself. The kernel's own numbers end well below. */
#define UNKNOWN_SYSCALL (MAX_SYSCALLS - 1)

/* With the 64-bit twin of a 32-bit call: its arguments are laid out in another way, it becomes a generic event. */
#define IA32_GENERIC 0x8000
/* SYS_SENDMMSG (include/uapi/linux/net.h) is 20. */
#define MAX_SOCKETCALLS 21

/* TASK_COMM_LEN: the name of a thread with its NUL. */
#define COMM_SIZE 16

/* Processes that can be left out while a capture runs. */
#define MAX_LEFT_OUT 1024

/* Exit events that are made by a program of their own, reached by a tail call. */
enum stage { STAGE_COMMON, STAGE_NETWORK, STAGE_MESSAGES, STAGE_CONTROL, STAGE_PROCESS, STAGE_EXEC, STAGES };

/* I/O bytes kept at most: what else an event holds fits into RING_RESERVE beside it. */
#define MAX_SNAPLEN 60000u

/* Which records a system call gives. */
struct syscall_events {
	__u16 enter;
	__u16 exit;
	__u16 ppm_sc;  /* the driver's number of the call, the same on every architecture */
	__u16 stage;   /* enum stage, of the exit event */
	__u16 hidden;  /* sysdig 0.29.3 does not know this ppm_sc */
};

/* Why a record is made: it is wanted, if the predicate holds for it, or what the reader knows of the machine follows from it,
 * and then it is made whether the predicate holds or not. */
enum need { NEED_WANTED = 1, NEED_STATE = 2 };

/* The needs of a system call's two records in one byte: ENTER_NEEDS as they are, EXIT_NEEDS shifted. */
#define ENTER_NEEDS 0x3
#define EXIT_NEEDS 0xc
#define EXIT_SHIFT 2

/* How `pids` is to be read. */
enum pid_filter { PIDS_OFF, PIDS_DENY, PIDS_ALLOW };
