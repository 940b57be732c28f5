/* One system call at one of its two ends, and what several of them need read from user space. */
#pragma once

#include "arch.bpf.h"
#include "file.bpf.h"
#include "ia32.bpf.h"
#include "iovec.bpf.h"
#include "poll.bpf.h"
#include "process.bpf.h"
#include "ptrace.bpf.h"
#include "quota.bpf.h"
#include "snaplen.bpf.h"
#include "socket.bpf.h"

struct call {
	struct task_struct *task;
	long ret;     /* exit only */
	__u16 type;   /* the event to make */
	__u16 ppm_sc;
	__u16 nr;
	bool hidden;  /* see put_generic */
	unsigned long args[6];
};

#define A(n) (c->args[n])

/* Exit events carry the parameters of their enter events too (schema 4). */
const volatile bool full_exit = false;

/* The parameters of the event of a call that has none of its own, in either direction: ppm_sc and native number. The exit
 * event has the number since schema 4; who does not know it passes it over. In the enter+exit model a code that sysdig
 * 0.29.3 would crash on is 0 (unknown) where that looks for it, and stands at the end. */
static __always_inline void put_generic(struct rec *r, struct call *c, __u16 type)
{
	rec_type(r, type, c->hidden ? 3 : 2);
	put_u16(r, c->hidden ? 0 : c->ppm_sc);
	put_u16(r, c->nr);
	if (c->hidden)
		put_u16(r, c->ppm_sc);
}

/* ns of a struct timespec; -1, which means none, without one. */
static __always_inline __u64 user_timespec(unsigned long user)
{
	struct { __s64 sec, nsec; } ts;

	if (!user || bpf_probe_read_user(&ts, sizeof(ts), (const void *)user) != 0)
		return user ? 0 : (__u64)-1;
	return ts.sec * 1000000000ull + ts.nsec;
}

/* The first 32 signals of a sigset_t. */
static __always_inline __u32 sigset(unsigned long user)
{
	__u32 set = 0;

	bpf_probe_read_user(&set, sizeof(set), (const void *)user);
	return set;
}

/* An offset that a call is given by address; 0 without one. */
static __always_inline __u64 user_u64(unsigned long user)
{
	__u64 value = 0;

	bpf_probe_read_user(&value, sizeof(value), (const void *)user);
	return value;
}

/* cur and max of a struct rlimit; 0 each without one. */
static __always_inline void put_rlimit(struct rec *r, unsigned long user)
{
	__s64 limit[2] = {};

	bpf_probe_read_user(limit, sizeof(limit), (const void *)user);
	put_s64(r, limit[0]);
	put_s64(r, limit[1]);
}

/* One that the call was to fill in; -1 each when it failed. */
static __always_inline void put_old_rlimit(struct rec *r, struct call *c, unsigned long user)
{
	if (c->ret == 0) {
		put_rlimit(r, user);
	} else {
		put_s64(r, -1);
		put_s64(r, -1);
	}
}

/* sem_num, sem_op, sem_flg of the first two operations; zeros for those of a call that failed. */
static __always_inline void put_sembufs(struct rec *r, unsigned long user, unsigned long count)
{
	for (int i = 0; i < 2; i++) {
		struct sembuf op = {};

		if ((unsigned long)i < count)
			bpf_probe_read_user(&op, sizeof(op), (const void *)(user + i * sizeof(op)));
		put_u16(r, op.sem_num);
		put_u16(r, op.sem_op);
		put_u16(r, semop_flags(op.sem_flg));
	}
}

/* sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features. */
static __always_inline void put_io_uring_params(struct rec *r, unsigned long user)
{
	struct io_uring_params params = {};

	bpf_probe_read_user(&params, sizeof(params), (const void *)user);
	put_u32(r, params.sq_entries);
	put_u32(r, params.cq_entries);
	put_u32(r, io_uring_setup_flags(params.flags));
	put_u32(r, params.sq_thread_cpu);
	put_u32(r, params.sq_thread_idle);
	put_u32(r, params.features & 0x7ff);
}

#define message(user) read_message(user, narrow_pointers())

static __always_inline struct user_msghdr read_message(unsigned long user, bool ia32)
{
	struct user_msghdr msg = {};
	/* struct compat_msghdr in include/net/compat.h */
	struct {
		__u32 name, namelen, iov, iovlen, control, controllen, flags;
	} narrow = {};

	if (!ia32) {
		bpf_probe_read_user(&msg, sizeof(msg), (const void *)user);
		return msg;
	}
	bpf_probe_read_user(&narrow, sizeof(narrow), (const void *)user);
	msg.msg_name = (void *)(__u64)narrow.name;
	msg.msg_iov = (struct iovec *)(__u64)narrow.iov;
	msg.msg_iovlen = narrow.iovlen;
	msg.msg_control = (void *)(__u64)narrow.control;
	msg.msg_controllen = narrow.controllen;
	return msg;
}

/* The ancillary data that a message came with. */
static __always_inline void put_msgcontrol(struct rec *r, const struct user_msghdr *msg)
{
	put_bytes(r, (unsigned long)msg->msg_control, msg->msg_controllen < MAX_ARGS ? msg->msg_controllen : MAX_ARGS);
}

/* value_bytebuf and value_charbuf of fsconfig: a string, bytes or nothing, as its command says; a call that failed has none.
 * include/uapi/linux/mount.h */
static __always_inline void put_fsconfig_value(struct rec *r, struct call *c)
{
	__u32 command = A(1), size = A(4);

	if (c->ret >= 0 && command == 2 /* SET_BINARY */)
		put_bytes(r, A(3), size < MAX_ARGS ? size : MAX_ARGS);
	else
		put_null(r);
	if (c->ret >= 0 && (command == 1 || command == 3 || command == 4) /* SET_STRING, SET_PATH, SET_PATH_EMPTY */)
		put_str(r, A(3));
	else
		put_null(r);
}

static __always_inline __u32 flock_operation(unsigned long op)
{
	return MAP_BIT(op, 1, PPM_FLOCK_FLAGS_LOCK_SH) | MAP_BIT(op, 2, PPM_FLOCK_FLAGS_LOCK_EX) |
	       MAP_BIT(op, 4, PPM_FLOCK_FLAGS_LOCK_NB) | MAP_BIT(op, 8, PPM_FLOCK_FLAGS_LOCK_UN);
}

static __always_inline __u32 execveat_flags(unsigned long flags)
{
	return MAP_BIT(flags, 0x1000, PPM_EXECVEAT_FLAGS_AT_EMPTY_PATH) | MAP_BIT(flags, 0x100, PPM_EXECVEAT_FLAGS_AT_SYMLINK_NOFOLLOW);
}

static __always_inline __u32 unlinkat_flags(unsigned long flags)
{
	return MAP_BIT(flags, 0x200, PPM_UNLINKAT_FLAGS_AT_REMOVEDIR);
}

static __always_inline __u32 linkat_flags(unsigned long flags)
{
	return MAP_BIT(flags, 0x400, PPM_LINKAT_FLAGS_AT_SYMLINK_FOLLOW) | MAP_BIT(flags, 0x1000, PPM_LINKAT_FLAGS_AT_EMPTY_PATH);
}

static __always_inline __u32 newfstatat_flags(unsigned long flags)
{
	return MAP_BIT(flags, 0x1000, PPM_NEWFSTATAT_FLAGS_AT_EMPTY_PATH) | MAP_BIT(flags, 0x800, PPM_NEWFSTATAT_FLAGS_AT_NO_AUTOMOUNT) |
	       MAP_BIT(flags, 0x100, PPM_NEWFSTATAT_FLAGS_AT_SYMLINK_NOFOLLOW);
}

/* include/uapi/linux/openat2.h */
static __always_inline __u32 resolve_flags(__u64 resolve)
{
	return MAP_BIT(resolve, 0x01, PPM_OPENAT2_FLAGS_RESOLVE_NO_XDEV) | MAP_BIT(resolve, 0x02, PPM_OPENAT2_FLAGS_RESOLVE_NO_MAGICLINKS) |
	       MAP_BIT(resolve, 0x04, PPM_OPENAT2_FLAGS_RESOLVE_NO_SYMLINKS) | MAP_BIT(resolve, 0x08, PPM_OPENAT2_FLAGS_RESOLVE_BENEATH) |
	       MAP_BIT(resolve, 0x10, PPM_OPENAT2_FLAGS_RESOLVE_IN_ROOT) | MAP_BIT(resolve, 0x20, PPM_OPENAT2_FLAGS_RESOLVE_CACHED);
}

/* flags, mode, resolve of a struct open_how; `more` joins the flags. */
static __always_inline void put_open_how(struct rec *r, unsigned long user, __u32 more)
{
	struct open_how how = {};

	bpf_probe_read_user(&how, sizeof(how), (const void *)user);
	put_u32(r, open_flags(how.flags) | more);
	put_u32(r, open_mode(how.flags, how.mode));
	put_u32(r, resolve_flags(how.resolve));
}

/* Where an unconnected send goes; a call without an address has none, the socket's own ends are known. */
static __always_inline void put_target(struct rec *r, struct call *c, int fd, unsigned long user)
{
	if (user)
		put_tuple(r, fd, OUTBOUND, user);
	else
		put_null(r);
}

/* What is only known of an open's flags afterwards: that it made the file, and the layer of an overlay that has it. */
static __always_inline __u32 found_flags(const struct opened *f)
{
	struct file *file = f->file;

	return (file && (BPF_CORE_READ(file, f_mode) & FMODE_CREATED) ? PPM_FILE_FLAGS_O_F_CREATED : 0) |
	       (f->layer == UPPER_LAYER ? PPM_FILE_FLAGS_FD_UPPER_LAYER : f->layer == LOWER_LAYER ? PPM_FILE_FLAGS_FD_LOWER_LAYER : 0);
}

static __always_inline __u16 creat_flags(const struct opened *f)
{
	return f->layer == UPPER_LAYER ? PPM_CREAT_FLAGS_FD_UPPER_LAYER_CREAT : f->layer == LOWER_LAYER ? PPM_CREAT_FLAGS_FD_LOWER_LAYER_CREAT : 0;
}

/* fd1, fd2, ino of a pipe. */
static __always_inline void put_pipe(struct rec *r, struct call *c)
{
	__s32 fds[2] = { -1, -1 };

	if (c->ret == 0)
		bpf_probe_read_user(fds, sizeof(fds), (const void *)A(0));
	put_s64(r, fds[0]);
	put_s64(r, fds[1]);
	put_u64(r, c->ret == 0 ? ino_of_file(file_of_fd(c->task, fds[0])) : 0);
}

/* fd1, fd2, and the addresses of the two sockets in the kernel. */
static __always_inline void put_socketpair(struct rec *r, struct call *c)
{
	__s32 fds[2] = { -1, -1 };
	struct sock *sk = 0;

	if (c->ret == 0) {
		bpf_probe_read_user(fds, sizeof(fds), (const void *)A(3));
		sk = sock_of_fd(c->task, fds[0]);
	}
	put_s64(r, fds[0]);
	put_s64(r, fds[1]);
	put_u64(r, (__u64)sk);
	put_u64(r, sk ? (__u64)BPF_CORE_READ((struct unix_sock *)sk, peer) : 0);
}

/* option, then arg2 as text or as a number, whichever the option has. */
static __always_inline void put_prctl(struct rec *r, unsigned long option, unsigned long arg)
{
	__s32 number = 0;

	put_u32(r, option);
	switch (option) {
	case PPM_PRCTL_OPTIONS_PR_SET_NAME:
	case PPM_PRCTL_OPTIONS_PR_GET_NAME:
		put_str(r, arg);
		put_s64(r, 0);
		break;
	case PPM_PRCTL_OPTIONS_PR_GET_CHILD_SUBREAPER:
		put_null(r);
		bpf_probe_read_user(&number, sizeof(number), (const void *)arg);
		put_s64(r, number);
		break;
	default:
		put_null(r);
		put_s64(r, arg);
	}
}

/* The three ids that getresuid and getresgid store. */
static __always_inline void put_ids(struct rec *r, struct call *c)
{
	__u32 a = 0, b = 0, d = 0;

	bpf_probe_read_user(&a, sizeof(a), (const void *)A(0));
	bpf_probe_read_user(&b, sizeof(b), (const void *)A(1));
	bpf_probe_read_user(&d, sizeof(d), (const void *)A(2));
	put_u32(r, a);
	put_u32(r, b);
	put_u32(r, d);
}

#define EINPROGRESS 115

/* A connection that is under way has its tuple already. */
static __always_inline void put_connected(struct rec *r, struct call *c)
{
	if (c->ret == 0 || c->ret == -EINPROGRESS)
		put_tuple(r, A(0), OUTBOUND, A(1));
	else
		put_null(r);
}

static __always_inline void put_received_from(struct rec *r, struct call *c, unsigned long user)
{
	if (c->ret >= 0)
		put_tuple(r, A(0), INBOUND, user);
	else
		put_null(r);
}

/* tuple, queuepct, queuelen, queuemax: the connection and how full the listener's backlog was. */
static __always_inline void put_accepted(struct rec *r, struct call *c)
{
	struct sock *listener = c->ret >= 0 ? sock_of_fd(c->task, A(0)) : 0;
	__u32 len = listener ? BPF_CORE_READ(listener, sk_ack_backlog) : 0;
	__u32 max = listener ? BPF_CORE_READ(listener, sk_max_ack_backlog) : 0;

	if (c->ret >= 0)
		put_tuple(r, c->ret, INBOUND, 0);
	else
		put_null(r);
	put_u8(r, len && max ? (__u64)len * 100 / max : 0);
	put_u32(r, len);
	put_u32(r, max);
}
