/* Scattered buffers: readv, writev and the msghdr calls. */
#pragma once

#include "arch.bpf.h"
#include "record.bpf.h"

/* How many pieces of a message are looked at: the rest counts in `size` only as far as it was seen. */
#define MAX_IOVECS 32

/* With a slot: the buffers are described as a 32-bit process does. */
#define IA32_SLOT 0x10000

static __always_inline bool read_iovec(struct iovec *piece, __u64 iov, __u32 i, bool ia32)
{
	struct {
		__u32 iov_base, iov_len;
	} narrow = {};

	if (!ia32)
		return bpf_probe_read_user(piece, sizeof(*piece), (const void *)(iov + i * sizeof(*piece))) == 0;
	if (bpf_probe_read_user(&narrow, sizeof(narrow), (const void *)(iov + i * sizeof(narrow))) != 0)
		return false;
	piece->iov_base = (void *)(__u64)narrow.iov_base;
	piece->iov_len = narrow.iov_len;
	return true;
}

/* Joins the first `len` bytes of `count` buffers; returns the bytes that could be read. A global function, like the one
 * below: the verifier looks at its loop once instead of at each call. */
__noinline __u64 write_iovec(__u32 slot, __u64 at, __u64 iov, __u64 count, __u64 len)
{
	__u8 *base = ring_reserved(slot & 0xffff);
	__u64 used = 0;

	if (!base)
		return 0;
	BOUND_TO_RESERVE(at);
	for (__u32 i = 0; i < MAX_IOVECS && i < count && used < len; i++) {
		struct iovec piece = {};

		if (!read_iovec(&piece, iov, i, slot & IA32_SLOT))
			break;
		__u64 n = piece.iov_len < len - used ? piece.iov_len : len - used;

		BOUND_TO_RESERVE(n);
		BOUND_TO_RESERVE(used);
		if (n > 0 && bpf_probe_read_user(base + at + used, n, piece.iov_base) != 0)
			break;
		used += n;
	}
	return used;
}

static __always_inline void put_iovec(struct rec *r, unsigned long iov, unsigned long count, __u64 len)
{
	__u64 used = write_iovec(r->slot | (narrow_pointers() ? IA32_SLOT : 0), r->at, iov, count, len);

	BOUND_TO_RESERVE(used);
	rec_advance(r, used);
}

/* What the buffers hold together, in bytes. */
#define iovec_size(iov, count) iovec_bytes(iov, count, narrow_pointers())

__noinline __u32 iovec_bytes(__u64 iov, __u64 count, bool ia32)
{
	__u32 size = 0;

	for (__u32 i = 0; i < MAX_IOVECS && i < count; i++) {
		struct iovec piece = {};

		if (!read_iovec(&piece, iov, i, ia32))
			break;
		size += piece.iov_len;
	}
	return size;
}
