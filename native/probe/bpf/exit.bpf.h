/* What each exit event carries; see enter.bpf.h. Behind the table's parameters come those that schema 4 appended from the
 * enter event: EVENT names how many of each, FULL(…) puts the latter in the exit-only model. RET is the call's result.
 *
 * What is true of a call, when another thread rewrites its memory while it runs? An exit event is written after the kernel
 * has read its arguments, an enter event before, so what either finds in the caller's memory may be another thing than the kernel
 * found. Numbers in registers cannot be changed. Of the rest these are the kernel's own, whatever was rewritten:
 *   - the file of an open: dev and ino (of open_by_handle_at its path too), O_F_CREATED, the layer of an overlay
 *   - the tuple of connect, accept, and of sends and receives over connected sockets; the inode of a pipe
 *   - a successful exec: exe, args and env are the new image's, which has not run yet; filename is the kernel's copy (bprm);
 *     trusted_exepath, exe_ino and what follows come from the file
 *   - results, process ids, limits that were in force, credentials and capabilities
 * and these are the caller's, as they were at that moment: every other path and name, the addresses of bind, connect (addr)
 * and of unconnected messages, structures passed by address, the bytes of buffers, and argv and envp of an exec that failed.
 * Two equal readings, at enter and exit, prove nothing. The kernel's copy of a path (struct filename) is out of reach: only
 * the audit context holds one until the end of a call, where audit is on, and lets go of it before sys_exit is traced.
 *
 * Several functions, because the verifier has a limit for the length of a program and the stack one of 512 bytes: what is
 * long or rare is reached by a tail call (enum stage in abi.h).
 */
#pragma once

#include "call.bpf.h"

#define EVENT(name, nparams, more, ...)                                           \
	case PPME_##name: {                                                           \
		rec_type(r, PPME_##name, full_exit ? (nparams) + (more) : (nparams)); \
		__VA_ARGS__;                                                          \
		break;                                                                \
	}
#define RET (c->ret)
#define FULL(...)            \
	do {                 \
		if (full_exit) { \
			__VA_ARGS__; \
		}            \
	} while (0)

/* A call that has its bytes when it succeeds: read and its kin. */
#define IN_BYTES(user, address) put_bytes(r, user, RET > 0 ? cut_io(RET, A(0), user, RET, address) : 0)
/* One that had them before: write and its kin. A failed one is shown with what it would have sent. */
#define OUT_BYTES(user, size, address) put_bytes(r, user, cut_io(RET < 0 ? (size) : RET, A(0), user, size, address))
/* The same of scattered buffers, of which only the ports say how much is kept. */
#define IN_PIECES(iov, count, address) put_iovec(r, iov, count, RET > 0 ? cut_io(RET, A(0), 0, 0, address) : 0)
#define OUT_PIECES(iov, count, address) put_iovec(r, iov, count, cut_io(RET < 0 ? (__u64)-1 : RET, A(0), 0, 0, address))
#define RES put_s64(r, RET)

static __always_inline void fill_exit(struct rec *r, struct call *c)
{
	switch (c->type) {
	/* files */
	EVENT(SYSCALL_OPEN_X, 6, 0, struct opened f = opened_file(c->task, RET); RES; put_str(r, A(0)); put_u32(r, open_flags(A(1)) | found_flags(&f));
	      put_u32(r, open_mode(A(1), A(2))); put_dev_ino(r, &f))
	EVENT(SYSCALL_CREAT_X, 6, 0, struct opened f = opened_file(c->task, RET); RES; put_str(r, A(0)); put_u32(r, A(1) & 07777); put_dev_ino(r, &f);
	      put_u16(r, creat_flags(&f)))
	EVENT(SYSCALL_OPENAT_2_X, 7, 0, struct opened f = opened_file(c->task, RET); RES; put_fd(r, A(0)); put_str(r, A(1));
	      put_u32(r, open_flags(A(2)) | found_flags(&f)); put_u32(r, open_mode(A(2), A(3))); put_dev_ino(r, &f))
	EVENT(SYSCALL_OPENAT2_X, 8, 0, struct opened f = opened_file(c->task, RET); RES; put_fd(r, A(0)); put_str(r, A(1)); put_open_how(r, A(2), found_flags(&f)); put_dev_ino(r, &f))
	EVENT(SYSCALL_CLOSE_X, 1, 1, RES; FULL(put_fd(r, A(0))))
	EVENT(SYSCALL_READ_X, 4, 0, RES; IN_BYTES(A(1), 0); put_fd(r, A(0)); put_u32(r, A(2)))
	EVENT(SYSCALL_WRITE_X, 2, 2, RES; OUT_BYTES(A(1), A(2), 0); FULL(put_fd(r, A(0)); put_u32(r, A(2))))
	EVENT(SYSCALL_PREAD_X, 5, 0, RES; IN_BYTES(A(1), 0); put_fd(r, A(0)); put_u32(r, A(2)); put_u64(r, A(3)))
	EVENT(SYSCALL_PWRITE_X, 2, 3, RES; OUT_BYTES(A(1), A(2), 0); FULL(put_fd(r, A(0)); put_u32(r, A(2)); put_u64(r, A(3))))
	EVENT(SYSCALL_LSEEK_X, 1, 3, RES; FULL(put_fd(r, A(0)); put_u64(r, A(1)); put_u8(r, A(2))))
	EVENT(SYSCALL_DUP_X, 1, 0, RES)
	EVENT(SYSCALL_DUP_1_X, 2, 0, RES; put_fd(r, A(0)))
	EVENT(SYSCALL_DUP2_X, 3, 0, RES; put_fd(r, A(0)); put_fd(r, A(1)))
	EVENT(SYSCALL_DUP3_X, 4, 0, RES; put_fd(r, A(0)); put_fd(r, A(1)); put_u32(r, MAP_BIT(A(2), O_CLOEXEC, PPM_FILE_FLAGS_O_CLOEXEC)))
	EVENT(SYSCALL_PIPE_X, 4, 0, RES; put_pipe(r, c))
	EVENT(SYSCALL_PIPE2_X, 5, 0, RES; put_pipe(r, c); put_u32(r, (int)A(1) < 0 ? 0 : fd_flags(A(1))))
	EVENT(SYSCALL_FCNTL_X, 3, 1, RES; put_fd(r, A(0)); put_u8(r, fcntl_command(A(1))); FULL(put_u64(r, A(2))))
	EVENT(SYSCALL_IOCTL_3_X, 1, 3, RES; FULL(put_fd(r, A(0)); put_u64(r, A(1)); put_u64(r, A(2))))
	EVENT(SYSCALL_FLOCK_X, 1, 2, RES; FULL(put_fd(r, A(0)); put_u32(r, flock_operation(A(1)))))
	EVENT(SYSCALL_STAT_X, 2, 0, RES; put_str(r, A(0)))
	EVENT(SYSCALL_LSTAT_X, 2, 0, RES; put_str(r, A(0)))
	EVENT(SYSCALL_FSTAT_X, 1, 1, RES; FULL(put_fd(r, A(0))))
	EVENT(SYSCALL_NEWFSTATAT_X, 4, 0, RES; put_fd(r, A(0)); put_str(r, A(1)); put_u32(r, newfstatat_flags(A(3))))
	EVENT(SYSCALL_ACCESS_X, 2, 1, RES; put_str(r, A(0)); FULL(put_u32(r, A(1) & 7)))
	EVENT(SYSCALL_UNLINK_2_X, 2, 0, RES; put_str(r, A(0)))
	EVENT(SYSCALL_UNLINKAT_2_X, 4, 0, RES; put_fd(r, A(0)); put_str(r, A(1)); put_u32(r, unlinkat_flags(A(2))))
	EVENT(SYSCALL_RENAME_X, 3, 0, RES; put_str(r, A(0)); put_str(r, A(1)))
	EVENT(SYSCALL_RENAMEAT_X, 5, 0, RES; put_fd(r, A(0)); put_str(r, A(1)); put_fd(r, A(2)); put_str(r, A(3)))
	EVENT(SYSCALL_RENAMEAT2_X, 6, 0, RES; put_fd(r, A(0)); put_str(r, A(1)); put_fd(r, A(2)); put_str(r, A(3)); put_u32(r, A(4) & 7))
	EVENT(SYSCALL_MKDIR_2_X, 2, 1, RES; put_str(r, A(0)); FULL(put_u32(r, A(1))))
	EVENT(SYSCALL_MKDIRAT_X, 4, 0, RES; put_fd(r, A(0)); put_str(r, A(1)); put_u32(r, A(2)))
	EVENT(SYSCALL_RMDIR_2_X, 2, 0, RES; put_str(r, A(0)))
	EVENT(SYSCALL_CHDIR_X, 2, 0, RES; put_str(r, A(0)))
	EVENT(SYSCALL_FCHDIR_X, 1, 1, RES; FULL(put_fd(r, A(0))))
	EVENT(SYSCALL_GETCWD_X, 2, 0, RES; if (RET > 0) put_str(r, A(0)); else put_null(r))
	EVENT(SYSCALL_CHMOD_X, 3, 0, RES; put_str(r, A(0)); put_u32(r, A(1) & 07777))
	EVENT(SYSCALL_FCHMOD_X, 3, 0, RES; put_fd(r, A(0)); put_u32(r, A(1) & 07777))
	EVENT(SYSCALL_FCHMODAT_X, 4, 0, RES; put_fd(r, A(0)); put_str(r, A(1)); put_u32(r, A(2) & 07777))
	EVENT(SYSCALL_LINK_2_X, 3, 0, RES; put_str(r, A(0)); put_str(r, A(1)))
	EVENT(SYSCALL_LINKAT_2_X, 6, 0, RES; put_fd(r, A(0)); put_str(r, A(1)); put_fd(r, A(2)); put_str(r, A(3)); put_u32(r, linkat_flags(A(4))))
	EVENT(SYSCALL_SYMLINK_X, 3, 0, RES; put_str(r, A(0)); put_str(r, A(1)))
	EVENT(SYSCALL_SYMLINKAT_X, 4, 0, RES; put_str(r, A(0)); put_fd(r, A(1)); put_str(r, A(2)))
	EVENT(SYSCALL_CHOWN_X, 4, 0, RES; put_str(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2)))
	EVENT(SYSCALL_LCHOWN_X, 4, 0, RES; put_str(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2)))
	EVENT(SYSCALL_FCHOWN_X, 4, 0, RES; put_fd(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2)))
	EVENT(SYSCALL_FCHOWNAT_X, 6, 0, RES; put_fd(r, A(0)); put_str(r, A(1)); put_u32(r, A(2)); put_u32(r, A(3)); put_u32(r, fchownat_flags(A(4))))
	EVENT(SYSCALL_MKNOD_X, 4, 0, RES; put_str(r, A(0)); put_u32(r, mknod_mode(A(1))); put_u32(r, A(2)))
	EVENT(SYSCALL_MKNODAT_X, 5, 0, RES; put_fd(r, A(0)); put_str(r, A(1)); put_u32(r, mknod_mode(A(2))); put_u32(r, A(3)))
	EVENT(SYSCALL_CHROOT_X, 2, 0, RES; put_str(r, A(0)))
	EVENT(SYSCALL_MOUNT_X, 4, 1, RES; put_str(r, A(0)); put_str(r, A(1)); put_str(r, A(2)); FULL(put_u32(r, A(3))))
	EVENT(SYSCALL_UMOUNT2_X, 2, 1, RES; put_str(r, A(0)); FULL(put_u32(r, A(1) & 0xf)))
	EVENT(SYSCALL_SENDFILE_X, 2, 3, RES; put_u64(r, user_u64(A(2))); FULL(put_fd(r, A(0)); put_fd(r, A(1)); put_u64(r, A(3))))
	EVENT(SYSCALL_SPLICE_X, 1, 4, RES; FULL(put_fd(r, A(0)); put_fd(r, A(2)); put_u64(r, A(4)); put_u32(r, A(5) & 0xf)))
	EVENT(SYSCALL_COPY_FILE_RANGE_X, 3, 3, RES; put_fd(r, A(2)); put_u64(r, user_u64(A(3)));
	      FULL(put_fd(r, A(0)); put_u64(r, user_u64(A(1))); put_u64(r, A(4))))
	EVENT(SYSCALL_GETDENTS_X, 1, 1, RES; FULL(put_fd(r, A(0))))
	EVENT(SYSCALL_GETDENTS64_X, 1, 1, RES; FULL(put_fd(r, A(0))))
	EVENT(SYSCALL_EVENTFD_X, 1, 2, RES; FULL(put_u64(r, (__u32)A(0)); put_u32(r, 0)))
	EVENT(SYSCALL_EVENTFD2_X, 2, 1, RES; put_u16(r, event_fd_flags(A(1))); FULL(put_u64(r, (__u32)A(0))))
	EVENT(SYSCALL_SIGNALFD_X, 1, 3, RES; FULL(put_fd(r, A(0)); put_u32(r, sigset(A(1))); put_u8(r, 0)))
	EVENT(SYSCALL_SIGNALFD4_X, 2, 2, RES; put_u16(r, event_fd_flags(A(3))); FULL(put_fd(r, A(0)); put_u32(r, sigset(A(1)))))
	EVENT(SYSCALL_TIMERFD_CREATE_X, 1, 2, RES; FULL(put_u8(r, A(0)); put_u8(r, 0)))
	EVENT(SYSCALL_INOTIFY_INIT_X, 1, 1, RES; FULL(put_u8(r, 0)))
	EVENT(SYSCALL_INOTIFY_INIT1_X, 2, 0, RES; put_u16(r, event_fd_flags(A(0))))
	EVENT(SYSCALL_EPOLL_CREATE_X, 1, 1, RES; FULL(put_u32(r, A(0))))
	EVENT(SYSCALL_EPOLL_CREATE1_X, 1, 1, RES; FULL(put_u32(r, MAP_BIT(A(0), O_CLOEXEC, PPM_EPOLL_CREATE1_FLAGS_EPOLL_CLOEXEC))))
	EVENT(SYSCALL_EPOLLWAIT_X, 1, 1, RES; FULL(put_s64(r, (__s32)A(2))))
	EVENT(SYSCALL_SELECT_X, 1, 0, RES)
	EVENT(SYSCALL_MEMFD_CREATE_X, 3, 0, RES; put_str(r, A(0)); put_u32(r, A(1) & 7))
	EVENT(SYSCALL_USERFAULTFD_X, 2, 0, RES; put_u32(r, fd_flags(A(0))))
	EVENT(SYSCALL_PIDFD_OPEN_X, 3, 0, RES; put_s64(r, (__s32)A(0)); put_u32(r, MAP_BIT(A(1), O_NONBLOCK, PPM_PIDFD_OPEN_FLAGS_PIDFD_NONBLOCK)))
	EVENT(SYSCALL_PIDFD_GETFD_X, 4, 0, RES; put_fd(r, A(0)); put_fd(r, A(1)); put_u32(r, A(2)))
	EVENT(SYSCALL_IO_URING_SETUP_X, 8, 0, RES; put_u32(r, A(0)); put_io_uring_params(r, A(1)))
	EVENT(SYSCALL_IO_URING_ENTER_X, 6, 0, RES; put_fd(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2)); put_u32(r, A(3) & 0xf); put_u32(r, sigset(A(4))))
	EVENT(SYSCALL_IO_URING_REGISTER_X, 5, 0, RES; put_fd(r, A(0)); put_u16(r, A(1)); put_u64(r, A(2)); put_u32(r, A(3)))

	/* memory */
	EVENT(SYSCALL_MMAP_X, 4, 6, RES; put_vm(r, c->task);
	      FULL(put_u64(r, A(0)); put_u64(r, A(1)); put_u32(r, prot_flags(A(2))); put_u32(r, mmap_flags(A(3))); put_fd(r, A(4)); put_u64(r, A(5))))
	EVENT(SYSCALL_MUNMAP_X, 4, 2, RES; put_vm(r, c->task); FULL(put_u64(r, A(0)); put_u64(r, A(1))))
	EVENT(SYSCALL_MPROTECT_X, 1, 3, RES; FULL(put_u64(r, A(0)); put_u64(r, A(1)); put_u32(r, prot_flags(A(2)))))
	EVENT(SYSCALL_MLOCK_X, 3, 0, RES; put_u64(r, A(0)); put_u64(r, A(1)))
	EVENT(SYSCALL_MLOCK2_X, 4, 0, RES; put_u64(r, A(0)); put_u64(r, A(1)); put_u32(r, A(2) & 1))
	EVENT(SYSCALL_MUNLOCK_X, 3, 0, RES; put_u64(r, A(0)); put_u64(r, A(1)))
	EVENT(SYSCALL_MLOCKALL_X, 2, 0, RES; put_u32(r, A(0) & 7))
	EVENT(SYSCALL_MUNLOCKALL_X, 1, 0, RES)
	EVENT(SYSCALL_BRK_4_X, 4, 1, RES; put_vm(r, c->task); FULL(put_u64(r, A(0))))

	/* processes and time */
	EVENT(SYSCALL_KILL_X, 1, 2, RES; FULL(put_s64(r, (__s32)A(0)); put_u8(r, A(1))))
	EVENT(SYSCALL_TKILL_X, 1, 2, RES; FULL(put_s64(r, (__s32)A(0)); put_u8(r, A(1))))
	EVENT(SYSCALL_TGKILL_X, 1, 3, RES; FULL(put_s64(r, (__s32)A(0)); put_s64(r, (__s32)A(1)); put_u8(r, A(2))))
	EVENT(SYSCALL_PRCTL_X, 4, 0, RES; put_prctl(r, A(0), A(1)))
	EVENT(SYSCALL_SETUID_X, 1, 1, RES; FULL(put_u32(r, A(0))))
	EVENT(SYSCALL_SETGID_X, 1, 1, RES; FULL(put_u32(r, A(0))))
	EVENT(SYSCALL_SETRESUID_X, 1, 3, RES; FULL(put_u32(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2))))
	EVENT(SYSCALL_SETRESGID_X, 1, 3, RES; FULL(put_u32(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2))))
	EVENT(SYSCALL_SETREUID_X, 3, 0, RES; put_u32(r, A(0)); put_u32(r, A(1)))
	EVENT(SYSCALL_SETREGID_X, 3, 0, RES; put_u32(r, A(0)); put_u32(r, A(1)))
	EVENT(SYSCALL_GETUID_X, 1, 0, put_u32(r, RET))
	EVENT(SYSCALL_GETEUID_X, 1, 0, put_u32(r, RET))
	EVENT(SYSCALL_GETGID_X, 1, 0, put_u32(r, RET))
	EVENT(SYSCALL_GETEGID_X, 1, 0, put_u32(r, RET))
	EVENT(SYSCALL_GETRESUID_X, 4, 0, RES; put_ids(r, c))
	EVENT(SYSCALL_GETRESGID_X, 4, 0, RES; put_ids(r, c))
	EVENT(SYSCALL_SETPGID_X, 1, 2, RES; FULL(put_s64(r, (__s32)A(0)); put_s64(r, (__s32)A(1))))
	EVENT(SYSCALL_SETSID_X, 1, 0, RES)
	EVENT(SYSCALL_GETRLIMIT_X, 3, 1, RES; put_old_rlimit(r, c, A(1)); FULL(put_u8(r, rlimit_resource(A(0)))))
	EVENT(SYSCALL_SETRLIMIT_X, 4, 0, RES; put_rlimit(r, A(1)); put_u8(r, rlimit_resource(A(0))))
	EVENT(SYSCALL_PRLIMIT_X, 7, 0, RES; put_rlimit(r, A(2)); put_old_rlimit(r, c, A(3)); put_s64(r, (__s32)A(0));
	      put_u8(r, rlimit_resource(A(1))))
	EVENT(SYSCALL_UNSHARE_X, 1, 1, RES; FULL(put_u32(r, clone_flags(A(0)))))
	EVENT(SYSCALL_SETNS_X, 1, 2, RES; FULL(put_fd(r, A(0)); put_u32(r, clone_flags(A(1)))))
	EVENT(SYSCALL_SECCOMP_X, 1, 2, RES; FULL(put_u64(r, A(0)); put_u64(r, A(1))))
	EVENT(SYSCALL_BPF_2_X, 2, 0, RES; put_u32(r, A(0)))
	EVENT(SYSCALL_CAPSET_X, 4, 0, const struct cred *cred = c->task->cred; RES; put_u64(r, capabilities(&cred->cap_inheritable));
	      put_u64(r, capabilities(&cred->cap_permitted)); put_u64(r, capabilities(&cred->cap_effective)))
	EVENT(SYSCALL_INIT_MODULE_X, 4, 0, RES; put_bytes(r, A(0), cut(A(1))); put_u64(r, A(1)); put_str(r, A(2)))
	EVENT(SYSCALL_FINIT_MODULE_X, 4, 0, RES; put_fd(r, A(0)); put_str(r, A(1)); put_u32(r, finit_module_flags(A(2))))
	EVENT(SYSCALL_DELETE_MODULE_X, 3, 0, RES; put_str(r, A(0));
	      put_u32(r, MAP_BIT(A(1), O_NONBLOCK, PPM_DELETE_MODULE_FLAGS_O_NONBLOCK) | MAP_BIT(A(1), O_TRUNC, PPM_DELETE_MODULE_FLAGS_O_TRUNC)))
	EVENT(SYSCALL_SEMGET_X, 1, 3, RES; FULL(put_u32(r, A(0)); put_u32(r, A(1)); put_u32(r, semget_flags(A(2)))))
	EVENT(SYSCALL_SEMOP_X, 8, 1, RES; put_u32(r, A(2)); put_sembufs(r, A(1), RET == 0 ? A(2) : 0); FULL(put_u32(r, A(0))))
	EVENT(SYSCALL_SEMCTL_X, 1, 4, RES; FULL(put_u32(r, A(0)); put_u32(r, A(1)); put_u16(r, semctl_command(A(2))); put_u32(r, A(2) == 16 ? A(3) : 0)))
	EVENT(SYSCALL_FUTEX_X, 1, 3, RES; FULL(put_u64(r, A(0)); put_u16(r, futex_op(A(1))); put_u64(r, (__u32)A(2))))
	EVENT(SYSCALL_NANOSLEEP_X, 1, 1, RES; FULL(put_u64(r, user_timespec(A(0)))))

	/* sockets: those without addresses or scattered buffers */
	EVENT(SOCKET_SOCKET_X, 4, 1, RES; put_u32(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2)); FULL(put_u32(r, fd_flags(A(1)))))
	EVENT(SOCKET_LISTEN_X, 3, 0, RES; put_fd(r, A(0)); put_u32(r, A(1)))
	EVENT(SOCKET_SHUTDOWN_X, 1, 2, RES; FULL(put_fd(r, A(0)); put_u8(r, shutdown_how(A(1)))))
	EVENT(SOCKET_GETSOCKNAME_X, 0, 0, )
	EVENT(SOCKET_GETPEERNAME_X, 0, 0, )

	default:
		put_generic(r, c, PPME_GENERIC_X);
	}
}

/* Stage NETWORK: addresses, scattered buffers, lists of fds. */
static __always_inline void fill_exit_network(struct rec *r, struct call *c)
{
	switch (c->type) {
	EVENT(SOCKET_BIND_X, 3, 0, RES; put_sockaddr(r, A(1), A(2)); put_fd(r, A(0)))
	EVENT(SOCKET_CONNECT_X, 3, 1, RES; put_connected(r, c); put_fd(r, A(0)); FULL(put_sockaddr(r, A(1), A(2))))
	EVENT(SOCKET_ACCEPT_5_X, 5, 0, RES; put_accepted(r, c))
	EVENT(SOCKET_ACCEPT4_5_X, 5, 0, RES; put_accepted(r, c))
	EVENT(SOCKET_ACCEPT4_6_X, 5, 1, RES; put_accepted(r, c); FULL(put_u32(r, fd_flags(A(3)))))
	EVENT(SOCKET_SENDTO_X, 2, 3, RES; OUT_BYTES(A(1), A(2), A(4));
	      FULL(put_fd(r, A(0)); put_u32(r, A(2)); put_tuple(r, A(0), OUTBOUND, A(4))))
	EVENT(SOCKET_RECVFROM_X, 3, 2, RES; IN_BYTES(A(1), A(4)); put_received_from(r, c, A(4)); FULL(put_fd(r, A(0)); put_u32(r, A(2))))
	EVENT(SOCKET_SENDMSG_X, 2, 3, struct user_msghdr msg = message(A(1)); RES;
	      OUT_PIECES((unsigned long)msg.msg_iov, msg.msg_iovlen, (unsigned long)msg.msg_name);
	      FULL(put_fd(r, A(0)); put_u32(r, iovec_size((unsigned long)msg.msg_iov, msg.msg_iovlen));
		   put_tuple(r, A(0), OUTBOUND, (unsigned long)msg.msg_name)))
	EVENT(SOCKET_RECVMSG_X, 5, 1, struct user_msghdr msg = message(A(1)); RES; put_u32(r, RET > 0 ? RET : 0);
	      IN_PIECES((unsigned long)msg.msg_iov, msg.msg_iovlen, (unsigned long)msg.msg_name);
	      put_received_from(r, c, (unsigned long)msg.msg_name);
	      if (RET < 0) put_null(r); else put_msgcontrol(r, &msg);
	      FULL(put_fd(r, A(0))))
	EVENT(SYSCALL_READV_X, 3, 1, RES; put_u32(r, RET > 0 ? RET : 0); IN_PIECES(A(1), A(2), 0);
	      FULL(put_fd(r, A(0))))
	EVENT(SYSCALL_PREADV_X, 3, 2, RES; put_u32(r, RET > 0 ? RET : 0); IN_PIECES(A(1), A(2), 0);
	      FULL(put_fd(r, A(0)); put_u64(r, A(3))))
	EVENT(SYSCALL_WRITEV_X, 2, 2, RES; OUT_PIECES(A(1), A(2), 0);
	      FULL(put_fd(r, A(0)); put_u32(r, iovec_size(A(1), A(2)))))
	EVENT(SYSCALL_PWRITEV_X, 2, 3, RES; OUT_PIECES(A(1), A(2), 0);
	      FULL(put_fd(r, A(0)); put_u32(r, iovec_size(A(1), A(2))); put_u64(r, A(3))))
	EVENT(SYSCALL_PROCESS_VM_READV_X, 3, 0, RES; put_s64(r, (__s32)A(0)); put_iovec(r, A(1), A(2), RET > 0 ? cut(RET) : 0))
	EVENT(SYSCALL_PROCESS_VM_WRITEV_X, 3, 0, RES; put_s64(r, (__s32)A(0)); put_iovec(r, A(1), A(2), RET > 0 ? cut(RET) : 0))
	EVENT(SYSCALL_OPEN_BY_HANDLE_AT_X, 6, 0, struct opened f = opened_file(c->task, RET); RES; put_fd(r, A(0)); put_u32(r, open_flags(A(2)) | found_flags(&f));
	      put_file_path(r, f.file); put_dev_ino(r, &f))
	EVENT(SYSCALL_POLL_X, 2, 1, RES; put_fdlist(r, A(0), A(1), RETURNED); FULL(put_s64(r, (__s32)A(2))))
	EVENT(SYSCALL_PPOLL_X, 2, 2, RES; put_fdlist(r, A(0), A(1), RETURNED); FULL(put_u64(r, user_timespec(A(2))); put_u32(r, sigset(A(3)))))
	EVENT(SOCKET_SOCKETPAIR_X, 5, 3, RES; put_socketpair(r, c); FULL(put_u32(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2))))
	EVENT(SOCKET_SETSOCKOPT_X, 6, 0, RES; put_fd(r, A(0)); put_u8(r, sockopt_level(A(1))); put_u8(r, sockopt_option(A(1), A(2)));
	      put_sockopt(r, A(1), A(2), A(3), A(4)); put_u32(r, A(4)))
	EVENT(SOCKET_GETSOCKOPT_X, 6, 0, __u32 len = 0; bpf_probe_read_user(&len, sizeof(len), (const void *)A(4)); RES; put_fd(r, A(0));
	      put_u8(r, sockopt_level(A(1))); put_u8(r, sockopt_option(A(1), A(2))); put_sockopt(r, A(1), A(2), A(3), len); put_u32(r, len))

	default:
		put_generic(r, c, PPME_GENERIC_X);
	}
}

/* Stage CONTROL: rare calls with structures whose kind depends on a command. */
static __always_inline void fill_exit_control(struct rec *r, struct call *c)
{
	switch (c->type) {
	EVENT(SYSCALL_PTRACE_X, 3, 2, RES; put_ptrace(r, RET, A(0), A(2), A(3));
	      FULL(put_u16(r, ptrace_request(A(0))); put_s64(r, (__s32)A(1))))
	EVENT(SYSCALL_QUOTACTL_X, 14, 4, RES; put_quota(r, A(0), A(1), A(3)); FULL(put_quota_request(r, A(0), A(2))))
	EVENT(SYSCALL_FSCONFIG_X, 7, 0, RES; put_fd(r, A(0)); put_u32(r, A(1)); put_str(r, A(2)); put_fsconfig_value(r, c); put_u32(r, A(4)))

	default:
		put_generic(r, c, PPME_GENERIC_X);
	}
}

/* Stage MESSAGES: sendmmsg and recvmmsg give one event for each message, with what became of it as its result. `index`
 * says which of those at `messages`. */
static __always_inline void fill_message(struct rec *r, struct call *c, int fd, unsigned long messages, __u32 index)
{
	struct mmsghdr message = {};
	unsigned long iov, count;

	bpf_probe_read_user(&message, sizeof(message), (const void *)(messages + index * sizeof(message)));
	iov = (unsigned long)message.msg_hdr.msg_iov;
	count = message.msg_hdr.msg_iovlen;
	rec_type(r, c->type, c->type == PPME_SOCKET_SENDMMSG_X ? 5 : 6);
	put_s64(r, message.msg_len);
	put_s64(r, fd);
	put_u32(r, c->type == PPME_SOCKET_SENDMMSG_X ? iovec_size(iov, count) : message.msg_len);
	put_iovec(r, iov, count, cut_io(message.msg_len, fd, 0, 0, (unsigned long)message.msg_hdr.msg_name));
	put_tuple(r, fd, c->type == PPME_SOCKET_SENDMMSG_X ? OUTBOUND : INBOUND, (unsigned long)message.msg_hdr.msg_name);
	if (c->type == PPME_SOCKET_RECVMMSG_X)
		put_msgcontrol(r, &message.msg_hdr);
}

/* A call that moved no message has one event all the same. */
static __always_inline void fill_no_message(struct rec *r, struct call *c)
{
	rec_type(r, c->type, c->type == PPME_SOCKET_SENDMMSG_X ? 5 : 6);
	RES;
	put_fd(r, A(0));
	put_u32(r, 0);
	put_null(r);
	put_null(r);
	if (c->type == PPME_SOCKET_RECVMMSG_X)
		put_null(r);
}

/* Stage PROCESS: the events that describe a whole process. A successful exec is made at sched_process_exec, where every
 * architecture still knows it. */
static __always_inline void fill_exit_process(struct rec *r, struct call *c)
{
	unsigned long flags = 0;

	switch (c->type) {
	EVENT(SYSCALL_CLONE_20_X, 21, 0, flags = A(0))
	EVENT(SYSCALL_CLONE3_X, 21, 0, bpf_probe_read_user(&flags, sizeof(flags), (const void *)A(0)))
	EVENT(SYSCALL_FORK_20_X, 21, 0, )
	EVENT(SYSCALL_VFORK_20_X, 21, 0, )

	default:
		put_generic(r, c, PPME_GENERIC_X);
		return;
	}
	RES;
	if (RET >= 0) {
		put_exe_args(r, c->task);
	} else {
		put_null(r);
		put_null(r);
	}
	put_task(r, c->task);
	put_clone_identity(r, c->task, flags);
}

static __always_inline void fill_failed_exec(struct rec *r, struct call *c)
{
	bool at = c->type == PPME_SYSCALL_EXECVEAT_X;

	rec_type(r, c->type, 30 + (full_exit && !at));
	RES;
	put_failed_exe_args(r, at ? A(2) : A(1));
	put_task(r, c->task);
	put_string_vector(r, at ? A(3) : A(2), 0);
	put_exec_identity(r, c->task);
	if (full_exit && !at)
		put_str(r, A(0));
}
#undef EVENT
