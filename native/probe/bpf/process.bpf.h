/* What execve, clone and their kin tell of a process. */
#pragma once

#include "arch.bpf.h"
#include "file.bpf.h"
#include "kernel.bpf.h"
#include "translate.bpf.h"

/* vm_size, vm_rss, vm_swap: u32 each, in KiB. */
static __always_inline void put_vm(struct rec *r, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;

	put_u32(r, mm ? BPF_CORE_READ(mm, total_vm) * page_kb : 0);
	put_u32(r, mm ? mm_counter(mm, FILE_PAGES) + mm_counter(mm, ANON_PAGES) + mm_counter(mm, SHMEM_PAGES) : 0);
	put_u32(r, mm ? mm_counter(mm, SWAP_ENTRIES) : 0);
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

static __always_inline __u64 read_pointer(unsigned long vector, int i, bool ia32)
{
	__u64 pointer = 0;
	__u32 size = ia32 ? sizeof(__u32) : sizeof(__u64);

	return bpf_probe_read_user(&pointer, size, (const void *)(vector + i * size)) == 0 ? pointer : 0;
}

__noinline __u64 write_string_vector(__u32 slot, __u64 at, __u64 vector, int from, bool ia32)
{
	__u8 *base = ring_reserved(slot);
	__u64 used = 0;

	if (!base)
		return 0;
	BOUND_TO_RESERVE(at);
	for (int i = 0; i < MAX_VECTOR && used < MAX_ARGS; i++) {
		__u64 string = read_pointer(vector, from + i, ia32);

		if (!string)
			break;
		BOUND_TO_RESERVE(used);
		long len = read_user_str(base + at + used, MAX_ARGS, string);

		if (len <= 0)
			break;
		used += len & (2 * MAX_ARGS - 1);
	}
	return used;
}

static __always_inline void put_string_vector(struct rec *r, unsigned long vector, int from)
{
	__u64 len = write_string_vector(r->slot, r->at, vector, from, narrow_pointers());

	BOUND_TO_RESERVE(len);
	rec_advance(r, len);
}

static __always_inline void put_failed_exe_args(struct rec *r, unsigned long argv)
{
	put_str(r, read_pointer(argv, 0, narrow_pointers()));
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

/* Was the image a memfd? Those are files of a mount of their own, all called "memfd:" and something. */
static __always_inline bool is_memfd(struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	char name[8] = {};

	if (BPF_CORE_READ(dentry, d_parent) != dentry)
		return false;
	bpf_probe_read_kernel_str(name, sizeof("memfd:"), BPF_CORE_READ(dentry, d_name.name));
	return name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && name[3] == 'f' && name[4] == 'd' && name[5] == ':';
}

static __always_inline __u32 exe_flags(const struct cred *cred, struct file *exe, struct inode *inode)
{
	enum overlay layer = overlay_layer(inode, BPF_CORE_READ(inode, i_sb));

	return (exe_writable(cred, inode) ? PPM_EXECVE_FLAGS_EXE_WRITABLE : 0) | (is_memfd(exe) ? PPM_EXECVE_FLAGS_EXE_FROM_MEMFD : 0) |
	       (layer == UPPER_LAYER ? PPM_EXECVE_FLAGS_EXE_UPPER_LAYER : layer == LOWER_LAYER ? PPM_EXECVE_FLAGS_EXE_LOWER_LAYER : 0);
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
	put_s64(r, pid_in_namespace_of(group_pid(task, PIDTYPE_PGID), BPF_CORE_READ(task, thread_pid)));
	put_u32(r, BPF_CORE_READ(task, loginuid.val));
	put_u32(r, inode ? exe_flags(cred, exe, inode) : 0);
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
