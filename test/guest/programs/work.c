/* Calls of many kinds by several processes and threads on all CPUs, the same ones each time:
 *
 *     work ROUNDS
 *
 * For comparing what two readers saw of them. Prints nothing; an exit code other than 0 says that a call failed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(call) must(#call, (long)(call))

static int rounds;
static char buffer[4096];

static long must(const char *call, long result)
{
	if (result == -1) {
		perror(call);
		exit(1);
	}
	return result;
}

static void files(void)
{
	char name[64], other[64];
	struct stat st;

	snprintf(name, sizeof name, "/tmp/work-%d", getpid());
	snprintf(other, sizeof other, "/tmp/work-%d-renamed", getpid());
	for (int i = 0; i < rounds; i++) {
		int fd = MUST(open(name, O_RDWR | O_CREAT | O_TRUNC, 0644));

		MUST(write(fd, buffer, 1 + i % sizeof buffer));
		MUST(pwrite(fd, buffer, 100, 200));
		MUST(lseek(fd, 0, SEEK_SET));
		MUST(read(fd, buffer, sizeof buffer));
		MUST(fstat(fd, &st));
		MUST(close(dup(fd)));
		MUST(close(fd));
		MUST(stat(name, &st));
		MUST(rename(name, other));
		MUST(unlink(other));
		if (open("/no/such/file", O_RDONLY) != -1)
			exit(1);
	}
}

static void memory(void)
{
	for (int i = 0; i < rounds; i++) {
		char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED)
			exit(1);
		page[i % 8192] = 1;
		MUST(mprotect(page, 4096, PROT_READ));
		MUST(munmap(page, 8192));
		syscall(SYS_getppid);
	}
}

static void on_signal(int number)
{
	(void)number;
}

static void signals(void)
{
	signal(SIGUSR1, on_signal);
	for (int i = 0; i < rounds; i++)
		MUST(kill(getpid(), SIGUSR1));
}

/* The other end of a connection sends back what it gets. */
static void *echo(void *end)
{
	int fd = (int)(long)end;
	char bytes[512];
	long got;

	while ((got = MUST(read(fd, bytes, sizeof bytes))) > 0)
		MUST(write(fd, bytes, got));
	MUST(close(fd));
	return NULL;
}

static void talk(int fd, int end)
{
	pthread_t thread;
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	if (pthread_create(&thread, NULL, echo, (void *)(long)end) != 0)
		exit(1);
	for (int i = 0; i < rounds; i++) {
		MUST(send(fd, buffer, 1 + i % 512, 0));
		MUST(poll(&ready, 1, -1));
		MUST(recv(fd, buffer, sizeof buffer, 0));
	}
	MUST(shutdown(fd, SHUT_WR));
	pthread_join(thread, NULL);
	MUST(close(fd));
}

static void sockets(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length = sizeof address;
	int pair[2], listener, fd;

	listener = MUST(socket(AF_INET, SOCK_STREAM, 0));
	MUST(bind(listener, (void *)&address, sizeof address));
	MUST(listen(listener, 4));
	MUST(getsockname(listener, (void *)&address, &length));
	fd = MUST(socket(AF_INET, SOCK_STREAM, 0));
	MUST(connect(fd, (void *)&address, sizeof address));
	talk(fd, MUST(accept(listener, NULL, NULL)));
	MUST(close(listener));

	snprintf(name.sun_path, sizeof name.sun_path, "/tmp/work-%d.sock", getpid());
	listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(bind(listener, (void *)&name, sizeof name));
	MUST(listen(listener, 4));
	fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(connect(fd, (void *)&name, sizeof name));
	talk(fd, MUST(accept(listener, NULL, NULL)));
	MUST(close(listener));
	MUST(unlink(name.sun_path));

	MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	for (int i = 0; i < rounds; i++) {
		MUST(sendto(pair[0], buffer, 64, 0, NULL, 0));
		MUST(recvfrom(pair[1], buffer, 64, 0, NULL, NULL));
	}
	MUST(close(pair[0]));
	MUST(close(pair[1]));
}

static void pipes(void)
{
	int ends[2], event = MUST(eventfd(0, 0));
	uint64_t one = 1;

	MUST(pipe(ends));
	for (int i = 0; i < rounds; i++) {
		MUST(write(ends[1], buffer, 128));
		MUST(read(ends[0], buffer, 128));
		MUST(write(event, &one, sizeof one));
		MUST(read(event, &one, sizeof one));
	}
}

static void programs(char *self)
{
	for (int i = 0; i < 1 + rounds / 20; i++) {
		pid_t child = MUST(fork());
		int status;

		if (child == 0) {
			execl(self, self, "0", "a parameter", NULL);
			_exit(1);
		}
		MUST(waitpid(child, &status, 0));
		if (status != 0)
			exit(1);
	}
}

static pid_t run(void (*part)(void))
{
	pid_t child = MUST(fork());

	if (child != 0)
		return child;
	part();
	exit(0);
}

int main(int argc, char **argv)
{
	void (*parts[])(void) = { files, memory, signals, sockets, pipes };
	int count = sizeof parts / sizeof *parts, failed = 0, status;

	if (argc < 2)
		return 2;
	rounds = atoi(argv[1]);
	if (rounds == 0)
		return 0;
	memset(buffer, 'x', sizeof buffer);
	for (int i = 0; i < count; i++)
		run(parts[i]);
	programs(argv[0][0] == '/' ? argv[0] : "/proc/self/exe");
	for (int i = 0; i < count; i++) {
		MUST(wait(&status));
		failed += status != 0;
	}
	return failed;
}
