/* What each enter event carries. One line an event, in the order of the driver's table; EVENT gives the event's name and
 * its number of parameters, A(n) is an argument of the call. An event that has no line here becomes the generic one.
 */
#pragma once

#include "call.bpf.h"

#define EVENT(name, nparams, ...)                     \
	case PPME_##name: {                           \
		rec_type(r, PPME_##name, nparams);    \
		__VA_ARGS__;                          \
		break;                                \
	}

static __always_inline void fill_enter(struct rec *r, struct call *c)
{
	switch (c->type) {
	/* files */
	EVENT(SYSCALL_OPEN_E, 3, put_str(r, A(0)); put_u32(r, open_flags(A(1))); put_u32(r, open_mode(A(1), A(2))))
	EVENT(SYSCALL_CREAT_E, 2, put_str(r, A(0)); put_u32(r, A(1) & 07777))
	EVENT(SYSCALL_OPENAT_2_E, 4, put_fd(r, A(0)); put_str(r, A(1)); put_u32(r, open_flags(A(2))); put_u32(r, open_mode(A(2), A(3))))
	EVENT(SYSCALL_OPENAT2_E, 5, put_fd(r, A(0)); put_str(r, A(1)); put_open_how(r, A(2)))
	EVENT(SYSCALL_CLOSE_E, 1, put_fd(r, A(0)))
	EVENT(SYSCALL_READ_E, 2, put_fd(r, A(0)); put_u32(r, A(2)))
	EVENT(SYSCALL_WRITE_E, 2, put_fd(r, A(0)); put_u32(r, A(2)))
	EVENT(SYSCALL_PREAD_E, 3, put_fd(r, A(0)); put_u32(r, A(2)); put_u64(r, A(3)))
	EVENT(SYSCALL_PWRITE_E, 3, put_fd(r, A(0)); put_u32(r, A(2)); put_u64(r, A(3)))
	EVENT(SYSCALL_READV_E, 1, put_fd(r, A(0)))
	EVENT(SYSCALL_WRITEV_E, 2, put_fd(r, A(0)); put_u32(r, iovec_size(A(1), A(2))))
	EVENT(SYSCALL_PREADV_E, 2, put_fd(r, A(0)); put_u64(r, A(3)))
	EVENT(SYSCALL_PWRITEV_E, 3, put_fd(r, A(0)); put_u32(r, iovec_size(A(1), A(2))); put_u64(r, A(3)))
	EVENT(SYSCALL_LSEEK_E, 3, put_fd(r, A(0)); put_u64(r, A(1)); put_u8(r, A(2)))
	EVENT(SYSCALL_DUP_E, 1, put_fd(r, A(0)))
	EVENT(SYSCALL_DUP_1_E, 1, put_fd(r, A(0)))
	EVENT(SYSCALL_DUP2_E, 1, put_fd(r, A(0)))
	EVENT(SYSCALL_DUP3_E, 1, put_fd(r, A(0)))
	EVENT(SYSCALL_PIPE_E, 0, )
	EVENT(SYSCALL_PIPE2_E, 0, )
	EVENT(SYSCALL_FCNTL_E, 2, put_fd(r, A(0)); put_u8(r, fcntl_command(A(1))))
	EVENT(SYSCALL_IOCTL_3_E, 3, put_fd(r, A(0)); put_u64(r, A(1)); put_u64(r, A(2)))
	EVENT(SYSCALL_FLOCK_E, 2, put_fd(r, A(0)); put_u32(r, flock_operation(A(1))))
	EVENT(SYSCALL_STAT_E, 0, )
	EVENT(SYSCALL_LSTAT_E, 0, )
	EVENT(SYSCALL_FSTAT_E, 1, put_fd(r, A(0)))
	EVENT(SYSCALL_NEWFSTATAT_E, 0, )
	EVENT(SYSCALL_ACCESS_E, 1, put_u32(r, A(1)))
	EVENT(SYSCALL_UNLINK_2_E, 0, )
	EVENT(SYSCALL_UNLINKAT_2_E, 0, )
	EVENT(SYSCALL_RENAME_E, 0, )
	EVENT(SYSCALL_RENAMEAT_E, 0, )
	EVENT(SYSCALL_RENAMEAT2_E, 0, )
	EVENT(SYSCALL_MKDIR_2_E, 1, put_u32(r, A(1) & 07777))
	EVENT(SYSCALL_MKDIRAT_E, 0, )
	EVENT(SYSCALL_RMDIR_2_E, 0, )
	EVENT(SYSCALL_CHDIR_E, 0, )
	EVENT(SYSCALL_FCHDIR_E, 1, put_fd(r, A(0)))
	EVENT(SYSCALL_GETCWD_E, 0, )
	EVENT(SYSCALL_CHMOD_E, 0, )
	EVENT(SYSCALL_FCHMOD_E, 0, )
	EVENT(SYSCALL_FCHMODAT_E, 0, )
	EVENT(SYSCALL_LINK_2_E, 0, )
	EVENT(SYSCALL_LINKAT_2_E, 0, )
	EVENT(SYSCALL_SYMLINK_E, 0, )
	EVENT(SYSCALL_SYMLINKAT_E, 0, )
	EVENT(SYSCALL_GETDENTS_E, 1, put_fd(r, A(0)))
	EVENT(SYSCALL_GETDENTS64_E, 1, put_fd(r, A(0)))
	EVENT(SYSCALL_EVENTFD_E, 2, put_u64(r, (__u32)A(0)); put_u32(r, 0))
	EVENT(SYSCALL_EVENTFD2_E, 1, put_u64(r, (__u32)A(0)))
	EVENT(SYSCALL_SIGNALFD_E, 3, put_fd(r, A(0)); put_u32(r, sigset(A(1))); put_u8(r, 0))
	EVENT(SYSCALL_SIGNALFD4_E, 2, put_fd(r, A(0)); put_u32(r, sigset(A(1))))
	EVENT(SYSCALL_TIMERFD_CREATE_E, 2, put_u8(r, A(0)); put_u8(r, 0))
	EVENT(SYSCALL_INOTIFY_INIT_E, 1, put_u8(r, 0))
	EVENT(SYSCALL_INOTIFY_INIT1_E, 0, )
	EVENT(SYSCALL_EPOLL_CREATE_E, 1, put_u32(r, A(0)))
	EVENT(SYSCALL_EPOLL_CREATE1_E, 1, put_u32(r, MAP_BIT(A(0), O_CLOEXEC, PPM_EPOLL_CREATE1_FLAGS_EPOLL_CLOEXEC)))
	EVENT(SYSCALL_EPOLLWAIT_E, 1, put_s64(r, (__s32)A(2)))
	EVENT(SYSCALL_SELECT_E, 0, )

	/* memory */
	EVENT(SYSCALL_MMAP_E, 6, put_u64(r, A(0)); put_u64(r, A(1)); put_u32(r, prot_flags(A(2))); put_u32(r, mmap_flags(A(3)));
	      put_fd(r, A(4)); put_u64(r, A(5)))
	EVENT(SYSCALL_MUNMAP_E, 2, put_u64(r, A(0)); put_u64(r, A(1)))
	EVENT(SYSCALL_MPROTECT_E, 3, put_u64(r, A(0)); put_u64(r, A(1)); put_u32(r, prot_flags(A(2))))
	EVENT(SYSCALL_BRK_4_E, 1, put_u64(r, A(0)))

	/* processes and time */
	EVENT(SYSCALL_EXECVE_19_E, 1, put_str(r, A(0)))
	EVENT(SYSCALL_EXECVEAT_E, 3, put_fd(r, A(0)); put_str(r, A(1)); put_u32(r, execveat_flags(A(4))))
	EVENT(SYSCALL_CLONE_20_E, 0, )
	EVENT(SYSCALL_CLONE3_E, 0, )
	EVENT(SYSCALL_FORK_20_E, 0, )
	EVENT(SYSCALL_VFORK_20_E, 0, )
	EVENT(SYSCALL_KILL_E, 2, put_s64(r, (__s32)A(0)); put_u8(r, A(1)))
	EVENT(SYSCALL_TKILL_E, 2, put_s64(r, (__s32)A(0)); put_u8(r, A(1)))
	EVENT(SYSCALL_TGKILL_E, 3, put_s64(r, (__s32)A(0)); put_s64(r, (__s32)A(1)); put_u8(r, A(2)))
	EVENT(SYSCALL_PRCTL_E, 0, )
	EVENT(SYSCALL_SETUID_E, 1, put_u32(r, A(0)))
	EVENT(SYSCALL_SETGID_E, 1, put_u32(r, A(0)))
	EVENT(SYSCALL_SETRESUID_E, 3, put_u32(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2)))
	EVENT(SYSCALL_SETRESGID_E, 3, put_u32(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2)))
	EVENT(SYSCALL_SETREUID_E, 0, )
	EVENT(SYSCALL_SETREGID_E, 0, )
	EVENT(SYSCALL_GETUID_E, 0, )
	EVENT(SYSCALL_GETEUID_E, 0, )
	EVENT(SYSCALL_GETGID_E, 0, )
	EVENT(SYSCALL_GETEGID_E, 0, )
	EVENT(SYSCALL_GETRESUID_E, 0, )
	EVENT(SYSCALL_GETRESGID_E, 0, )
	EVENT(SYSCALL_SETPGID_E, 2, put_s64(r, (__s32)A(0)); put_s64(r, (__s32)A(1)))
	EVENT(SYSCALL_SETSID_E, 0, )
	EVENT(SYSCALL_FUTEX_E, 3, put_u64(r, A(0)); put_u16(r, futex_op(A(1))); put_u64(r, (__u32)A(2)))
	EVENT(SYSCALL_NANOSLEEP_E, 1, put_u64(r, user_timespec(A(0))))
	EVENT(SYSCALL_POLL_E, 2, put_fdlist(r, A(0), A(1), REQUESTED); put_s64(r, (__s32)A(2)))
	EVENT(SYSCALL_PPOLL_E, 3, put_fdlist(r, A(0), A(1), REQUESTED); put_u64(r, user_timespec(A(2))); put_u32(r, sigset(A(3))))

	/* sockets */
	EVENT(SOCKET_SOCKET_E, 3, put_u32(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2)))
	EVENT(SOCKET_BIND_E, 1, put_fd(r, A(0)))
	EVENT(SOCKET_CONNECT_E, 2, put_fd(r, A(0)); put_sockaddr(r, A(1), A(2)))
	EVENT(SOCKET_LISTEN_E, 2, put_fd(r, A(0)); put_u32(r, A(1)))
	EVENT(SOCKET_ACCEPT_5_E, 0, )
	EVENT(SOCKET_ACCEPT4_5_E, 1, put_u32(r, fd_flags(A(3))))
	EVENT(SOCKET_ACCEPT4_6_E, 1, put_u32(r, fd_flags(A(3))))
	EVENT(SOCKET_SENDTO_E, 3, put_fd(r, A(0)); put_u32(r, A(2)); put_target(r, c, A(0), A(4)))
	EVENT(SOCKET_RECVFROM_E, 2, put_fd(r, A(0)); put_u32(r, A(2)))
	EVENT(SOCKET_SENDMSG_E, 3, struct user_msghdr msg = message(A(1)); put_fd(r, A(0));
	      put_u32(r, iovec_size((unsigned long)msg.msg_iov, msg.msg_iovlen)); put_target(r, c, A(0), (unsigned long)msg.msg_name))
	EVENT(SOCKET_RECVMSG_E, 1, put_fd(r, A(0)))
	EVENT(SOCKET_SHUTDOWN_E, 2, put_fd(r, A(0)); put_u8(r, A(1)))
	EVENT(SOCKET_SOCKETPAIR_E, 3, put_u32(r, A(0)); put_u32(r, A(1)); put_u32(r, A(2)))
	EVENT(SOCKET_SETSOCKOPT_E, 0, )
	EVENT(SOCKET_GETSOCKOPT_E, 0, )
	EVENT(SOCKET_GETSOCKNAME_E, 0, )
	EVENT(SOCKET_GETPEERNAME_E, 0, )

	default:
		put_generic(r, c, PPME_GENERIC_E);
	}
}
#undef EVENT
