/* Socket addresses and tuples in the driver's encoding: addresses as in memory (network order), ports in host order. */
#pragma once

#include "arch.bpf.h"
#include "file.bpf.h"

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10

#define UNIX_PATH_MAX 108

enum direction { OUTBOUND, INBOUND };

static __always_inline __u16 host_port(__be16 port)
{
	return __builtin_bswap16(port);
}

/* sockaddr: u8 family, then address and port, or a path. */
static __always_inline void put_sockaddr(struct rec *r, unsigned long user, unsigned long len)
{
	__u8 *to = r->base + r->at;
	__u16 family = 0;

	if (len < sizeof(family) || bpf_probe_read_user(&family, sizeof(family), (const void *)user) != 0) {
		put_null(r);
		return;
	}
	to[0] = family;
	if (family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in in = {};

		bpf_probe_read_user(&in, sizeof(in), (const void *)user);
		*(__u32 *)(to + 1) = in.sin_addr.s_addr;
		*(__u16 *)(to + 5) = host_port(in.sin_port);
		rec_advance(r, 7);
	} else if (family == AF_INET6 && len >= 24) {
		struct sockaddr_in6 in6 = {};

		bpf_probe_read_user(&in6, sizeof(in6), (const void *)user);
		__builtin_memcpy(to + 1, &in6.sin6_addr, 16);
		*(__u16 *)(to + 17) = host_port(in6.sin6_port);
		rec_advance(r, 19);
	} else if (family == AF_UNIX) {
		/* An abstract name begins with a NUL, which is left out. */
		char first = 0;
		unsigned long path = user + 2;

		bpf_probe_read_user(&first, 1, (const void *)path);
		if (first == 0 && len > 2)
			path++;
		long n = read_user_str(to + 1, UNIX_PATH_MAX + 1, path);

		rec_advance(r, n > 0 ? 1 + (n & 127) : 1);
	} else {
		rec_advance(r, 1);
	}
}

/* Writes the two ends of a socket and returns the bytes that they took. What an unconnected socket does not know is taken from `user`, a
 * sockaddr of the call. A global function: the verifier looks at it once instead of at each call. */
__noinline __u64 write_tuple(__u32 slot, __u64 at, int fd, enum direction direction, __u64 user)
{
	struct sock *sk = sock_of_fd(bpf_get_current_task_btf(), fd);
	__u8 *base = ring_reserved(slot);

	if (!sk || !base)
		return 0;
	BOUND_TO_RESERVE(at);

	__u8 *to = base + at;

	__u16 family = READ(sock, sk, __sk_common.skc_family);
	/* Offsets of the local and the remote end within the tuple. */
	to[0] = family;
	if (family == AF_INET) {
		__u32 local = READ(inet_sock, sk, inet_saddr), remote = READ(sock, sk, __sk_common.skc_daddr);
		__u16 local_port = READ(inet_sock, sk, inet_sport), remote_port = READ(sock, sk, __sk_common.skc_dport);

		if (remote_port == 0 && user) {
			struct sockaddr_in in = {};

			bpf_probe_read_user(&in, sizeof(in), (const void *)user);
			remote = in.sin_addr.s_addr;
			remote_port = in.sin_port;
		}
		__u32 l = direction == OUTBOUND ? 1 : 7, p = direction == OUTBOUND ? 7 : 1;

		*(__u32 *)(to + l) = local;
		*(__u16 *)(to + l + 4) = host_port(local_port);
		*(__u32 *)(to + p) = remote;
		*(__u16 *)(to + p + 4) = host_port(remote_port);
		return 13;
	} else if (family == AF_INET6) {
		struct in6_addr local = BPF_CORE_READ((struct inet_sock *)sk, pinet6, saddr), remote = READ(sock, sk, __sk_common.skc_v6_daddr);
		__u16 local_port = READ(inet_sock, sk, inet_sport), remote_port = READ(sock, sk, __sk_common.skc_dport);

		if (remote_port == 0 && user) {
			struct sockaddr_in6 in6 = {};

			bpf_probe_read_user(&in6, sizeof(in6), (const void *)user);
			remote = in6.sin6_addr;
			remote_port = in6.sin6_port;
		}
		__u32 l = direction == OUTBOUND ? 1 : 19, p = direction == OUTBOUND ? 19 : 1;

		__builtin_memcpy(to + l, &local, 16);
		*(__u16 *)(to + l + 16) = host_port(local_port);
		__builtin_memcpy(to + p, &remote, 16);
		*(__u16 *)(to + p + 16) = host_port(remote_port);
		return 37;
	} else if (family == AF_UNIX) {
		/* The receiving end stands first: the socket itself for what comes in, its peer for what goes out. */
		struct unix_sock *self = (struct unix_sock *)sk;
		struct unix_sock *peer = (struct unix_sock *)READ(unix_sock, self, peer);
		struct unix_sock *receiver = direction == OUTBOUND ? peer : self;
		const char *path;
		char first = 0;
		long n;

		*(__u64 *)(to + 1) = (__u64)receiver;
		*(__u64 *)(to + 9) = (__u64)(direction == OUTBOUND ? self : peer);
		if (!receiver && user) {
			path = (const char *)user + 2;
			bpf_probe_read_user(&first, 1, path);
			n = read_user_str(to + 17, UNIX_PATH_MAX + 1, (unsigned long)(first ? path : path + 1));
		} else {
			/* sockaddr_un of a bound socket: the family, then the path. */
			path = (const char *)BPF_CORE_READ(receiver, addr);
			path = path ? path + bpf_core_field_offset(struct unix_address, name) + 2 : path;
			bpf_probe_read_kernel(&first, 1, path);
			n = bpf_probe_read_kernel_str(to + 17, UNIX_PATH_MAX + 1, first ? path : path + 1);
		}
		if (n <= 0) {
			to[17] = 0;
			n = 1;
		}
		return 17 + (n & 127);
	}
	return 0;
}

static __always_inline void put_tuple(struct rec *r, int fd, enum direction direction, unsigned long user)
{
	__u64 len = write_tuple(r->slot, r->at, fd, direction, user);

	BOUND_TO_RESERVE(len);
	rec_advance(r, len);
}


/* What a socket option's value is, by its name (the driver's sockopt_dynamic_param). */
enum { SOCKOPT_BYTES, SOCKOPT_ERRNO, SOCKOPT_U32, SOCKOPT_U64, SOCKOPT_TIMEVAL };

static __always_inline void put_sockopt(struct rec *r, int level, int option, unsigned long value, __u32 len)
{
	__u8 *to = r->base + r->at;

	if (level != SOL_SOCKET)
		option = -1;
	switch (option) {
	case 4: { /* SO_ERROR */
		__s32 error = 0;

		bpf_probe_read_user(&error, sizeof(error), (const void *)value);
		to[0] = SOCKOPT_ERRNO;
		*(__s64 *)(to + 1) = -(__s64)error;
		rec_advance(r, 9);
		break;
	}
	case 20: case 21: case 66: case 67: { /* SO_RCVTIMEO, SO_SNDTIMEO; the old ones are as wide as a long */
		struct { __s64 sec, usec; } tv = {};
		struct { __s32 sec, usec; } narrow = {};

		if (narrow_pointers() && option <= 21) {
			bpf_probe_read_user(&narrow, sizeof(narrow), (const void *)value);
			tv.sec = narrow.sec;
			tv.usec = narrow.usec;
		} else {
			bpf_probe_read_user(&tv, sizeof(tv), (const void *)value);
		}
		to[0] = SOCKOPT_TIMEVAL;
		*(__u64 *)(to + 1) = tv.sec * 1000000000ull + tv.usec * 1000ull;
		rec_advance(r, 9);
		break;
	}
	case 57: { /* SO_COOKIE */
		__u64 cookie = 0;

		bpf_probe_read_user(&cookie, sizeof(cookie), (const void *)value);
		to[0] = SOCKOPT_U64;
		*(__u64 *)(to + 1) = cookie;
		rec_advance(r, 9);
		break;
	}
	case 1 ... 3: case 5 ... 12: case 15 ... 16: case 18 ... 19: case 29 ... 30: case 32 ... 50: {
		__u32 number = 0;

		bpf_probe_read_user(&number, sizeof(number), (const void *)value);
		to[0] = SOCKOPT_U32;
		*(__u32 *)(to + 1) = number;
		rec_advance(r, 5);
		break;
	}
	default: {
		__u64 n = len < 4096 ? len : 4096;

		BOUND_TO_RESERVE(n);
		to[0] = SOCKOPT_BYTES;
		if (n == 0 || bpf_probe_read_user(to + 1, n, (const void *)value) != 0)
			n = 0;
		rec_advance(r, 1 + n);
	}
	}
}
