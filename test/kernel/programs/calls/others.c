/* The calls that have no event of their own, with arguments that are right where that does no harm. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <time.h>

#include "calls.h"

static char data[4096];
static struct timespec soon = { 0, 1000 };

static void of_files(void)
{
	int ends[2], more[2];
	struct iovec piece = { data, 8 };

	S(open, "others", O_RDWR | O_CREAT, 0644);
	int fd = r;
	S(pipe, ends); S(pipe, more);
	G(pwritev2, fd, &piece, 1, 0, 0, 0); G(preadv2, fd, &piece, 1, 0, 0, 0);
	G(fsync, fd); G(fdatasync, fd); G(truncate, "others", 100); G(ftruncate, fd, 4096); G(fallocate, fd, 0, 0, 8192);
	G(fadvise64, fd, 0, 0, 0); G(readahead, fd, 0, 10); G(sync_file_range, fd, 0, 10, 0); G(syncfs, fd);
	S(symlink, "others", "pointer");
	G(readlink, "pointer", data, 100); G(readlinkat, AT_FDCWD, "pointer", data, 100);
	G(faccessat, AT_FDCWD, "others", R_OK); G(faccessat2, AT_FDCWD, "others", W_OK, 0); G(statx, AT_FDCWD, "others", 0, STATX_INO, data);
	G(statfs, ".", data); G(fstatfs, fd, data); G(ustat, 0, data); G(sysfs, 3);
	G(utime, "others", NULL); G(utimes, "others", NULL); G(futimesat, AT_FDCWD, "others", NULL); G(utimensat, AT_FDCWD, "others", NULL, 0);
	G(setxattr, "others", "user.a", "b", 1, 0); G(lsetxattr, "others", "user.a", "b", 1, 0); G(fsetxattr, fd, "user.a", "b", 1, 0);
	G(getxattr, "others", "user.a", data, 10); G(lgetxattr, "others", "user.a", data, 10); G(fgetxattr, fd, "user.a", data, 10);
	G(listxattr, "others", data, 10); G(llistxattr, "others", data, 10); G(flistxattr, fd, data, 10);
	G(removexattr, "others", "user.a"); G(lremovexattr, "others", "user.a"); G(fremovexattr, fd, "user.a");
	S(write, ends[1], data, 8); G(tee, ends[0], more[1], 4, 0); G(vmsplice, more[1], &piece, 1, 0);
	G(umask, 0); G(sync); G(close_range, 900, 910, 0); G(open_tree, AT_FDCWD, ".", 0); G(move_mount, -1, "", -1, "", 0);
	G(fspick, AT_FDCWD, "none", 0); G(mount_setattr, -1, "none", 0, data, 32);
	G(inotify_add_watch, -1, ".", IN_CREATE); G(inotify_rm_watch, -1, 1); G(fanotify_init, 0, 0); G(fanotify_mark, -1, 0, 0, -1, NULL);
	S(epoll_create1, 0);
	int epoll = r;
	G(epoll_ctl, epoll, EPOLL_CTL_ADD, ends[0], data); G(epoll_pwait, epoll, data, 4, 0, NULL, 8); G(epoll_pwait2, epoll, data, 4, &soon, NULL, 8);
	G(epoll_ctl_old, 1, 2, 3); G(epoll_wait_old, 1, 2, 3);
	G(pselect6, 0, NULL, NULL, NULL, &soon, NULL); G(lookup_dcookie, 0, data, 10);
	S(timerfd_create, CLOCK_MONOTONIC, 0);
	int timer = r;
	memset(data, 0, sizeof(data));
	G(timerfd_settime, timer, 0, data, NULL); G(timerfd_gettime, timer, data);
	for (int i = fd; i < 40; i++)
		made(SYS_close, i, 0, 0, 0, 0, 0);
}

static void of_memory(void)
{
	char *page = (char *)made(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long mask = 1;
	int word = 0;

	G(msync, page, 4096, MS_ASYNC); G(mincore, page, 4096, data); G(madvise, page, 4096, MADV_NORMAL); G(process_madvise, -1, NULL, 0, MADV_COLD, 0);
	G(mbind, page, 4096, 0, NULL, 0, 0); G(set_mempolicy, 0, NULL, 0); G(get_mempolicy, &word, &mask, 64, NULL, 0); G(set_mempolicy_home_node, page, 4096, 0, 0);
	G(migrate_pages, 0, 64, &mask, &mask); G(move_pages, 0, 0, NULL, NULL, NULL, 0);
	G(pkey_alloc, 0, 0); G(pkey_mprotect, page, 4096, PROT_READ, -1); G(pkey_free, 99);
	G(remap_file_pages, page, 4096, 0, 0, 0); G(mremap, page, 4096, 8192, MREMAP_MAYMOVE); G(memfd_secret, 0); made(SYS_close, r, 0, 0, 0, 0, 0);
	G(membarrier, 0, 0, 0); G(process_mrelease, -1, 0);
	S(shmget, IPC_PRIVATE, 4096, 0600); int shm = r; generic("shmget", SYS_shmget);
	G(shmat, shm, NULL, 0); G(shmdt, r); G(shmctl, shm, IPC_RMID, NULL);
	S(msgget, IPC_PRIVATE, 0600); int queue = r; generic("msgget", SYS_msgget);
	struct { long type; char text[8]; } message = { 1, "message" };
	G(msgsnd, queue, &message, 8, 0); G(msgrcv, queue, &message, 8, 0, IPC_NOWAIT); G(msgctl, queue, IPC_RMID, NULL);
	G(semtimedop, -1, data, 1, &soon);
	S(mq_open, "calls", O_RDWR | O_CREAT, 0600, NULL); int mq = r; generic("mq_open", SYS_mq_open);
	G(mq_timedsend, mq, "x", 1, 0, &soon); G(mq_timedreceive, mq, data, 10, NULL, &soon); G(mq_notify, mq, NULL); G(mq_getsetattr, mq, NULL, data); G(mq_unlink, "calls");
	made(SYS_close, mq, 0, 0, 0, 0, 0);
	unsigned long context = 0;
	G(io_setup, 1, &context); G(io_submit, context, 0, NULL); G(io_getevents, context, 0, 1, data, &soon); G(io_pgetevents, context, 0, 1, data, &soon, NULL);
	G(io_cancel, context, data, data); G(io_destroy, context);
	G(futex_waitv, data, 0, 0, NULL, 0); G(get_robust_list, 0, data, data + 8);
}

static void of_processes(void)
{
	struct sched_param sched = { 0 };
	struct { unsigned size, policy; unsigned long rest[6]; } attr = { 48 };
	unsigned long cpus[16] = { 0 };
	sigset_t none = { 0 };

	G(getpid); G(getppid); G(gettid); G(getpgrp); G(getpgid, 0); G(getsid, 0); G(getgroups, 0, NULL); G(getrusage, 0, data); G(times, data); G(uname, data);
	G(sysinfo, data); G(getpriority, 0, 0); G(setpriority, PRIO_PROCESS, 0, 0); G(ioprio_get, 1, 0); G(ioprio_set, 1, 0, 0); G(personality, 0xffffffff);
	G(sched_yield); G(sched_getparam, 0, &sched); G(sched_setparam, 0, &sched); G(sched_getscheduler, 0); G(sched_setscheduler, 0, 0, &sched);
	G(sched_get_priority_max, 1); G(sched_get_priority_min, 1); G(sched_rr_get_interval, 0, data); G(sched_getaffinity, 0, sizeof(cpus), cpus); G(sched_setaffinity, 0, sizeof(cpus), cpus);
	G(sched_getattr, 0, &attr, sizeof(attr), 0); G(sched_setattr, 0, &attr, 0); G(getcpu, data, data + 8, NULL); G(kcmp, me, me, 1, 0, 0);
	G(rt_sigaction, SIGUSR2, NULL, data, 8); G(rt_sigprocmask, SIG_BLOCK, NULL, data, 8); G(rt_sigpending, data, 8); G(rt_sigtimedwait, &none, NULL, &soon, 8);
	G(rt_sigqueueinfo, me, 0, data); G(rt_tgsigqueueinfo, me, me, 0, data); G(pidfd_send_signal, -1, 0, NULL, 0); G(sigaltstack, NULL, data);
	G(getitimer, 0, data); memset(data, 0, 64); G(setitimer, 1, data, NULL); G(alarm, 0); G(time, NULL); G(gettimeofday, data, NULL); G(clock_gettime, 0, data);
	G(clock_getres, 0, data); G(clock_nanosleep, 1, 0, &soon, NULL); G(clock_settime, 99, data); G(clock_adjtime, 99, data); memset(data, 0, 256); G(adjtimex, data); G(settimeofday, 8, 8);
	S(timer_create, 1, NULL, data);
	int timer = *(int *)data;
	generic("timer_create", SYS_timer_create);
	G(timer_settime, timer, 0, data + 64, NULL); G(timer_gettime, timer, data + 128); G(timer_getoverrun, timer); G(timer_delete, timer);
	G(arch_prctl, 0x1003, data); G(set_tid_address, data); G(rseq, 8, 0, 0, 0); G(modify_ldt, 0, data, 16); G(set_robust_list, data, 1); G(waitid, 0, -1, NULL, 4, NULL); G(wait4, -1, NULL, 1, NULL);
	G(getrandom, data, 10, 0); G(syslog, 10, NULL, 0); G(capget, data, NULL);
	G(add_key, "user", "calls", "x", 1, -1); G(request_key, "user", "calls", NULL, 0); G(keyctl, 0, -1, 0); G(perf_event_open, data, 0, -1, -1, 0);
	G(landlock_create_ruleset, NULL, 0, 1); G(landlock_add_rule, -1, 1, data, 0); G(landlock_restrict_self, -1, 0);
	G(restart_syscall);
}

/* What would end the machine is asked for in a way that is refused. What spoils the process itself is a child's. */
static void refused(void)
{
	/* Without a terminal vhangup has nothing to hang up. */
	made(SYS_setsid, 0, 0, 0, 0, 0, 0);
	G(reboot, 1, 2, 3, 4); G(kexec_load, 1, 1000, 8, -1); G(kexec_file_load, -1, -1, 0, "", -1); G(swapon, "none", 0); G(swapoff, "none"); G(acct, "none");
	G(iopl, 9); G(ioperm, -1, 1, 1); G(vhangup); G(setgroups, -1, NULL); G(setfsuid, -1); G(setfsgid, -1); G(uselib, "none"); G(set_thread_area, data); G(get_thread_area, data);
	G(_sysctl, data); G(create_module, "none", 1); G(get_kernel_syms, NULL); G(query_module, "none", 1); G(nfsservctl, 1); G(getpmsg, 1);
	G(sethostname, 8, 4); G(setdomainname, edge - 2, 4); G(pivot_root, "none", "none");
}

static void waits(void)
{
	struct itimerval timer = { .it_value = { 0, 20000 } };

	made(SYS_setitimer, 0, (long)&timer, 0, 0, 0, 0);
	G(pause);
	made(SYS_setitimer, 0, (long)&timer, 0, 0, 0, 0);
	unsigned long none = 0;
	G(rt_sigsuspend, &none, 8);
}

void others(void)
{
	static void (*const parts[])(void) = { of_files, of_memory, of_processes, refused, waits };

	for (int i = 0; i < 5; i++) {
		int child = forked();

		if (child == 0) {
			parts[i]();
			line_of(-1, "exit_group", "nativeID=n:%d\t…=?", SYS_exit_group);
			end(0);
		}
		ended(child);
	}
	int child = forked();
	if (child == 0) {
		line_of(-1, "exit", "nativeID=n:%d\t…=?", SYS_exit);
		made(SYS_exit, 0, 0, 0, 0, 0, 0);
	}
	ended(child);
	/* From a frame that no signal has made: rt_sigreturn comes back as the signal that it causes, or not at all. */
	child = forked();
	if (child == 0) {
		struct itimerval timer = { .it_value = { 0, 5000 } };

		made(SYS_setitimer, 0, (long)&timer, 0, 0, 0, 0);
		made(SYS_pause, 0, 0, 0, 0, 0, 0);
		line_of(nth - 1, "rt_sigreturn", "nativeID=n:%d\t…=?", SYS_rt_sigreturn);
		end(0);
	}
	ended(child);
}
