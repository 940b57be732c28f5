// Calls beside the ones of arguments.c, each with fixed arguments; test/kernel/more.test.ts knows what must arrive.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("pid %d\n", getpid());
	fflush(stdout);
	sigwait(&set, &sig);

	int file = open("more.txt", O_RDWR | O_CREAT | O_TRUNC, 0600);
	write(file, "0123456789", 10);
	chown("more.txt", 1, 2);
	lchown("/nonexistent/more", 3, 4);
	fchown(file, 5, 6);
	syscall(SYS_fchownat, AT_FDCWD, "more.txt", 7, 8, AT_SYMLINK_NOFOLLOW);
	unlink("more.fifo");
	unlink("more.null");
	syscall(SYS_mknod, "more.fifo", S_IFIFO | 0640, 0);
	syscall(SYS_mknodat, AT_FDCWD, "more.null", S_IFCHR | 0600, makedev(1, 3));
	syscall(SYS_chroot, "/nonexistent");
	syscall(SYS_mount, "none", "/nonexistent", "tmpfs", 2 | 4, "");
	syscall(SYS_umount2, "/nonexistent", 2);

	static char page[8192] __attribute__((aligned(4096)));
	memset(page, 1, sizeof page);
	mlock(page, 4096);
	syscall(SYS_mlock2, page, 4096, 1);
	munlock(page, 4096);
	munlockall();
	struct rlimit limit;
	syscall(SYS_getrlimit, RLIMIT_NOFILE, &limit);
	struct rlimit core = { 0, 4096 };
	syscall(SYS_setrlimit, RLIMIT_CORE, &core);
	struct rlimit cpu = { 1000, 2000 }, before;
	syscall(SYS_prlimit64, 0, RLIMIT_CPU, &cpu, &before);

	off_t from = 3;
	int out = open("/dev/null", O_WRONLY);
	sendfile(out, file, &from, 4);
	int ends[2];
	pipe(ends);
	loff_t at = 2;
	splice(file, &at, ends[1], NULL, 5, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	loff_t in = 1, to = 20;
	syscall(SYS_copy_file_range, file, &in, file, &to, 3, 0);
	syscall(SYS_memfd_create, "more-memfd", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	syscall(SYS_pidfd_open, getpid(), 0);
	syscall(SYS_pidfd_getfd, -1, 3, 0);
	syscall(SYS_unshare, 0);
	syscall(SYS_setns, -1, CLONE_NEWNET);
	syscall(SYS_seccomp, 99, 1, NULL);
	syscall(SYS_bpf, 9999, NULL, 0);
	syscall(SYS_userfaultfd, O_CLOEXEC | 0x40000000);
	syscall(SYS_delete_module, "no_such_module", O_NONBLOCK);
	syscall(SYS_finit_module, -1, "option=1", 1);
	int sem = semget(IPC_PRIVATE, 2, IPC_CREAT | IPC_EXCL | 0600);
	struct sembuf ops[2] = { { 1, 3, IPC_NOWAIT }, { 0, 0, IPC_NOWAIT | SEM_UNDO } };
	syscall(SYS_semop, sem, ops, 2); // libc makes semtimedop of it
	semctl(sem, 0, IPC_RMID);
	char back[4] = "";
	struct iovec here = { back, 4 }, there = { page, 4 };
	syscall(SYS_process_vm_readv, getpid(), &here, 1, &there, 1, 0);
	printf("nofile %lld %lld fds %d %d sem %d page %lld\n", (long long)limit.rlim_cur, (long long)limit.rlim_max, file, out, sem, (long long)page);
	return 0;
}
