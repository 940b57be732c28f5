/* Scattered buffers: readv, writev and the msghdr calls. */
#pragma once

#include "record.bpf.h"

/* How many pieces of a message are looked at: the rest counts in `size` only as far as it was seen. */
#define MAX_IOVECS 32

/* Joins the first `len` bytes of `count` buffers; returns the bytes that could be read. A global function, like the one
 * below: the verifier looks at its loop once instead of at each call. */
__noinline __u64 write_iovec(__u32 slot, __u64 at, __u64 iov, __u64 count, __u64 len)
{
	__u8 *base = ring_reserved(slot);
	__u64 used = 0;

	if (!base)
		return 0;
	BOUND_TO_RESERVE(at);
	for (__u32 i = 0; i < MAX_IOVECS && i < count && used < len; i++) {
		struct iovec piece = {};

		if (bpf_probe_read_user(&piece, sizeof(piece), (const void *)(iov + i * sizeof(piece))) != 0)
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
	__u64 used = write_iovec(r->slot, r->at, iov, count, len);

	BOUND_TO_RESERVE(used);
	rec_advance(r, used);
}

/* What the buffers hold together, in bytes. */
__noinline __u32 iovec_size(__u64 iov, __u64 count)
{
	__u32 size = 0;

	for (__u32 i = 0; i < MAX_IOVECS && i < count; i++) {
		struct iovec piece = {};

		if (bpf_probe_read_user(&piece, sizeof(piece), (const void *)(iov + i * sizeof(piece))) != 0)
			break;
		size += piece.iov_len;
	}
	return size;
}
