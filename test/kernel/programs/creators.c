/* Calls that make, copy and close fds, change a thread's name or its namespaces, each with known arguments. It announces
 * itself with "pid N", waits for SIGUSR1, makes them, and prints a line for each: its name, then what has to arrive of its
 * exit event.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/prctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

static char text[1 << 14];
static size_t length;

static __attribute__((format(printf, 1, 2))) void expect(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	length += vsnprintf(text + length, sizeof(text) - length, format, args);
	va_end(args);
	text[length++] = '\n';
}

/* The result as an event has it. */
static long call(long result)
{
	return result < 0 ? -errno : result;
}
#define CALL(name, ...) call(syscall(SYS_##name, ##__VA_ARGS__))

static void handles(void)
{
	struct {
		struct file_handle head;
		char bytes[128];
	} handle = { .head.handle_bytes = 128 };
	int mount_id;

	close(open("by handle", O_CREAT | O_RDWR, 0600));
	if (name_to_handle_at(AT_FDCWD, "by handle", &handle.head, &mount_id, 0) != 0) {
		expect("open_by_handle_at not here");
		return;
	}

	int mount_fd = open(".", O_RDONLY | O_DIRECTORY);
	long fd = CALL(open_by_handle_at, mount_fd, &handle, O_RDWR | O_CLOEXEC);
	struct stat st = { 0 };

	if (fd >= 0)
		fstat(fd, &st);
	expect("open_by_handle_at fd=%ld mountfd=%d flags=4099 path=%s ino=%ld", fd, mount_fd, fd >= 0 ? "by handle" : "", (long)st.st_ino);
}

static void sockets(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), pair[2];

	bind(listener, (void *)&in, sizeof(in));
	listen(listener, 4);
	getsockname(listener, (void *)&in, &len);
	connect(client, (void *)&in, len);
	long accepted = CALL(accept4, listener, NULL, NULL, SOCK_CLOEXEC);

	getsockname(client, (void *)&in, &len);
	expect("accept4 fd=%ld port=%d flags=4096", accepted, ntohs(in.sin_port));
	long res = CALL(socketpair, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);

	expect("socketpair res=%ld fd1=%d fd2=%d", res, pair[0], pair[1]);
}

int main(void)
{
	struct io_uring_params ring = { .flags = IORING_SETUP_CQSIZE, .cq_entries = 64 };
	sigset_t set;
	int fds[2], sig;
	long fd, res;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("pid %d\n", getpid());
	fflush(stdout);
	sigwait(&set, &sig);

	res = CALL(prctl, PR_SET_NAME, "a name as long as this", 0L, 0L, 0L);
	expect("prctl res=%ld option=15 arg2_str=a name as long as this", res);
	fd = CALL(dup, 1L);
	expect("dup res=%ld oldfd=1", fd);
	fd = CALL(dup2, 1L, 40L);
	expect("dup2 res=%ld oldfd=1 newfd=40", fd);
	fd = CALL(dup3, 1L, 41L, O_CLOEXEC);
	expect("dup3 res=%ld oldfd=1 newfd=41 flags=4096", fd);
	fd = CALL(fcntl, 1L, F_DUPFD_CLOEXEC, 50L);
	expect("fcntl res=%ld fd=1 cmd=26", fd);
	res = CALL(pipe2, fds, O_NONBLOCK | O_CLOEXEC);
	expect("pipe2 res=%ld fd1=%d fd2=%d flags=4160", res, fds[0], fds[1]);
	fd = CALL(memfd_create, "a memfd", MFD_CLOEXEC);
	expect("memfd_create fd=%ld name=a memfd flags=1", fd);
	fd = CALL(pidfd_open, (long)getpid(), 0L);
	expect("pidfd_open fd=%ld pid=%d flags=0", fd, getpid());
	fd = CALL(epoll_create1, EPOLL_CLOEXEC);
	expect("epoll_create1 res=%ld", fd);
	fd = CALL(userfaultfd, O_CLOEXEC | O_NONBLOCK);
	expect("userfaultfd res=%ld flags=4160", fd);
	fd = CALL(io_uring_setup, 8L, &ring);
	expect("io_uring_setup res=%ld entries=8 sq_entries=%u cq_entries=%u", fd, ring.sq_entries, ring.cq_entries);
	fd = CALL(eventfd2, 7L, EFD_CLOEXEC);
	expect("eventfd2 res=%ld flags=4096", fd);
	fd = CALL(signalfd4, -1L, &set, 8L, SFD_CLOEXEC);
	expect("signalfd4 res=%ld flags=4096", fd);
	fd = CALL(inotify_init1, IN_NONBLOCK);
	expect("inotify_init1 res=%ld flags=64", fd);
	fd = CALL(timerfd_create, CLOCK_BOOTTIME, TFD_CLOEXEC);
	expect("timerfd_create res=%ld", fd);
	handles();
	sockets();
	res = CALL(close_range, 40L, 41L, 0L);
	expect("close_range %ld", res);
	res = CALL(unshare, CLONE_FS | CLONE_NEWUTS);
	expect("unshare res=%ld", res);
	int ns = open("/proc/self/ns/uts", O_RDONLY);

	res = CALL(setns, (long)ns, CLONE_NEWUTS);
	expect("setns res=%ld", res);
	expect("fds %d %d", ns, fds[0]);
	fwrite(text, 1, length, stdout);
	return 0;
}
