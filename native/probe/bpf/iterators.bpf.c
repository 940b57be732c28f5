// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* What there is at the start: every thread and every open file, as records that lib/state/iterators.ts reads. The kernel
 * calls the programs once for each, while this process reads their output; it holds a reference to the task and the file.
 * All that hangs from them is read with faults caught: it may go away meanwhile, and then zeros are what comes out.
 *
 * Numbers are those of the initial pid and user namespaces, as in events.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define COMM_SIZE 16
#define MAX_PATH 4096
#define UNIX_PATH_MAX 108
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define O_CLOEXEC 02000000

/* Files of one process at most. */
const volatile __u32 max_fds = 4096;

struct task_record {
	__u32 size; /* of this record */
	__u32 tid, pid, ptid, sid, pgid;
	__u32 vpgid, vtid, vpid; /* in its own pid namespace */
	__u32 local_pid;         /* in the pid namespace of who reads this */
	__u32 uid, gid, loginuid, tty;
	__u32 shares_files;      /* with its main thread */
	__u32 vm_size, vm_rss, vm_swap; /* KiB */
	__u32 exe_mode, exe_uid, exe_gid, exe_dev;
	__u32 netns, unused; /* inode of its network namespace */
	__u64 fdlimit;
	__u64 maj_flt, min_flt;             /* of the thread */
	__u64 ended_maj_flt, ended_min_flt; /* of the process's threads that are gone */
	__u64 start;       /* ns since boot */
	__u64 pidns_start; /* of the first process of its pid namespace, ns since that process's time namespace began */
	__u64 cap_inheritable, cap_permitted, cap_effective;
	__u64 exe_ino, exe_ctime, exe_mtime; /* ns since the epoch */
	char comm[COMM_SIZE];
};

static __always_inline __u32 first_number(struct pid *pid)
{
	return BPF_CORE_READ(pid, numbers[0].nr);
}

SEC("iter/task")
int threads(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	/* Neither kernel threads nor zombies make system calls. */
	if (!task || BPF_CORE_READ(task, flags) & PF_KTHREAD || BPF_CORE_READ(task, exit_state))
		return 0;

	struct task_struct *self = bpf_get_current_task_btf();
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct pid *tgid = group_pid(task, PIDTYPE_TGID), *pgid = group_pid(task, PIDTYPE_PGID);
	__u32 level = BPF_CORE_READ(pid, level);
	const struct cred *cred = BPF_CORE_READ(task, real_cred);
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct inode *exe = BPF_CORE_READ(mm, exe_file, f_inode);
	struct task_record r = {
		.size = sizeof(r),
		.tid = BPF_CORE_READ(task, pid),
		.pid = BPF_CORE_READ(task, tgid),
		.ptid = BPF_CORE_READ(task, real_parent, tgid),
		.sid = first_number(group_pid(task, PIDTYPE_SID)),
		.pgid = first_number(pgid),
		.vpgid = pid_in_namespace_of(pgid, pid),
		.vtid = pid_in_namespace(pid),
		.vpid = pid_in_namespace(tgid),
		.local_pid = pid_in_namespace_of(tgid, BPF_CORE_READ(self, thread_pid)),
		.uid = BPF_CORE_READ(cred, euid.val),
		.gid = BPF_CORE_READ(cred, egid.val),
		.loginuid = BPF_CORE_READ(task, loginuid.val),
		.tty = tty_of(task),
		.shares_files = BPF_CORE_READ(task, files) == BPF_CORE_READ(task, group_leader, files),
		.vm_size = BPF_CORE_READ(mm, total_vm) * page_kb,
		.vm_rss = mm ? mm_counter(mm, FILE_PAGES) + mm_counter(mm, ANON_PAGES) + mm_counter(mm, SHMEM_PAGES) : 0,
		.vm_swap = mm ? mm_counter(mm, SWAP_ENTRIES) : 0,
		.exe_mode = BPF_CORE_READ(exe, i_mode),
		.exe_uid = BPF_CORE_READ(exe, i_uid.val),
		.exe_gid = BPF_CORE_READ(exe, i_gid.val),
		.exe_dev = encode_dev(BPF_CORE_READ(exe, i_sb, s_dev)),
		.netns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum),
		.fdlimit = BPF_CORE_READ(task, signal, rlim[RLIMIT_NOFILE].rlim_cur),
		.maj_flt = BPF_CORE_READ(task, maj_flt),
		.min_flt = BPF_CORE_READ(task, min_flt),
		.ended_maj_flt = BPF_CORE_READ(task, signal, maj_flt),
		.ended_min_flt = BPF_CORE_READ(task, signal, min_flt),
		.start = BPF_CORE_READ(task, start_boottime),
		.pidns_start = BPF_CORE_READ(pid, numbers[level].ns, child_reaper, start_time),
		.cap_inheritable = capabilities(&cred->cap_inheritable),
		.cap_permitted = capabilities(&cred->cap_permitted),
		.cap_effective = capabilities(&cred->cap_effective),
		.exe_ino = BPF_CORE_READ(exe, i_ino),
		.exe_ctime = exe ? INODE_TIME(exe, ctime) : 0,
		.exe_mtime = exe ? INODE_TIME(exe, mtime) : 0,
	};

	bpf_probe_read_kernel_str(r.comm, sizeof(r.comm), task->comm);
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}

struct file_record {
	__u32 size; /* of this record, the path behind it included */
	__u32 tid;  /* whose table it is in: a process's main thread, or a thread with a table of its own */
	__u32 pid, fd;
	__u32 mode, dev;
	__u32 flags; /* Linux's O_*, O_CLOEXEC included */
	__u32 path_size;
	__u64 ino;
	/* Of a socket; a family of 0 says that it is none. */
	__u16 family, type, protocol, state;
	__u16 local_port, remote_port;
	__u32 netns;          /* inode of its network namespace */
	__u8 local[16], remote[16]; /* in network order, IPv4 in the first four */
	__u64 sock, peer;     /* the kernel's addresses of a unix socket and of its other end */
	__u32 unix_size;
	char unix_path[UNIX_PATH_MAX]; /* begins with a NUL if it is abstract */
};

/* The output has one reader, who opens one iterator at a time. */
static struct file_record file_record;
static char path[MAX_PATH];
static __u32 table_tid, table_fds;

static __always_inline void describe_inet6(struct sock *sk, struct file_record *r)
{
	BPF_CORE_READ_INTO(&r->local, sk, __sk_common.skc_v6_rcv_saddr);
	BPF_CORE_READ_INTO(&r->remote, sk, __sk_common.skc_v6_daddr);
}

static __always_inline void describe_unix(struct sock *sk, struct file_record *r)
{
	struct unix_address *address = BPF_CORE_READ((struct unix_sock *)sk, addr);
	const char *name = (const char *)address + bpf_core_field_offset(struct unix_address, name);
	__u32 family = sizeof(__u16), len = address ? BPF_CORE_READ(address, len) : 0;

	r->sock = (__u64)sk;
	r->peer = (__u64)BPF_CORE_READ((struct unix_sock *)sk, peer);
	if (len <= family)
		return;
	len -= family;
	if (len > UNIX_PATH_MAX)
		len = UNIX_PATH_MAX;
	if (bpf_probe_read_kernel(r->unix_path, len, name + family) == 0)
		r->unix_size = len;
}

static __always_inline void describe_socket(struct file *file, struct file_record *r)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);

	if (!sk)
		return;
	r->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	r->type = BPF_CORE_READ(sk, sk_type);
	r->protocol = BPF_CORE_READ(sk, sk_protocol);
	r->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	r->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	if (r->family == AF_UNIX) {
		describe_unix(sk, r);
	} else if (r->family == AF_INET || r->family == AF_INET6) {
		r->local_port = __builtin_bswap16(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
		r->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
		if (r->family == AF_INET6) {
			describe_inet6(sk, r);
		} else {
			*(__u32 *)r->local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
			*(__u32 *)r->remote = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		}
	}
}

/* Is it closed by an exec? That is a matter of the table, not of the file. */
static __always_inline __u32 cloexec(struct task_struct *task, __u32 fd)
{
	unsigned long *words = BPF_CORE_READ(task, files, fdt, close_on_exec), word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), &words[fd / 64]);
	return word >> fd % 64 & 1 ? O_CLOEXEC : 0;
}

SEC("iter/task_file")
int files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (!task || !file)
		return 0;
	if (task->pid != table_tid) {
		table_tid = task->pid;
		table_fds = 0;
	}
	if (table_fds >= max_fds)
		return 0;

	struct file_record *r = &file_record;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	long len = bpf_d_path(&file->f_path, path, sizeof(path));

	if (len < 0 || len > sizeof(path))
		len = 0;
	__builtin_memset(r, 0, sizeof(*r));
	r->size = sizeof(*r) + len;
	r->tid = task->pid;
	r->pid = task->tgid;
	r->fd = ctx->fd;
	r->mode = BPF_CORE_READ(inode, i_mode);
	r->dev = encode_dev(BPF_CORE_READ(inode, i_sb, s_dev));
	r->flags = (BPF_CORE_READ(file, f_flags) & ~O_CLOEXEC) | cloexec(task, ctx->fd);
	r->path_size = len;
	r->ino = BPF_CORE_READ(inode, i_ino);
	if ((r->mode & S_IFMT) == S_IFSOCK)
		describe_socket(file, r);
	/* A record that does not fit any more is asked for again, whole. */
	if (bpf_seq_write(ctx->meta->seq, r, sizeof(*r)) == 0 && bpf_seq_write(ctx->meta->seq, path, len) == 0)
		table_fds++;
	return 0;
}
