/* What a process and its files are, from the kernel's structures, whatever release they are of. Nothing here needs a ring.
 */
#pragma once

#include <bpf/bpf_core_read.h>

/* bpf_rdonly_cast() gives an address the type that it is told: loads from it are instructions then, with faults caught, and read
 * zero, where BPF_CORE_READ calls a helper for each, some ten times as long. Since 6.2; whether there is one, an enum of the
 * verifier's source says: functions are no types that CO-RE could ask for. */
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;
enum special_kfunc_type___cast { KF_bpf_rdonly_cast___cast };
#define HAS_CAST bpf_core_enum_value_exists(enum special_kfunc_type___cast, KF_bpf_rdonly_cast___cast)
#define CAST(type, object) ((struct type *)bpf_rdonly_cast(object, bpf_core_type_id_kernel(struct type)))

/* A member of an object in the kernel, in the faster way that there is. */
#define READ(type, object, member)                                                                    \
	({                                                                                            \
		struct type *__object = (struct type *)(object);                                      \
		HAS_CAST ? CAST(type, __object)->member : BPF_CORE_READ(__object, member);            \
	})

#define S_IFMT 00170000
#define S_IFSOCK 0140000

/* KiB in a page; the loader sets it: arm64 has kernels of three page sizes. */
const volatile __u32 page_kb = 4;

/* A device number as user space knows it (new_encode_dev in include/linux/kdev_t.h); in the kernel the minor has 20 bits. */
static __always_inline __u32 encode_dev(__u32 dev)
{
	__u32 major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}

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
	return pages > 0 ? pages * page_kb : 0;
}

/* The number of a pid in the namespace of its own process. */
static __always_inline __s64 pid_in_namespace(struct pid *pid)
{
	__u32 level = BPF_CORE_READ(pid, level);

	return BPF_CORE_READ(pid, numbers[level].nr);
}

/* The number of a pid in the namespace of another one; 0 if it has none there. */
static __always_inline __s64 pid_in_namespace_of(struct pid *pid, struct pid *other)
{
	__u32 level = BPF_CORE_READ(other, level);
	struct pid_namespace *ns = BPF_CORE_READ(other, numbers[level].ns);

	if (level > BPF_CORE_READ(pid, level) || BPF_CORE_READ(pid, numbers[level].ns) != ns)
		return 0;
	return BPF_CORE_READ(pid, numbers[level].nr);
}

static __always_inline struct pid *group_pid(struct task_struct *task, enum pid_type type)
{
	return BPF_CORE_READ(task, signal, pids[type]);
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
