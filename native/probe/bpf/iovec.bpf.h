/* Scattered buffers: readv, writev and the msghdr calls. */
#pragma once

#include "record.bpf.h"

/* How many pieces of a message are looked at: the rest counts in `size` only as far as it was seen. */
#define MAX_IOVECS 32

/* Joins the first `len` bytes of `count` buffers into one parameter. */
static __always_inline void put_iovec(struct rec *r, unsigned long iov, unsigned long count, __u64 len)
{
	__u64 used = 0;

	for (int i = 0; i < MAX_IOVECS; i++) {
		struct iovec piece = {};

		if ((unsigned long)i >= count || used >= len)
			break;
		if (bpf_probe_read_user(&piece, sizeof(piece), (const void *)(iov + i * sizeof(piece))) != 0)
			break;
		__u64 n = piece.iov_len < len - used ? piece.iov_len : len - used;

		BOUND_TO_RESERVE(n);
		BOUND_TO_RESERVE(used);
		if (n > 0 && bpf_probe_read_user(r->base + r->at + used, n, piece.iov_base) != 0)
			break;
		used += n;
	}
	BOUND_TO_RESERVE(used);
	rec_advance(r, used);
}

/* What the buffers hold together, in bytes. */
static __always_inline __u32 iovec_size(unsigned long iov, unsigned long count)
{
	__u32 size = 0;

	for (int i = 0; i < MAX_IOVECS; i++) {
		struct iovec piece = {};

		if ((unsigned long)i >= count)
			break;
		if (bpf_probe_read_user(&piece, sizeof(piece), (const void *)(iov + i * sizeof(piece))) != 0)
			break;
		size += piece.iov_len;
	}
	return size;
}
