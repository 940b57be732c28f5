/* One record under construction, parameter by parameter, straight into the ring.
 *
 * Layout (the driver's): ts u64, tid u64, len u32, type u16, nparams u32, then a u16 length per parameter, then the
 * parameters back to back, unaligned, little endian. A parameter that cannot be read has length 0.
 */
#pragma once

#include "ring.bpf.h"

#define REC_TS 0
#define REC_TID 8
#define REC_LEN 16
#define REC_TYPE 20
#define REC_NPARAMS 22
#define REC_HEADER 26

#define MAX_PATH 4096
#define MAX_ARGS 4096

/* CLOCK_REALTIME minus CLOCK_BOOTTIME in ns: records carry wall time. The loader follows clock steps. */
__u64 boot_to_real;

struct rec {
	__u8 *base; /* the record in the ring */
	__u64 at;   /* where the next parameter's bytes go, from `base` */
	__u32 i;    /* the next parameter's index */
	__u32 slot; /* the ring's index */
};

/* The verifier loses track of a sum of lengths; this states the bound that the reservation gives, without a branch. */
#define BOUND_TO_RESERVE(x) asm volatile("%0 &= 0xffff" : "+r"(x))

static __always_inline void rec_header(struct rec *r, __u64 tid)
{
	*(__u64 *)(r->base + REC_TS) = boot_to_real + bpf_ktime_get_boot_ns();
	*(__u64 *)(r->base + REC_TID) = tid;
}

static __always_inline void rec_type(struct rec *r, __u16 type, __u32 nparams)
{
	*(__u16 *)(r->base + REC_TYPE) = type;
	*(__u32 *)(r->base + REC_NPARAMS) = nparams;
	r->i = 0;
	r->at = REC_HEADER + 2 * nparams;
}

static __always_inline void rec_commit(struct rec *r, struct ring *ring)
{
	*(__u32 *)(r->base + REC_LEN) = r->at;
	ring_commit(ring, r->at);
}

/* ---- parameters of a fixed size ---- */

static __always_inline void put_len(struct rec *r, __u16 len)
{
	*(__u16 *)(r->base + REC_HEADER + 2 * r->i) = len;
	r->i++;
}

#define PUT_FIXED(suffix, ctype)                                            \
	static __always_inline void put_##suffix(struct rec *r, ctype value) \
	{                                                                    \
		put_len(r, sizeof(ctype));                                   \
		*(ctype *)(r->base + r->at) = value;                         \
		r->at += sizeof(ctype);                                      \
	}
PUT_FIXED(u8, __u8)
PUT_FIXED(u16, __u16)
PUT_FIXED(u32, __u32)
PUT_FIXED(u64, __u64)
PUT_FIXED(s64, __s64)

static __always_inline void put_null(struct rec *r)
{
	put_len(r, 0);
}

/* A file descriptor argument: an int that user space may leave in a 64-bit register with rubbish above. */
static __always_inline void put_fd(struct rec *r, unsigned long arg)
{
	put_s64(r, (__s64)(__s32)arg);
}

/* ---- parameters of a length found on the way ---- */

static __always_inline void rec_advance(struct rec *r, __u64 len)
{
	put_len(r, len);
	r->at += len;
	BOUND_TO_RESERVE(r->at);
}

/* A NUL-terminated string of the calling process, cut to `max` bytes with the NUL kept. Its length with the NUL, negative if it
 * cannot be read. Before 6.13 the kernel counts an empty one as 0 bytes, although it has copied its NUL. */
static __always_inline long read_user_str(void *to, __u32 max, unsigned long user)
{
	long len = bpf_probe_read_user_str(to, max, (const void *)user);

	return len == 0 ? 1 : len;
}

static __always_inline void put_str(struct rec *r, unsigned long user)
{
	long len = read_user_str(r->base + r->at, MAX_PATH, user);

	rec_advance(r, len > 0 ? len & (2 * MAX_PATH - 1) : 0);
}

static __always_inline void put_kernel_str(struct rec *r, const void *kernel, __u32 max)
{
	long len = bpf_probe_read_kernel_str(r->base + r->at, max, kernel);

	rec_advance(r, len > 0 ? len & (2 * MAX_PATH - 1) : 0);
}

/* `len` bytes of the calling process; the caller has cut it to the snaplen. */
static __always_inline void put_bytes(struct rec *r, unsigned long user, __u64 len)
{
	BOUND_TO_RESERVE(len);
	if (len == 0 || bpf_probe_read_user(r->base + r->at, len, (const void *)user) != 0)
		len = 0;
	rec_advance(r, len);
}
