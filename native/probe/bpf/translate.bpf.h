/* Linux values to the driver's own (PPM_*): its flags were numbered so that they mean the same on every architecture.
 *
 * vmlinux.h has types but no macros, so the uapi values stand here. Where the two sets are equal (AF_*, S_I*, MS_*,
 * lseek's whence, access's mode) there is nothing to translate.
 */
#pragma once

#include "events.generated.h"
#include "kernel.bpf.h"

#define MAP_BIT(value, from, to) ((value) & (from) ? (to) : 0)

/* include/uapi/asm-generic/fcntl.h; O_DIRECTORY, O_DIRECT and O_LARGEFILE differ on arm64. */
#define O_WRONLY 00000001
#define O_RDWR 00000002
#define O_CREAT 00000100
#define O_EXCL 00000200
#define O_TRUNC 00001000
#define O_APPEND 00002000
#define O_NONBLOCK 00004000
#define O_DSYNC 00010000
#define __O_SYNC 04000000
#define O_CLOEXEC 02000000
#define __O_TMPFILE 020000000
#ifdef __TARGET_ARCH_arm64
#define O_DIRECTORY 040000
#define O_DIRECT 0200000
#define O_LARGEFILE 0400000
#else
#define O_DIRECT 00040000
#define O_LARGEFILE 00100000
#define O_DIRECTORY 00200000
#endif

#define FMODE_CREATED 0x100000 /* include/linux/fs.h */

static __always_inline __u32 open_flags(unsigned long flags)
{
	__u32 access = flags & (O_WRONLY | O_RDWR);

	return (access == O_WRONLY ? PPM_FILE_FLAGS_O_WRONLY : access == O_RDWR ? PPM_FILE_FLAGS_O_RDWR : PPM_FILE_FLAGS_O_RDONLY) |
	       MAP_BIT(flags, O_CREAT, PPM_FILE_FLAGS_O_CREAT) | MAP_BIT(flags, __O_TMPFILE, PPM_FILE_FLAGS_O_TMPFILE) |
	       MAP_BIT(flags, O_APPEND, PPM_FILE_FLAGS_O_APPEND) | MAP_BIT(flags, O_DSYNC, PPM_FILE_FLAGS_O_DSYNC) |
	       MAP_BIT(flags, O_EXCL, PPM_FILE_FLAGS_O_EXCL) | MAP_BIT(flags, O_NONBLOCK, PPM_FILE_FLAGS_O_NONBLOCK) |
	       MAP_BIT(flags, __O_SYNC, PPM_FILE_FLAGS_O_SYNC) | MAP_BIT(flags, O_TRUNC, PPM_FILE_FLAGS_O_TRUNC) |
	       MAP_BIT(flags, O_DIRECT, PPM_FILE_FLAGS_O_DIRECT) | MAP_BIT(flags, O_DIRECTORY, PPM_FILE_FLAGS_O_DIRECTORY) |
	       MAP_BIT(flags, O_LARGEFILE, PPM_FILE_FLAGS_O_LARGEFILE) | MAP_BIT(flags, O_CLOEXEC, PPM_FILE_FLAGS_O_CLOEXEC);
}

/* Of pipe2, socket, accept4, userfaultfd: bits of open without an access mode. */
static __always_inline __u32 fd_flags(unsigned long flags)
{
	return MAP_BIT(flags, O_NONBLOCK, PPM_FILE_FLAGS_O_NONBLOCK) | MAP_BIT(flags, O_CLOEXEC, PPM_FILE_FLAGS_O_CLOEXEC) |
	       MAP_BIT(flags, O_DIRECT, PPM_FILE_FLAGS_O_DIRECT);
}

/* Of eventfd2, inotify_init1, signalfd4; a negative number is no set of flags to the driver. */
static __always_inline __u16 event_fd_flags(int flags)
{
	return flags < 0 ? 0 : MAP_BIT(flags, O_NONBLOCK, PPM_FILE_FLAGS_O_NONBLOCK) | MAP_BIT(flags, O_CLOEXEC, PPM_FILE_FLAGS_O_CLOEXEC);
}

/* A node of no type is a regular file; one of a type that cannot be made has none. */
static __always_inline __u32 mknod_mode(__u32 mode)
{
	switch (mode & S_IFMT) {
	case 0: return (mode & 07777) | 0100000;
	case 0010000: case 0020000: case 0060000: case 0100000: case 0140000: return mode & 0177777;
	default: return mode & 07777;
	}
}

static __always_inline __u8 shutdown_how(unsigned long how)
{
	return how <= PPM_SHUTDOWN_HOW_SHUT_RDWR ? how : (__u8)PPM_SHUTDOWN_HOW_SHUT_UNKNOWN;
}

/* The mode argument only means something to a call that may create. */
static __always_inline __u32 open_mode(unsigned long flags, unsigned long mode)
{
	return flags & (O_CREAT | __O_TMPFILE) ? mode & 07777 : 0;
}

/* include/uapi/linux/sched.h */
static __always_inline __u32 clone_flags(unsigned long flags)
{
	return MAP_BIT(flags, 0x00000400, PPM_CLONE_FLAGS_CLONE_FILES) | MAP_BIT(flags, 0x00000200, PPM_CLONE_FLAGS_CLONE_FS) |
	       MAP_BIT(flags, 0x80000000, PPM_CLONE_FLAGS_CLONE_IO) | MAP_BIT(flags, 0x08000000, PPM_CLONE_FLAGS_CLONE_NEWIPC) |
	       MAP_BIT(flags, 0x40000000, PPM_CLONE_FLAGS_CLONE_NEWNET) | MAP_BIT(flags, 0x00020000, PPM_CLONE_FLAGS_CLONE_NEWNS) |
	       MAP_BIT(flags, 0x20000000, PPM_CLONE_FLAGS_CLONE_NEWPID) | MAP_BIT(flags, 0x04000000, PPM_CLONE_FLAGS_CLONE_NEWUTS) |
	       MAP_BIT(flags, 0x00100000, PPM_CLONE_FLAGS_CLONE_PARENT_SETTID) | MAP_BIT(flags, 0x00008000, PPM_CLONE_FLAGS_CLONE_PARENT) |
	       MAP_BIT(flags, 0x00002000, PPM_CLONE_FLAGS_CLONE_PTRACE) | MAP_BIT(flags, 0x00000800, PPM_CLONE_FLAGS_CLONE_SIGHAND) |
	       MAP_BIT(flags, 0x00040000, PPM_CLONE_FLAGS_CLONE_SYSVSEM) | MAP_BIT(flags, 0x00010000, PPM_CLONE_FLAGS_CLONE_THREAD) |
	       MAP_BIT(flags, 0x00800000, PPM_CLONE_FLAGS_CLONE_UNTRACED) | MAP_BIT(flags, 0x00000100, PPM_CLONE_FLAGS_CLONE_VM) |
	       MAP_BIT(flags, 0x10000000, PPM_CLONE_FLAGS_CLONE_NEWUSER) | MAP_BIT(flags, 0x00200000, PPM_CLONE_FLAGS_CLONE_CHILD_CLEARTID) |
	       MAP_BIT(flags, 0x01000000, PPM_CLONE_FLAGS_CLONE_CHILD_SETTID) | MAP_BIT(flags, 0x00080000, PPM_CLONE_FLAGS_CLONE_SETTLS) |
	       MAP_BIT(flags, 0x00004000, PPM_CLONE_FLAGS_CLONE_VFORK) | MAP_BIT(flags, 0x02000000, PPM_CLONE_FLAGS_CLONE_NEWCGROUP);
}

/* include/uapi/asm-generic/mman*.h. PROT_SEM and the GROWS bits are numbered differently. */
static __always_inline __u32 prot_flags(unsigned long prot)
{
	return (prot & 7) | MAP_BIT(prot, 0x8, PPM_PROT_FLAGS_PROT_SEM) | MAP_BIT(prot, 0x01000000, PPM_PROT_FLAGS_PROT_GROWSDOWN) |
	       MAP_BIT(prot, 0x02000000, PPM_PROT_FLAGS_PROT_GROWSUP);
}

static __always_inline __u32 mmap_flags(unsigned long flags)
{
	return MAP_BIT(flags, 0x01, PPM_MMAP_FLAGS_MAP_SHARED) | MAP_BIT(flags, 0x02, PPM_MMAP_FLAGS_MAP_PRIVATE) |
	       MAP_BIT(flags, 0x10, PPM_MMAP_FLAGS_MAP_FIXED) | MAP_BIT(flags, 0x20, PPM_MMAP_FLAGS_MAP_ANONYMOUS) |
	       MAP_BIT(flags, 0x40, PPM_MMAP_FLAGS_MAP_32BIT) | MAP_BIT(flags, 0x4000, PPM_MMAP_FLAGS_MAP_NORESERVE) |
	       MAP_BIT(flags, 0x8000, PPM_MMAP_FLAGS_MAP_POPULATE) | MAP_BIT(flags, 0x10000, PPM_MMAP_FLAGS_MAP_NONBLOCK) |
	       MAP_BIT(flags, 0x0100, PPM_MMAP_FLAGS_MAP_GROWSDOWN) | MAP_BIT(flags, 0x0800, PPM_MMAP_FLAGS_MAP_DENYWRITE) |
	       MAP_BIT(flags, 0x1000, PPM_MMAP_FLAGS_MAP_EXECUTABLE) | MAP_BIT(flags, 0x2000, PPM_MMAP_FLAGS_MAP_LOCKED);
}

/* include/uapi/linux/fcntl.h */
static __always_inline __u8 fcntl_command(unsigned long cmd)
{
	switch (cmd) {
	case 0: return PPM_FCNTL_COMMANDS_F_DUPFD;
	case 1: return PPM_FCNTL_COMMANDS_F_GETFD;
	case 2: return PPM_FCNTL_COMMANDS_F_SETFD;
	case 3: return PPM_FCNTL_COMMANDS_F_GETFL;
	case 4: return PPM_FCNTL_COMMANDS_F_SETFL;
	case 5: return PPM_FCNTL_COMMANDS_F_GETLK;
	case 6: return PPM_FCNTL_COMMANDS_F_SETLK;
	case 7: return PPM_FCNTL_COMMANDS_F_SETLKW;
	case 8: return PPM_FCNTL_COMMANDS_F_SETOWN;
	case 9: return PPM_FCNTL_COMMANDS_F_GETOWN;
	case 10: return PPM_FCNTL_COMMANDS_F_SETSIG;
	case 11: return PPM_FCNTL_COMMANDS_F_GETSIG;
	case 15: return PPM_FCNTL_COMMANDS_F_SETOWN_EX;
	case 16: return PPM_FCNTL_COMMANDS_F_GETOWN_EX;
	case 36: return PPM_FCNTL_COMMANDS_F_OFD_GETLK;
	case 37: return PPM_FCNTL_COMMANDS_F_OFD_SETLK;
	case 38: return PPM_FCNTL_COMMANDS_F_OFD_SETLKW;
	case 1024: return PPM_FCNTL_COMMANDS_F_SETLEASE;
	case 1025: return PPM_FCNTL_COMMANDS_F_GETLEASE;
	case 1026: return PPM_FCNTL_COMMANDS_F_NOTIFY;
	case 1029: return PPM_FCNTL_COMMANDS_F_CANCELLK;
	case 1030: return PPM_FCNTL_COMMANDS_F_DUPFD_CLOEXEC;
	case 1031: return PPM_FCNTL_COMMANDS_F_SETPIPE_SZ;
	case 1032: return PPM_FCNTL_COMMANDS_F_GETPIPE_SZ;
	default: return PPM_FCNTL_COMMANDS_UNKNOWN;
	}
}

/* FUTEX_CMD_MASK leaves the command as it is; its two flag bits are the same as the driver's. */
static __always_inline __u16 futex_op(unsigned long op)
{
	return op & 0x1ff;
}

/* include/uapi/asm-generic/poll.h to PPM_POLL*: RDHUP moves from 0x2000 to 8, and ERR, HUP, NVAL and the bands up by one. */
static __always_inline __u16 poll_events(__u16 events)
{
	return (events & 0x7) | MAP_BIT(events, 0x2000, PPM_POLL_FLAGS_POLLRDHUP) | MAP_BIT(events, 0x08, PPM_POLL_FLAGS_POLLERR) |
	       MAP_BIT(events, 0x10, PPM_POLL_FLAGS_POLLHUP) | MAP_BIT(events, 0x20, PPM_POLL_FLAGS_POLLNVAL) |
	       MAP_BIT(events, 0x40, PPM_POLL_FLAGS_POLLRDNORM) | MAP_BIT(events, 0x80, PPM_POLL_FLAGS_POLLRDBAND) |
	       MAP_BIT(events, 0x100, PPM_POLL_FLAGS_POLLWRNORM) | MAP_BIT(events, 0x200, PPM_POLL_FLAGS_POLLWRBAND);
}

#define SOL_SOCKET 1
#define SOL_TCP 6

static __always_inline __u8 sockopt_level(int level)
{
	return level == SOL_SOCKET ? PPM_SOCKOPT_LEVELS_SOL_SOCKET : level == SOL_TCP ? PPM_SOCKOPT_LEVELS_SOL_TCP : PPM_SOCKOPT_LEVELS_UNKNOWN;
}

/* include/uapi/asm-generic/socket.h. The driver names the options of SOL_SOCKET only, up to 50 with Linux's numbers. */
static __always_inline __u8 sockopt_option(int level, int option)
{
	if (level != SOL_SOCKET)
		return PPM_SOCKOPT_OPTIONS_UNKNOWN;
	switch (option) {
	case 1 ... 50: return option;
	case 55: return PPM_SOCKOPT_OPTIONS_SO_MEMINFO;
	case 57: return PPM_SOCKOPT_OPTIONS_SO_COOKIE;
	case 59: return PPM_SOCKOPT_OPTIONS_SO_PEERGROUPS;
	case 66: return PPM_SOCKOPT_OPTIONS_SO_RCVTIMEO; /* the variants with a 64-bit time */
	case 67: return PPM_SOCKOPT_OPTIONS_SO_SNDTIMEO;
	default: return PPM_SOCKOPT_OPTIONS_UNKNOWN;
	}
}

/* include/uapi/asm-generic/resource.h has the driver's numbers, up to RLIMIT_RTTIME. */
static __always_inline __u8 rlimit_resource(unsigned long resource)
{
	return resource <= PPM_RLIMIT_RESOURCES_RLIMIT_RTTIME ? resource : PPM_RLIMIT_RESOURCES_RLIMIT_UNKNOWN;
}

static __always_inline __u32 fchownat_flags(unsigned long flags)
{
	return MAP_BIT(flags, 0x100, PPM_FCHOWNAT_FLAGS_AT_SYMLINK_NOFOLLOW) | MAP_BIT(flags, 0x1000, PPM_FCHOWNAT_FLAGS_AT_EMPTY_PATH);
}

/* include/uapi/linux/module.h */
static __always_inline __u32 finit_module_flags(unsigned long flags)
{
	return flags & 7;
}

/* include/uapi/linux/ipc.h; the permissions beside them are no parameter. */
static __always_inline __u32 semget_flags(unsigned long flags)
{
	return MAP_BIT(flags, 01000, PPM_SEMGET_FLAGS_IPC_CREAT) | MAP_BIT(flags, 02000, PPM_SEMGET_FLAGS_IPC_EXCL);
}

static __always_inline __u16 semop_flags(__u16 flags)
{
	return MAP_BIT(flags, 04000, PPM_SEMOP_FLAGS_IPC_NOWAIT) | MAP_BIT(flags, 0x1000, PPM_SEMOP_FLAGS_SEM_UNDO);
}

/* include/uapi/linux/{ipc,sem}.h; IPC_64 is a bit that old callers set. */
static __always_inline __u16 semctl_command(unsigned long command)
{
	switch (command & ~0x100ul) {
	case 0: return PPM_SEMCTL_COMMANDS_IPC_RMID;
	case 1: return PPM_SEMCTL_COMMANDS_IPC_SET;
	case 2: return PPM_SEMCTL_COMMANDS_IPC_STAT;
	case 3: return PPM_SEMCTL_COMMANDS_IPC_INFO;
	case 11: return PPM_SEMCTL_COMMANDS_GETPID;
	case 12: return PPM_SEMCTL_COMMANDS_GETVAL;
	case 13: return PPM_SEMCTL_COMMANDS_GETALL;
	case 14: return PPM_SEMCTL_COMMANDS_GETNCNT;
	case 15: return PPM_SEMCTL_COMMANDS_GETZCNT;
	case 16: return PPM_SEMCTL_COMMANDS_SETVAL;
	case 17: return PPM_SEMCTL_COMMANDS_SETALL;
	case 18: return PPM_SEMCTL_COMMANDS_SEM_STAT;
	case 19: return PPM_SEMCTL_COMMANDS_SEM_INFO;
	default: return 0;
	}
}

/* include/uapi/linux/io_uring.h: the driver left a gap behind the second flag. */
static __always_inline __u32 io_uring_setup_flags(__u32 flags)
{
	return (flags & 3) | (flags & 0x7c) << 1;
}
