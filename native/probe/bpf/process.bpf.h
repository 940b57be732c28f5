/* What execve, clone and their kin tell of a process. */
#pragma once

#include "file.bpf.h"
#include "translate.bpf.h"

#define PAGE_KB 4
#define RLIMIT_NOFILE 7
#define PF_KTHREAD 0x00200000

/* Counters of memory before 6.2: plain atomics. */
struct mm_struct___before_6_2 {
	struct {
		atomic_long_t count[4];
	} rss_stat;
} __attribute__((preserve_access_index));

enum { FILE_PAGES, ANON_PAGES, SWAP_ENTRIES, SHMEM_PAGES }; /* include/linux/mm_types_task.h */

static __always_inline __u32 mm_counter(struct mm_struct *mm, int member)
{
	__s64 pages;

	if (bpf_core_type_exists(struct percpu_counter) && !bpf_core_field_exists(((struct mm_struct___before_6_2 *)mm)->rss_stat.count))
		pages = BPF_CORE_READ(mm, rss_stat[member].count);
	else
		pages = BPF_CORE_READ((struct mm_struct___before_6_2 *)mm, rss_stat.count[member].counter);
	return pages > 0 ? pages * PAGE_KB : 0;
}

/* vm_size, vm_rss, vm_swap: u32 each, in KiB. */
static __always_inline void put_vm(struct rec *r, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;

	put_u32(r, mm ? BPF_CORE_READ(mm, total_vm) * PAGE_KB : 0);
	put_u32(r, mm ? mm_counter(mm, FILE_PAGES) + mm_counter(mm, ANON_PAGES) + mm_counter(mm, SHMEM_PAGES) : 0);
	put_u32(r, mm ? mm_counter(mm, SWAP_ENTRIES) : 0);
}

/* The number of a pid in the namespace of its own process. */
static __always_inline __s64 pid_in_namespace(struct pid *pid)
{
	__u32 level = BPF_CORE_READ(pid, level);

	return BPF_CORE_READ(pid, numbers[level].nr);
}

static __always_inline struct pid *group_pid(struct task_struct *task, enum pid_type type)
{
	return BPF_CORE_READ(task, signal, pids[type]);
}

/* exe (argv[0]) and args (the rest, each with its NUL) of the running image. */
static __always_inline void put_exe_args(struct rec *r, struct task_struct *task)
{
	unsigned long start = BPF_CORE_READ(task, mm, arg_start), end = BPF_CORE_READ(task, mm, arg_end);
	__u64 before = r->at;

	put_str(r, start);
	__u64 exe = (r->at - before) & (2 * MAX_PATH - 1);
	__u64 len = end > start + exe ? end - start - exe : 0;

	if (len > MAX_ARGS - 1)
		len = MAX_ARGS - 1;
	put_bytes(r, start + exe, len);
	/* A list that was cut still ends with a NUL. */
	if (len == MAX_ARGS - 1)
		*(__u8 *)(r->base + ((r->at - 1) & 0xffff)) = 0;
}

/* The strings of an argv or envp that an exec failed with, from index `from` on. */
#define MAX_VECTOR 32

__noinline __u64 write_string_vector(__u32 slot, __u64 at, __u64 vector)
{
	__u8 *base = ring_reserved(slot);
	__u64 used = 0;

	if (!base)
		return 0;
	BOUND_TO_RESERVE(at);
	for (int i = 0; i < MAX_VECTOR && used < MAX_ARGS; i++) {
		__u64 string = 0;

		if (bpf_probe_read_user(&string, sizeof(string), (const void *)(vector + i * sizeof(string))) != 0 || !string)
			break;
		BOUND_TO_RESERVE(used);
		long len = bpf_probe_read_user_str(base + at + used, MAX_ARGS, (const void *)string);

		if (len <= 0)
			break;
		used += len & (2 * MAX_ARGS - 1);
	}
	return used;
}

static __always_inline void put_string_vector(struct rec *r, unsigned long vector, int from)
{
	__u64 len = write_string_vector(r->slot, r->at, vector + from * sizeof(__u64));

	BOUND_TO_RESERVE(len);
	rec_advance(r, len);
}

static __always_inline void put_failed_exe_args(struct rec *r, unsigned long argv)
{
	unsigned long exe = 0;

	bpf_probe_read_user(&exe, sizeof(exe), (const void *)argv);
	put_str(r, exe);
	put_string_vector(r, argv, 1);
}

/* env of the running image. */
static __always_inline void put_env(struct rec *r, struct task_struct *task)
{
	unsigned long start = BPF_CORE_READ(task, mm, env_start), end = BPF_CORE_READ(task, mm, env_end);
	__u64 len = end > start ? end - start : 0;

	if (len > MAX_ARGS - 1)
		len = MAX_ARGS - 1;
	put_bytes(r, start, len);
	if (len == MAX_ARGS - 1)
		*(__u8 *)(r->base + ((r->at - 1) & 0xffff)) = 0;
}

/* The field was called `parent` until 6.15. */
struct kernfs_node___parent {
	struct kernfs_node *parent;
} __attribute__((preserve_access_index));

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___parent *old = (struct kernfs_node___parent *)node;

	return bpf_core_field_exists(old->parent) ? BPF_CORE_READ(old, parent) : BPF_CORE_READ(node, __parent);
}

/* The path of a css's cgroup; one deeper than MAX_CGROUP_DEPTH loses its beginning. */
#define MAX_CGROUP_DEPTH 12

__noinline __u64 write_cgroup_path(__u32 slot, __u64 at, __u64 css_address)
{
	struct cgroup_subsys_state *css = (struct cgroup_subsys_state *)css_address;
	struct kernfs_node *node = BPF_CORE_READ(css, cgroup, kn);
	struct names names = {};
	__u8 *base = ring_reserved(slot);

	if (!base)
		return 0;
	for (__u32 i = 0; i < MAX_CGROUP_DEPTH; i++) {
		struct kernfs_node *parent = parent_of(node);

		if (!parent)
			break;
		names.name[i] = (const unsigned char *)BPF_CORE_READ(node, name);
		names.count = i + 1;
		node = parent;
	}
	return write_names(base, at, &names);
}

/* cgroups: "subsystem=path" with a NUL each, for the five that the driver names. */
static __always_inline void put_cgroups(struct rec *r, struct task_struct *task)
{
	__u64 start = r->at, at = start;

#define CGROUP(id, text)                                                                                               \
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, id)) {                                                   \
		BOUND_TO_RESERVE(at);                                                                                  \
		__builtin_memcpy(r->base + at, text "=", sizeof(text));                                                \
		at += sizeof(text);                                                                                    \
		at += write_cgroup_path(r->slot, at,                                                                   \
					(__u64)BPF_CORE_READ(task, cgroups, subsys[bpf_core_enum_value(enum cgroup_subsys_id, id)])); \
	}
	CGROUP(cpuset_cgrp_id, "cpuset")
	CGROUP(cpu_cgrp_id, "cpu")
	CGROUP(cpuacct_cgrp_id, "cpuacct")
	CGROUP(io_cgrp_id, "io")
	CGROUP(memory_cgrp_id, "memory")
#undef CGROUP
	at -= start;
	BOUND_TO_RESERVE(at);
	rec_advance(r, at);
}

static __always_inline __u32 tty_of(struct task_struct *task)
{
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);

	if (!tty)
		return 0;
	return encode_dev(((__u32)BPF_CORE_READ(tty, driver, major) << 20) |
			  (BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index)));
}

static __always_inline __u64 capabilities(const void *set)
{
	__u64 bits = 0;

	/* Two u32 until 6.3, one u64 since: the same bytes. */
	bpf_probe_read_kernel(&bits, sizeof(bits), set);
	return bits;
}

/* Times of an inode changed names twice: i_ctime (≤ 6.5), __i_ctime (≤ 6.10), i_ctime_sec and _nsec. Behind the three
 * underscores, which the loader leaves out of a name, must not stand a fourth. */
struct inode___i_ctime {
	struct timespec64 i_ctime, i_mtime;
} __attribute__((preserve_access_index));
struct inode___before_6_11 {
	struct timespec64 __i_ctime, __i_mtime;
} __attribute__((preserve_access_index));
struct inode___i_ctime_sec {
	__s64 i_ctime_sec, i_mtime_sec;
	__u32 i_ctime_nsec, i_mtime_nsec;
} __attribute__((preserve_access_index));

/* Since 6.13 the uppermost bit of the nanoseconds says that somebody has looked at the time (I_CTIME_QUERIED). */
#define EPOCH_NS(sec, nsec) ((__u64)(sec) * 1000000000ull + ((nsec) & 0x7fffffff))
#define INODE_TIME(inode, which)                                                                                       \
	(bpf_core_field_exists(((struct inode___i_ctime_sec *)(inode))->i_##which##_sec)                               \
		 ? EPOCH_NS(BPF_CORE_READ((struct inode___i_ctime_sec *)(inode), i_##which##_sec),                     \
			    BPF_CORE_READ((struct inode___i_ctime_sec *)(inode), i_##which##_nsec))                    \
	 : bpf_core_field_exists(((struct inode___before_6_11 *)(inode))->__i_##which)                                   \
		 ? EPOCH_NS(BPF_CORE_READ((struct inode___before_6_11 *)(inode), __i_##which.tv_sec),                    \
			    BPF_CORE_READ((struct inode___before_6_11 *)(inode), __i_##which.tv_nsec))                   \
		 : EPOCH_NS(BPF_CORE_READ((struct inode___i_ctime *)(inode), i_##which.tv_sec),                        \
			    BPF_CORE_READ((struct inode___i_ctime *)(inode), i_##which.tv_nsec)))

#define CAP_DAC_OVERRIDE 1

/* May the process write its own executable? By mode, owner and CAP_DAC_OVERRIDE, as inode_permission() would say. */
static __always_inline bool exe_writable(const struct cred *cred, struct inode *inode)
{
	__u16 mode = BPF_CORE_READ(inode, i_mode);

	if (capabilities(&cred->cap_effective) & (1ull << CAP_DAC_OVERRIDE))
		return true;
	if (BPF_CORE_READ(inode, i_uid.val) == BPF_CORE_READ(cred, fsuid.val))
		return mode & 0200;
	if (BPF_CORE_READ(inode, i_gid.val) == BPF_CORE_READ(cred, fsgid.val))
		return mode & 0020;
	return mode & 0002;
}

/* tid, pid, ptid, cwd (left empty by every driver), fdlimit, pgft_maj, pgft_min, vm_*, comm, cgroups: what exec and clone
 * events have in common behind exe and args. */
static __always_inline void put_task(struct rec *r, struct task_struct *task)
{
	put_s64(r, task->pid);
	put_s64(r, task->tgid);
	put_s64(r, BPF_CORE_READ(task, real_parent, pid));
	put_null(r);
	put_u64(r, BPF_CORE_READ(task, signal, rlim[RLIMIT_NOFILE].rlim_cur));
	put_u64(r, task->maj_flt);
	put_u64(r, task->min_flt);
	put_vm(r, task);
	put_kernel_str(r, task->comm, sizeof(task->comm));
	put_cgroups(r, task);
}

/* Behind the environment of an exec event: tty … gid. */
static __always_inline void put_exec_identity(struct rec *r, struct task_struct *task)
{
	const struct cred *cred = task->cred;
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct inode *inode = BPF_CORE_READ(exe, f_inode);

	put_u32(r, tty_of(task));
	put_s64(r, pid_in_namespace(group_pid(task, PIDTYPE_PGID)));
	put_u32(r, BPF_CORE_READ(task, loginuid.val));
	put_u32(r, inode && exe_writable(cred, inode) ? PPM_EXECVE_FLAGS_EXE_WRITABLE : 0);
	put_u64(r, capabilities(&cred->cap_inheritable));
	put_u64(r, capabilities(&cred->cap_permitted));
	put_u64(r, capabilities(&cred->cap_effective));
	put_u64(r, BPF_CORE_READ(inode, i_ino));
	put_u64(r, INODE_TIME(inode, ctime));
	put_u64(r, INODE_TIME(inode, mtime));
	put_u32(r, BPF_CORE_READ(cred, euid.val));
	put_file_path(r, exe);
	put_s64(r, BPF_CORE_READ(group_pid(task, PIDTYPE_PGID), numbers[0].nr));
	put_u32(r, BPF_CORE_READ(cred, egid.val));
}

/* Behind the cgroups of a clone event: flags, uid, gid, vtid, vpid, pidns_init_start_ts. */
static __always_inline void put_clone_identity(struct rec *r, struct task_struct *task, unsigned long flags)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);
	struct pid_namespace *ns = BPF_CORE_READ(pid, numbers[level].ns);
	__u32 ppm = clone_flags(flags);

	if (level != 0 || BPF_CORE_READ(task, nsproxy, pid_ns_for_children) != ns)
		ppm |= PPM_CLONE_FLAGS_CLONE_CHILD_IN_PIDNS;
	put_u32(r, ppm);
	put_u32(r, BPF_CORE_READ(task, cred, euid.val));
	put_u32(r, BPF_CORE_READ(task, cred, egid.val));
	put_s64(r, pid_in_namespace(pid));
	put_s64(r, pid_in_namespace(group_pid(task, PIDTYPE_TGID)));
	put_u64(r, BPF_CORE_READ(ns, child_reaper, start_time));
}
