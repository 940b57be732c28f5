/* The fd lists of poll and ppoll: u16 count, then s64 fd and s16 flags for each. */
#pragma once

#include "record.bpf.h"
#include "translate.bpf.h"

/* The driver's limit. */
#define MAX_POLL_FDS 16

enum poll_side { REQUESTED, RETURNED };

static __always_inline void put_fdlist(struct rec *r, unsigned long user, unsigned long count, enum poll_side side)
{
	__u8 *to = r->base + r->at;
	struct pollfd fds[MAX_POLL_FDS] = {};
	__u32 n = count < MAX_POLL_FDS ? count : MAX_POLL_FDS;

	if (n > 0 && bpf_probe_read_user(fds, (n & (2 * MAX_POLL_FDS - 1)) * sizeof(struct pollfd), (const void *)user) != 0)
		n = 0;
	*(__u16 *)to = n;
	for (__u32 i = 0; i < MAX_POLL_FDS; i++) {
		if (i >= n)
			break;
		*(__s64 *)(to + 2 + 10 * i) = fds[i].fd;
		*(__u16 *)(to + 10 + 10 * i) = poll_events(side == REQUESTED ? fds[i].events : fds[i].revents);
	}
	rec_advance(r, 2 + 10 * n);
}
