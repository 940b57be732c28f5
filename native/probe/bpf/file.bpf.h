/* From a file descriptor to what it stands for. Kernel structures are read by CO-RE, with faults caught: a descriptor
 * table may be resized or a file closed by another thread at the same time, and then zeros are what comes out.
 */
#pragma once

#include "kernel.bpf.h"
#include "record.bpf.h"

static __always_inline struct file *file_of_fd(struct task_struct *task, int fd)
{
	/* The kernel's own pointer to a task: the verifier knows the types along the way, and no helper is needed. */
	struct fdtable *table = task->files->fdt;
	struct file *file = 0;

	if (fd < 0 || (__u32)fd >= table->max_fds)
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), &table->fd[fd]);
	return file;
}

#define OVERLAYFS_SUPER_MAGIC 0x794c7630 /* include/uapi/linux/magic.h */

enum overlay { NO_OVERLAY, UPPER_LAYER, LOWER_LAYER };

/* Which of an overlay's layers has the file. Its inode is the first member of a structure that the types of a kernel with
 * overlayfs as a module do not have; the dentry in the upper layer stands right behind (fs/overlayfs/ovl_entry.h). */
static __always_inline enum overlay overlay_layer(struct inode *inode, struct super_block *sb)
{
	struct dentry *upper = 0;

	if (READ(super_block, sb, s_magic) != OVERLAYFS_SUPER_MAGIC)
		return NO_OVERLAY;
	bpf_probe_read_kernel(&upper, sizeof(upper), (const __u8 *)inode + bpf_core_type_size(struct inode));
	return upper && BPF_CORE_READ(upper, d_inode) ? UPPER_LAYER : LOWER_LAYER;
}

static __always_inline __u64 ino_of_file(struct file *file)
{
	return BPF_CORE_READ(file, f_inode, i_ino);
}

/* The file that an open has returned; zeros when it failed. */
struct opened {
	struct file *file;
	__u32 dev;
	__u64 ino;
	enum overlay layer;
};

static __always_inline struct opened opened_file(struct task_struct *task, long fd)
{
	struct opened opened = {};

	if (fd < 0)
		return opened;

	struct file *file = file_of_fd(task, fd);
	struct inode *inode = READ(file, file, f_inode);
	struct super_block *sb = READ(inode, inode, i_sb);

	opened.file = file;
	opened.dev = encode_dev(READ(super_block, sb, s_dev));
	opened.ino = READ(inode, inode, i_ino);
	opened.layer = overlay_layer(inode, sb);
	return opened;
}

/* dev u32 and ino u64. */
static __always_inline void put_dev_ino(struct rec *r, const struct opened *opened)
{
	put_u32(r, opened->dev);
	put_u64(r, opened->ino);
}

static __always_inline struct sock *sock_of_fd(struct task_struct *task, int fd)
{
	struct file *file = file_of_fd(task, fd);

	if (!file || (READ(inode, READ(file, file, f_inode), i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	return READ(socket, READ(file, file, private_data), sk);
}

/* A path as a chain of names, the last one first, kept until its first one is known. */
#define MAX_NAMES 32
#define MAX_NAME 256

struct names {
	const unsigned char *name[MAX_NAMES];
	__u32 count;
};

/* Writes "/a/b" with its NUL and returns the bytes it took. */
static __always_inline __u64 write_names(__u8 *base, __u64 at, const struct names *names)
{
	__u64 start = at;

	for (int i = MAX_NAMES - 1; i >= 0; i--) {
		if ((__u32)i >= names->count)
			continue;
		BOUND_TO_RESERVE(at);
		base[at] = '/';
		long len = bpf_probe_read_kernel_str(base + at + 1, MAX_NAME, names->name[i]);

		/* The NUL is overwritten by the next slash. */
		at += len > 0 ? len & (2 * MAX_NAME - 1) : 1;
	}
	BOUND_TO_RESERVE(at);
	if (at == start)
		base[at++] = '/';
	BOUND_TO_RESERVE(at);
	base[at] = 0;
	return at + 1 - start;
}

/* The path of an open file as the calling process's mount tree shows it. bpf_d_path() may not be called from these hooks,
 * so the dentries are walked here, from the last name to the first, and written backwards from a place behind the record
 * that the reservation covers. A path with more than MAX_NAMES names, mount points counted, loses its beginning.
 *
 * A global function: the verifier looks at it once instead of at each call.
 */
__noinline __u64 write_file_path(__u32 slot, __u64 at, __u64 file_address)
{
	struct file *file = (struct file *)file_address;
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *vfsmount = BPF_CORE_READ(file, f_path.mnt);
	struct mount *mount = container_of(vfsmount, struct mount, mnt);
	__u8 *base = ring_reserved(slot);
	__u64 end = at + 2 * MAX_PATH, start = end;

	if (!base)
		return 0;
	for (int i = 0; i < MAX_NAMES && end - start < MAX_PATH - MAX_NAME - 2; i++) {
		struct dentry *above = BPF_CORE_READ(dentry, d_parent);

		if (dentry == above || dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			struct mount *parent = BPF_CORE_READ(mount, mnt_parent);

			if (parent == mount)
				break;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = parent;
			continue;
		}
		__u64 len = BPF_CORE_READ(dentry, d_name.len) & (MAX_NAME - 1);

		start -= len + 1;
		BOUND_TO_RESERVE(start);
		base[start] = '/';
		bpf_probe_read_kernel(base + start + 1, len, BPF_CORE_READ(dentry, d_name.name));
		dentry = above;
	}
	__u64 len = end - start;

	BOUND_TO_RESERVE(at);
	BOUND_TO_RESERVE(start);
	BOUND_TO_RESERVE(len);
	if (len == 0) {
		/* The root itself, or what is in no directory: a memfd's whole path is its name. */
		long name = bpf_probe_read_kernel_str(base + at, MAX_NAME, BPF_CORE_READ(dentry, d_name.name));

		return name > 0 ? name & (2 * MAX_NAME - 1) : 0;
	}
	bpf_probe_read_kernel(base + at, len & (MAX_PATH - 1), base + start);
	base[at + len] = 0;
	return len + 1;
}

static __always_inline void put_file_path(struct rec *r, struct file *file)
{
	__u64 len = file ? write_file_path(r->slot, r->at, (__u64)file) : 0;

	BOUND_TO_RESERVE(len);
	rec_advance(r, len);
}
