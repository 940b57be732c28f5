/* Makes exactly ROUNDS calls of each kind below, pinned to one CPU, and prints what it made:
 *
 *     counts CPU ROUNDS PAUSE_US
 *
 * It announces itself with "pid N" and waits for SIGUSR1, so that the capture can be pointed at it. All calls are made
 * through syscall(): the C library cannot replace, cache or repeat them. Then it prints "NAME COUNT" for each kind, and
 * "cpu N" for the CPU that it stayed on. It waits and prints with calls that it does not count: whoever captures nothing
 * but the kinds that it prints gets exactly as many.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct { const char *call; unsigned long count; } made[512];

/* One call, counted by its number. */
#define CALL(name, ...) (made[SYS_##name].call = #name, made[SYS_##name].count++, syscall(SYS_##name, ##__VA_ARGS__))
/* The same, and it must not fail. */
#define MUST(name, ...) must(#name, CALL(name, ##__VA_ARGS__))

static long must(const char *name, long result)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		exit(2);
	}
	return result;
}

static char folder[64];

static void round_of_calls(void)
{
	char buffer[256] = "0123456789", path[128], other[128];
	struct iovec iov[2] = { { buffer, 100 }, { buffer + 100, 50 } };
	struct timespec nothing = { 0, 1 };
	struct stat st;
	int fds[2], word = 0;

	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(other, sizeof(other), "%s/other", folder);

	CALL(getppid);
	CALL(gettid);
	CALL(getuid);
	CALL(geteuid);
	CALL(getgid);
	CALL(getegid);
	CALL(sched_yield);
	CALL(umask, 022);

	int fd = MUST(openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	MUST(write, fd, buffer, 200);
	MUST(pwrite64, fd, buffer, 20, 200L);
	MUST(writev, fd, iov, 2);
	MUST(lseek, fd, 0L, SEEK_SET);
	MUST(read, fd, buffer, 100);
	MUST(readv, fd, iov, 2);
	MUST(pread64, fd, buffer, 10, 5L);
	MUST(fstat, fd, &st);
	MUST(fcntl, fd, F_GETFL);
	MUST(ftruncate, fd, 10L);
	MUST(fchmod, fd, 0640);
	int copy = MUST(dup, fd);
	MUST(dup2, fd, copy);
	MUST(dup3, fd, copy, O_CLOEXEC);
	MUST(close, copy);
	MUST(close, fd);
	CALL(close, 9999);

	MUST(stat, path, &st);
	MUST(lstat, path, &st);
	MUST(newfstatat, AT_FDCWD, path, &st, 0);
	MUST(access, path, R_OK);
	MUST(chmod, path, 0600);
	MUST(rename, path, other);
	MUST(link, other, path);
	MUST(unlink, path);
	MUST(symlink, other, path);
	MUST(readlink, path, buffer, sizeof(buffer));
	MUST(unlinkat, AT_FDCWD, path, 0);
	MUST(mkdir, path, 0700);
	MUST(rmdir, path);
	CALL(open, "/nowhere/at all", O_RDONLY);

	char *memory = (char *)MUST(mmap, 0L, 8192L, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L);
	MUST(mprotect, memory, 4096L, PROT_READ);
	MUST(munmap, memory, 8192L);
	CALL(brk, 0L);

	MUST(pipe2, fds, O_CLOEXEC);
	struct pollfd polled = { fds[0], POLLIN, 0 };
	MUST(poll, &polled, 1, 0);
	MUST(ppoll, &polled, 1, &nothing, NULL, 8);
	fd_set set;
	FD_ZERO(&set);
	FD_SET(fds[1], &set);
	struct timeval zero = { 0, 0 };
	MUST(select, fds[1] + 1, NULL, &set, NULL, &zero);
	int epoll = MUST(epoll_create1, EPOLL_CLOEXEC);
	struct epoll_event event = { EPOLLIN, { 0 } };
	MUST(epoll_ctl, epoll, EPOLL_CTL_ADD, fds[0], &event);
	MUST(epoll_wait, epoll, &event, 1, 0);
	MUST(close, epoll);
	MUST(close, fds[0]);
	MUST(close, fds[1]);
	int event_fd = MUST(eventfd2, 1, 0);
	MUST(close, event_fd);

	MUST(socketpair, AF_UNIX, SOCK_STREAM, 0, fds);
	MUST(sendto, fds[0], buffer, 100L, 0, NULL, 0);
	MUST(recvfrom, fds[1], buffer, 100L, 0, NULL, NULL);
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	MUST(sendmsg, fds[0], &msg, 0);
	MUST(recvmsg, fds[1], &msg, 0);
	socklen_t len = sizeof(word);
	MUST(getsockopt, fds[0], SOL_SOCKET, SO_TYPE, &word, &len);
	MUST(setsockopt, fds[0], SOL_SOCKET, SO_REUSEADDR, &word, sizeof(word));
	MUST(shutdown, fds[0], SHUT_RDWR);
	MUST(close, fds[0]);
	MUST(close, fds[1]);
	int sock = MUST(socket, AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	MUST(bind, sock, &address, sizeof(address));
	len = sizeof(address);
	MUST(getsockname, sock, &address, &len);
	MUST(connect, sock, &address, sizeof(address));
	MUST(getpeername, sock, &address, &len);
	MUST(close, sock);

	MUST(futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0);
	CALL(futex, &word, FUTEX_WAIT, 7777, NULL, NULL, 0);
	MUST(clock_nanosleep, CLOCK_MONOTONIC, 0, &nothing, NULL);
	MUST(nanosleep, &nothing, NULL);
	MUST(clock_gettime, CLOCK_MONOTONIC, &nothing);
	MUST(prctl, PR_SET_NAME, "counting");
	MUST(kill, getpid(), 0);
	MUST(tgkill, getpid(), getpid(), 0);
	struct rlimit limit;
	MUST(getrlimit, RLIMIT_NOFILE, &limit);
	CALL(setuid, 0);
	CALL(ioctl, 9999, 0x5401UL, 0L);
}

int main(int argc, char **argv)
{
	int cpu = atoi(argv[1]), rounds = atoi(argv[2]), pause_us = argc > 3 ? atoi(argv[3]) : 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must("sched_setaffinity", sched_setaffinity(0, sizeof(set), &set));
	/* In the working directory, which who starts it removes: it may be killed. */
	snprintf(folder, sizeof(folder), "counts-%d", getpid());
	must("mkdir", mkdir(folder, 0700));
	char other[96];
	snprintf(other, sizeof(other), "%s/other", folder);

	char *text = malloc(1 << 16);
	struct iovec out = { text, sprintf(text, "pid %d\n", getpid()) };
	sigset_t start;

	sigemptyset(&start);
	sigaddset(&start, SIGUSR1);
	sigprocmask(SIG_BLOCK, &start, NULL);
	pwritev2(1, &out, 1, -1, 0);
	if (sigtimedwait(&start, NULL, &(struct timespec){ 20, 0 }) < 0)
		return 3;

	for (int i = 0; i < rounds; i++) {
		round_of_calls();
		if (pause_us > 0) {
			struct timespec pause = { 0, pause_us * 1000L };

			CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL);
		}
	}
	CALL(unlink, other);
	CALL(rmdir, folder);
	out.iov_len = 0;
	for (int nr = 0; nr < 512; nr++)
		if (made[nr].count)
			out.iov_len += sprintf(text + out.iov_len, "%s %lu\n", made[nr].call, made[nr].count);
	out.iov_len += sprintf(text + out.iov_len, "cpu %d\n", sched_getcpu());
	pwritev2(1, &out, 1, -1, 0);
	return 0;
}
