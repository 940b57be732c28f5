/* The same calls with the same arguments and results each time, one after the other on one CPU:
 *
 *     routine [CPU]
 *
 * For comparing what two probes say of them, in two runs. It prints "pid N" and waits for SIGUSR1, so that both can be told
 * whom to watch. Files have fixed names in /tmp, descriptors, addresses and ports fixed numbers. Only pids, times, memory
 * in use, inodes, and the kernel's own addresses of sockets differ.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(call) must(#call, (long)(call))
#define FOLDER "/tmp/routine"
#define PORT 7777
#define PAGE ((void *)0x10000000)

static char buffer[256] = "what a routine writes, 0123456789";

static long must(const char *call, long result)
{
	if (result == -1) {
		perror(call);
		exit(1);
	}
	return result;
}

static void on_signal(int number)
{
	(void)number;
}

static void files(void)
{
	struct iovec parts[2] = { { buffer, 10 }, { buffer + 10, 20 } };
	struct stat st;
	int fd;

	MUST(mkdir(FOLDER, 0755));
	MUST(chdir(FOLDER));
	fd = MUST(open("file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
	MUST(write(fd, buffer, 200));
	MUST(pwrite(fd, buffer, 30, 100));
	MUST(writev(fd, parts, 2));
	MUST(lseek(fd, 0, SEEK_SET));
	MUST(read(fd, buffer, 40));
	MUST(pread(fd, buffer, 30, 5));
	MUST(readv(fd, parts, 2));
	MUST(fstat(fd, &st));
	MUST(fchmod(fd, 0600));
	MUST(ftruncate(fd, 10));
	MUST(dup2(fd, 30));
	MUST(fcntl(30, F_GETFL));
	MUST(close(30));
	MUST(close(fd));
	MUST(stat("file", &st));
	MUST(access(FOLDER "/file", R_OK));
	MUST(link("file", "hard"));
	MUST(symlink("file", "soft"));
	MUST(rename("hard", FOLDER "/renamed"));
	MUST(unlink("renamed"));
	MUST(unlink("soft"));
	MUST(unlink("file"));
	MUST(chdir("/"));
	MUST(rmdir(FOLDER));
	open("/no/such/file", O_RDONLY);
	read(-1, buffer, 1);
}

static void memory(void)
{
	MUST(mmap(PAGE, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	MUST(mprotect(PAGE, 4096, PROT_READ));
	MUST(munmap(PAGE, 8192));
}

static void tcp(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger at_once = { .l_onoff = 1 };
	int yes = 1, listener = MUST(socket(AF_INET, SOCK_STREAM, 0)), client, server;
	struct pollfd ready = { .events = POLLIN };

	MUST(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
	MUST(bind(listener, (void *)&address, sizeof address));
	MUST(listen(listener, 5));
	client = MUST(socket(AF_INET, SOCK_STREAM, 0));
	/* Its port is fixed, too, and free again when it is closed. */
	MUST(setsockopt(client, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes));
	MUST(setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
	address.sin_port = htons(PORT + 1);
	MUST(bind(client, (void *)&address, sizeof address));
	address.sin_port = htons(PORT);
	MUST(connect(client, (void *)&address, sizeof address)); /* the kernel itself answers a connection in the queue */
	server = MUST(accept(listener, NULL, NULL));
	MUST(send(client, "a question", 10, 0));
	ready.fd = server;
	MUST(poll(&ready, 1, 1000));
	MUST(recv(server, buffer, 100, 0));
	MUST(write(server, "an answer", 9));
	MUST(read(client, buffer, 100));
	MUST(shutdown(client, SHUT_WR));
	MUST(recvfrom(server, buffer, 100, 0, NULL, NULL));
	MUST(close(client));
	MUST(close(server));
	MUST(close(listener));
}

static void others(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "/tmp/routine.sock" };
	struct epoll_event event = { .events = EPOLLIN };
	int ends[2], fd = MUST(socket(AF_UNIX, SOCK_DGRAM, 0)), poller;
	struct iovec part = { buffer, 16 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	MUST(bind(fd, (void *)&name, sizeof name));
	MUST(sendto(fd, buffer, 32, 0, (void *)&name, sizeof name));
	MUST(recvmsg(fd, &message, 0));
	MUST(unlink(name.sun_path));
	MUST(close(fd));
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	part.iov_len = 16;
	MUST(sendmsg(ends[0], &message, 0));
	MUST(read(ends[1], buffer, 16));
	MUST(close(ends[0]));
	MUST(close(ends[1]));
	MUST(pipe2(ends, O_CLOEXEC));
	MUST(write(ends[1], buffer, 50));
	poller = MUST(epoll_create1(0));
	MUST(epoll_ctl(poller, EPOLL_CTL_ADD, ends[0], &event));
	MUST(epoll_wait(poller, &event, 1, 1000));
	MUST(close(poller));
	MUST(read(ends[0], buffer, 50));
	MUST(close(ends[0]));
	MUST(close(ends[1]));
	MUST(close(MUST(eventfd(7, EFD_NONBLOCK))));
}

static void process(void)
{
	struct rlimit limit;

	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	MUST(syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &limit));
	MUST(setpgid(0, 0));
	MUST(setresuid(-1, 0, 0));
	MUST(kill(getpid(), SIGUSR2));
	syscall(SYS_getppid);
	syscall(SYS_getpgid, 0);
	MUST(sched_yield());
	umask(022);
}

static void child(char *self)
{
	pid_t child = MUST(fork());
	int status;

	if (child == 0) {
		execl(self, self, "child", "with", "parameters", NULL);
		_exit(1);
	}
	MUST(waitpid(child, &status, 0));
	if (status != 0)
		exit(1);
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;
	sigset_t go;
	int number;

	if (argc > 2 && strcmp(argv[1], "child") == 0)
		return 0;
	CPU_ZERO(&cpus);
	CPU_SET(argc > 1 ? atoi(argv[1]) : 0, &cpus);
	MUST(sched_setaffinity(0, sizeof cpus, &cpus));
	signal(SIGUSR2, on_signal);
	sigemptyset(&go);
	sigaddset(&go, SIGUSR1);
	MUST(sigprocmask(SIG_BLOCK, &go, NULL));
	printf("pid %d\n", getpid());
	fflush(stdout);
	sigwait(&go, &number);

	files();
	memory();
	tcp();
	others();
	process();
	child("/proc/self/exe");
	return 0;
}
