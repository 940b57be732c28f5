/* How many bytes of an I/O buffer are kept: a number, and more of what looks like a protocol that is worth it. */
#pragma once

#include "socket.bpf.h"

/* Bytes to keep; the driver's default. The loader sets it, at most MAX_SNAPLEN. */
const volatile __u32 snaplen = 80;
/* The driver's dynamic snaplen. What is not asked for is a constant that the verifier knows, and costs nothing. */
const volatile bool dynamic_snaplen = false;
/* Ports, in host order, whose traffic is kept as far as it goes; none if the last one is 0. */
const volatile __u16 full_ports_first = 0, full_ports_last = 0;

/* The driver's sizes and ports. */
#define KEEP_FULL 16000
#define KEEP_MORE 2000
#define KEEP_DNS 512
#define PORT_DNS 53
#define PORT_STATSD 8125
#define PORT_MYSQL 3306
#define PORT_POSTGRES 5432
#define PORT_MONGODB 27017

static __always_inline bool is_http(const __u8 *first)
{
#define FOUR(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)
	switch (*(const __u32 *)first) {
	case FOUR('G', 'E', 'T', ' '): case FOUR('P', 'O', 'S', 'T'): case FOUR('P', 'U', 'T', ' '): case FOUR('D', 'E', 'L', 'E'):
	case FOUR('T', 'R', 'A', 'C'): case FOUR('C', 'O', 'N', 'N'): case FOUR('O', 'P', 'T', 'I'):
		return true;
	case FOUR('H', 'T', 'T', 'P'):
		return first[4] == '/';
	default:
		return false;
	}
#undef FOUR
}

/* Bytes to keep of what goes over a socket; 0 of anything else. `address` is a sockaddr of the call, for a socket that is not
 * connected; `buffer`, of `size` bytes, is 0 where only the ports decide: those of scattered buffers. A global function: the
 * verifier looks at it once instead of at each call. */
__noinline __u32 bytes_by_protocol(__u64 fd, __u64 buffer, __u64 size, __u64 address)
{
	struct sock *sk = sock_of_fd(bpf_get_current_task_btf(), fd);
	__u16 family = sk ? BPF_CORE_READ(sk, __sk_common.skc_family) : 0;
	__u16 local = 0, remote = 0;
	union {
		__u8 byte[16];
		__u32 word[4];
	} first = {};

	if (!sk)
		return 0;
	if (family == AF_INET || family == AF_INET6) {
		local = host_port(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
		remote = BPF_CORE_READ(sk, __sk_common.skc_dport);
		/* The port stands at the same place in the addresses of both families. */
		if (remote == 0 && address)
			bpf_probe_read_user(&remote, sizeof(remote), (const void *)(address + 2));
		remote = host_port(remote);
	}
	if (full_ports_last > 0 && ((local >= full_ports_first && local <= full_ports_last) || (remote >= full_ports_first && remote <= full_ports_last)))
		return KEEP_FULL;
	if (remote == PORT_STATSD)
		return KEEP_MORE;
	if (remote == PORT_DNS)
		return KEEP_DNS;
	if (!buffer || bpf_probe_read_user(&first, sizeof(first), (const void *)buffer) != 0)
		return 0;

	const __u8 *b = first.byte;

	if ((local == PORT_MYSQL || remote == PORT_MYSQL) && size >= 5)
		return b[0] == 3 || b[1] == 3 || b[2] == 3 || b[3] == 3 || b[4] == 3 || (b[2] == 0 && b[3] == 0) ? KEEP_MORE : 0;
	if ((local == PORT_POSTGRES || remote == PORT_POSTGRES) && size >= 7)
		return (b[1] == 0 && (b[0] == 'Q' || b[0] == 'P' || b[0] == 'E')) || (b[4] == 0 && b[5] == 3 && b[6] == 0) ? KEEP_MORE : 0;
	if (local == PORT_MONGODB || remote == PORT_MONGODB || (size >= 16 && (first.word[3] == 1 || (first.word[3] >= 2001 && first.word[3] <= 2007))))
		return KEEP_MORE;
	return size >= 5 && is_http(b) ? KEEP_MORE : 0;
}

static __always_inline __u64 cut(__u64 len)
{
	return len < snaplen ? len : snaplen;
}

/* Of `len` bytes that a call has moved; see bytes_by_protocol(). */
static __always_inline __u64 cut_io(__u64 len, __u64 fd, __u64 buffer, __u64 size, __u64 address)
{
	__u32 most = dynamic_snaplen ? bytes_by_protocol(fd, buffer, size, address) : 0;

	if (most < snaplen)
		most = snaplen;
	return len < most ? len : most;
}
