/* Holds an fd of each kind open, so that what there is at the start of a capture can be looked at. It works in its working
 * directory, announces itself with "pid N", waits for SIGUSR1, and then prints "NAME FD" for each fd that it held, and
 * "NAME PID" for a process in other network and pid namespaces, "NAME TID" for its threads.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

static char text[8192];
static size_t length;

/* Notes a number under a name; it must not be negative. */
static long held(const char *name, long number)
{
	if (number < 0) {
		perror(name);
		exit(2);
	}
	length += snprintf(text + length, sizeof(text) - length, "%s %ld\n", name, number);
	return number;
}

static void must(const char *name, int result)
{
	if (result < 0) {
		perror(name);
		exit(2);
	}
}

/* A listener on the loopback address, a client of it, and the connection that it has accepted. */
static void tcp(int family, const char *names[3])
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *address = family == AF_INET ? (void *)&in : (void *)&in6;
	socklen_t len = family == AF_INET ? sizeof(in) : sizeof(in6);
	int listener = held(names[0], socket(family, SOCK_STREAM, 0)), client = held(names[1], socket(family, SOCK_STREAM, 0));

	must("bind", bind(listener, address, len));
	must("listen", listen(listener, 5));
	must("getsockname", getsockname(listener, address, &len));
	must("connect", connect(client, address, len));
	held(names[2], accept(listener, NULL, NULL));
}

static void udp(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t len = sizeof(in);
	int bound = held("udp4 bound", socket(AF_INET, SOCK_DGRAM, 0));

	must("bind", bind(bound, (void *)&in, sizeof(in)));
	must("getsockname", getsockname(bound, (void *)&in, &len));
	must("connect", connect(held("udp4 connected", socket(AF_INET, SOCK_DGRAM, 0)), (void *)&in, len));
	must("bind", bind(held("udp6 bound", socket(AF_INET6, SOCK_DGRAM, 0)), (void *)&in6, sizeof(in6)));
	held("udp4 unbound", socket(AF_INET, SOCK_DGRAM, 0));
}

static void unix_sockets(void)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "socket" };
	struct sockaddr_un abstract = { .sun_family = AF_UNIX };
	int listener = held("unix listener", socket(AF_UNIX, SOCK_STREAM, 0)), client = held("unix client", socket(AF_UNIX, SOCK_STREAM, 0)), pair[2];

	snprintf(abstract.sun_path + 1, sizeof(abstract.sun_path) - 1, "holds-%d", getpid());
	must("bind", bind(listener, (void *)&path, sizeof(path)));
	must("listen", listen(listener, 5));
	must("connect", connect(client, (void *)&path, sizeof(path)));
	held("unix accepted", accept(listener, NULL, NULL));
	must("bind", bind(held("unix abstract", socket(AF_UNIX, SOCK_DGRAM, 0)), (void *)&abstract, 2 + 1 + strlen(abstract.sun_path + 1)));
	must("socketpair", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	held("unix pair 0", pair[0]);
	held("unix pair 1", pair[1]);
}

static void others(void)
{
	struct sockaddr_nl netlink = { .nl_family = AF_NETLINK };
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR2);
	held("eventfd", eventfd(3, EFD_NONBLOCK));
	held("epoll", epoll_create1(EPOLL_CLOEXEC));
	held("timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
	held("signalfd", signalfd(-1, &signals, 0));
	held("inotify", inotify_init1(0));
	held("memfd", memfd_create("a memfd", 0));
	held("pidfd", syscall(SYS_pidfd_open, getpid(), 0));
	must("bind", bind(held("netlink", socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)), (void *)&netlink, sizeof(netlink)));
	held("netlink unbound", socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	held("tcp unbound", socket(AF_INET, SOCK_STREAM, 0));
	held("raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	held("packet", socket(AF_PACKET, SOCK_DGRAM, 0));
}

static void files(void)
{
	int pipe_fds[2];

	held("file", open("file", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
	held("read only", open("file", O_RDONLY));
	held("deleted", open("deleted", O_WRONLY | O_CREAT | O_SYNC, 0600));
	must("unlink", unlink("deleted"));
	held("device", open("/dev/null", O_WRONLY | O_NONBLOCK));
	held("directory", open(".", O_RDONLY | O_DIRECTORY));
	held("path only", open("file", O_PATH));
	must("mkfifo", mkfifo("fifo", 0600));
	held("fifo", open("fifo", O_RDWR));
	must("pipe2", pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC));
	held("pipe 0", pipe_fds[0]);
	held("pipe 1", pipe_fds[1]);
}

static pthread_barrier_t ready;

static void *sharing(void *unused)
{
	prctl(PR_SET_NAME, "sharing");
	held("sharing", syscall(SYS_gettid));
	pthread_barrier_wait(&ready);
	pause();
	return unused;
}

static void *separate(void *unused)
{
	prctl(PR_SET_NAME, "separate");
	held("separate", syscall(SYS_gettid));
	must("unshare", unshare(CLONE_FILES));
	held("own file", open("own file", O_RDWR | O_CREAT, 0600));
	pthread_barrier_wait(&ready);
	pause();
	return unused;
}

/* A process in a network and a pid namespace of its own, with a listener; returns when it listens. */
static void elsewhere(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(4321) };
	int ready_fds[2], pids[2];

	must("pipe", pipe(ready_fds));
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		must("unshare", unshare(CLONE_NEWNET | CLONE_NEWPID));
		pids[0] = fork();
		if (pids[0] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			prctl(PR_SET_NAME, "elsewhere");
			int listener = socket(AF_INET, SOCK_STREAM, 0);

			must("bind", bind(listener, (void *)&in, sizeof(in)));
			must("listen", listen(listener, 1));
			must("write", write(ready_fds[1], &listener, sizeof(listener)));
			pause();
			_exit(0);
		}
		must("write", write(ready_fds[1], pids, sizeof(pids[0])));
		pause();
		_exit(0);
	}
	for (int i = 0; i < 2; i++)
		must("read", read(ready_fds[0], &pids[i], sizeof(pids[i])));
	close(ready_fds[0]);
	close(ready_fds[1]);
	/* A pid is larger than an fd here: the two may come in either order. */
	held("elsewhere", pids[0] > pids[1] ? pids[0] : pids[1]);
	held("elsewhere listener", pids[0] > pids[1] ? pids[1] : pids[0]);
}

int main(void)
{
	pthread_t thread;
	sigset_t start;

	sigemptyset(&start);
	sigaddset(&start, SIGUSR1);
	sigprocmask(SIG_BLOCK, &start, NULL);
	elsewhere();
	files();
	tcp(AF_INET, (const char *[]){ "tcp4 listener", "tcp4 client", "tcp4 accepted" });
	tcp(AF_INET6, (const char *[]){ "tcp6 listener", "tcp6 client", "tcp6 accepted" });
	udp();
	unix_sockets();
	others();
	pthread_barrier_init(&ready, NULL, 2);
	pthread_create(&thread, NULL, sharing, NULL);
	pthread_barrier_wait(&ready);
	pthread_create(&thread, NULL, separate, NULL);
	pthread_barrier_wait(&ready);
	printf("pid %d\n", getpid());
	fflush(stdout);
	if (sigtimedwait(&start, NULL, &(struct timespec){ 20, 0 }) < 0)
		return 3;
	fwrite(text, 1, length, stdout);
	return 0;
}
