/* Connections on loopback, all at the same time:
 *
 *     connections PORT COUNT [6]
 *
 * A process of its own serves them; the parent is every client. COUNT TCP connections to PORT, and a tenth as many UDP sockets
 * that are connected to one of the server's and back. Each sends and receives, some through a copy of the fd, some in a thread.
 * Prints "pid N" first and waits for SIGUSR1; at the end "tcp PORT" with each client's port
 * and "udp PORT PORT" with those of a pair. With 6 over IPv6. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX 4000

static int v6, port, count, udps;
static int fds[MAX];
static struct sockaddr_storage clients[MAX];

static long must(const char *name, long result)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		exit(2);
	}
	return result;
}

static socklen_t loopback(struct sockaddr_storage *to, int port)
{
	memset(to, 0, sizeof(*to));
	if (v6) {
		struct sockaddr_in6 *in = (void *)to;

		in->sin6_family = AF_INET6;
		in->sin6_addr = in6addr_loopback;
		in->sin6_port = htons(port);
		return sizeof(*in);
	}
	struct sockaddr_in *in = (void *)to;

	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in->sin_port = htons(port);
	return sizeof(*in);
}

static int port_of(const struct sockaddr_storage *address)
{
	return ntohs(v6 ? ((const struct sockaddr_in6 *)address)->sin6_port : ((const struct sockaddr_in *)address)->sin_port);
}

static void talk(int fd, int begins)
{
	char text[64] = "what one end says to the other";

	for (int turn = 0; turn < 2; turn++) {
		if (turn == !begins)
			must("send", turn ? write(fd, text, 30) : send(fd, text, 30, 0));
		else
			must("recv", turn ? read(fd, text, sizeof(text)) : recv(fd, text, sizeof(text), 0));
	}
}

static void *talk_in_thread(void *fd)
{
	talk((int)(long)fd, 1);
	return NULL;
}

/* Sends and receives `count` times, then closes. */
static void talk_all(int begins)
{
	for (int i = 0; i < count; i++) {
		pthread_t thread;

		if (begins && i % 10 == 1) {
			int copy = must("dup", dup(fds[i]));

			talk(copy, 1);
			must("close", close(copy));
		} else if (begins && i % 10 == 2) {
			pthread_create(&thread, NULL, talk_in_thread, (void *)(long)fds[i]);
			pthread_join(thread, NULL);
		} else {
			talk(fds[i], begins);
		}
	}
	for (int i = 0; i < count; i++)
		must("close", close(fds[i]));
}

/* UDP: each pair is connected both ways, so that both ends' calls have no address of their own. */
static void datagrams(void)
{
	for (int i = 0; i < udps; i++) {
		struct sockaddr_storage a, b;
		socklen_t length = loopback(&a, 0);
		int one = must("socket", socket(a.ss_family, SOCK_DGRAM, 0)), other = must("socket", socket(a.ss_family, SOCK_DGRAM, 0));

		must("bind", bind(one, (void *)&a, length));
		must("bind", bind(other, (void *)&a, length));
		getsockname(one, (void *)&a, &length);
		length = sizeof(b);
		getsockname(other, (void *)&b, &length);
		must("connect", connect(one, (void *)&b, length));
		must("connect", connect(other, (void *)&a, length));
		must("send", send(one, "ping", 4, 0));
		char text[8];

		must("recv", recv(other, text, sizeof(text), 0));
		must("write", write(other, "pong", 4));
		must("read", read(one, text, sizeof(text)));
		must("close", close(one));
		must("close", close(other));
		printf("udp %d %d\n", port_of(&a), port_of(&b));
	}
}

int main(int argc, char **argv)
{
	port = atoi(argv[1]);
	count = atoi(argv[2]);
	v6 = argc > 3;
	udps = count / 10;
	struct rlimit files = { MAX + 100, MAX + 100 };
	sigset_t start;

	setrlimit(RLIMIT_NOFILE, &files);
	sigemptyset(&start);
	sigaddset(&start, SIGUSR1);
	sigprocmask(SIG_BLOCK, &start, NULL);
	printf("pid %d\n", getpid());
	fflush(stdout);
	if (sigtimedwait(&start, NULL, &(struct timespec){ 20, 0 }) < 0)
		return 3;

	struct sockaddr_storage address;
	socklen_t length = loopback(&address, port);
	int on = 1, listener = must("socket", socket(address.ss_family, SOCK_STREAM, 0));

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	must("bind", bind(listener, (void *)&address, length));
	must("listen", listen(listener, MAX));
	pid_t server = must("fork", fork());

	if (server == 0) {
		for (int i = 0; i < count; i++)
			fds[i] = must("accept", accept4(listener, NULL, NULL, 0));
		talk_all(0);
		_exit(0);
	}
	close(listener);
	for (int i = 0; i < count; i++) {
		fds[i] = must("socket", socket(address.ss_family, SOCK_STREAM, 0));
		must("connect", connect(fds[i], (void *)&address, length));
		length = sizeof(clients[i]);
		getsockname(fds[i], (void *)&clients[i], &length);
	}
	talk_all(1);
	int status;

	waitpid(server, &status, 0);
	for (int i = 0; i < count; i++)
		printf("tcp %d\n", port_of(&clients[i]));
	datagrams();
	return WEXITSTATUS(status);
}
