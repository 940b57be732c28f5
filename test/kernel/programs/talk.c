/* Talks over sockets, so that it is known which packets are whose.
 *
 *     talk server tcp|udp ADDRESS PORT               echoes what comes, until SIGTERM
 *     talk client tcp|udp|udp-connected ADDRESS PORT NAME COUNT [early] [from PORT]
 *
 * A client sends "NAME 0", "NAME 1", … and reads each answer. Both print "pid N"; a client waits for SIGUSR1 then, with `early`
 * connected already, and prints its port in the end, which the kernel has chosen unless `from` says which. */
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct addrinfo *resolve(const char *address, const char *port, int type)
{
	struct addrinfo hints = { .ai_socktype = type, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV }, *found;

	if (getaddrinfo(address, port, &hints, &found) != 0) {
		fprintf(stderr, "no address: %s\n", address);
		exit(2);
	}
	return found;
}

static void check(long result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
}

static void leave(int signal)
{
	(void)signal;
	_exit(0);
}

static void server(int type, const struct addrinfo *at)
{
	struct pollfd fds[64];
	int count = 1, one = 1;
	char text[256];

	fds[0].fd = socket(at->ai_family, type, 0);
	fds[0].events = POLLIN;
	check(fds[0].fd, "socket");
	setsockopt(fds[0].fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	check(bind(fds[0].fd, at->ai_addr, at->ai_addrlen), "bind");
	if (type == SOCK_STREAM)
		check(listen(fds[0].fd, 64), "listen");
	signal(SIGTERM, leave);
	printf("pid %d\n", getpid());
	fflush(stdout);
	for (;;) {
		check(poll(fds, count, -1), "poll");
		for (int i = count - 1; i >= 0; i--) {
			struct sockaddr_storage from;
			socklen_t size = sizeof(from);

			if (fds[i].revents == 0)
				continue;
			if (type == SOCK_DGRAM) {
				long got = recvfrom(fds[i].fd, text, sizeof(text), 0, (struct sockaddr *)&from, &size);

				check(got, "recvfrom");
				check(sendto(fds[i].fd, text, got, 0, (struct sockaddr *)&from, size), "sendto");
			} else if (i == 0) {
				fds[count].fd = accept(fds[0].fd, NULL, NULL);
				check(fds[count].fd, "accept");
				fds[count].revents = 0;
				fds[count++].events = POLLIN;
			} else {
				long got = read(fds[i].fd, text, sizeof(text));

				if (got > 0) {
					check(write(fds[i].fd, text, got), "write");
				} else {
					close(fds[i].fd);
					fds[i] = fds[--count];
				}
			}
		}
	}
}

static void bind_port(int fd, int family, const char *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };

	if (family == AF_INET)
		check(bind(fd, (struct sockaddr *)&in, sizeof(in)), "bind");
	else
		check(bind(fd, (struct sockaddr *)&in6, sizeof(in6)), "bind");
}

static void exchange(int fd, const struct addrinfo *to, int connected, const char *name, int number)
{
	char text[256], answer[256];
	int length = snprintf(text, sizeof(text), "%s %d.", name, number);

	if (connected)
		check(write(fd, text, length), "write");
	else
		check(sendto(fd, text, length, 0, to->ai_addr, to->ai_addrlen), "sendto");
	long got = connected ? read(fd, answer, sizeof(answer)) : recvfrom(fd, answer, sizeof(answer), 0, NULL, NULL);

	check(got, "read");
	if (got != length || memcmp(text, answer, length) != 0) {
		fprintf(stderr, "not what was sent\n");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int type = argc > 2 && strcmp(argv[2], "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM;
	struct addrinfo *at = argc > 4 ? resolve(argv[3], argv[4], type) : NULL;

	if (argc == 5 && strcmp(argv[1], "server") == 0)
		server(type, at);
	if (argc < 7)
		return 2;

	int connected = strcmp(argv[2], "udp") != 0, early = 0, count = atoi(argv[6]), fd = -1, signal_number;
	const char *from = NULL;
	struct sockaddr_storage own;
	socklen_t size = sizeof(own);
	sigset_t go;

	for (int i = 7; i < argc; i++) {
		if (strcmp(argv[i], "early") == 0)
			early = 1;
		else if (strcmp(argv[i], "from") == 0 && i + 1 < argc)
			from = argv[++i];
		else
			return 2;
	}
	sigemptyset(&go);
	sigaddset(&go, SIGUSR1);
	sigprocmask(SIG_BLOCK, &go, NULL);
	alarm(60);
	for (int waited = 0; waited < 2; waited++) {
		if (waited == !early) {
			check(fd = socket(at->ai_family, type, 0), "socket");
			if (from != NULL)
				bind_port(fd, at->ai_family, from);
			if (connected)
				check(connect(fd, at->ai_addr, at->ai_addrlen), "connect");
			if (early)
				exchange(fd, at, connected, "early", 0);
		}
		if (waited == 0) {
			printf("pid %d\n", getpid());
			fflush(stdout);
			sigwait(&go, &signal_number);
		}
	}
	for (int i = 0; i < count; i++)
		exchange(fd, at, connected, argv[5], i);
	check(getsockname(fd, (struct sockaddr *)&own, &size), "getsockname");
	printf("%d\n", ntohs(own.ss_family == AF_INET ? ((struct sockaddr_in *)&own)->sin_port : ((struct sockaddr_in6 *)&own)->sin6_port));
	close(fd);
	/* The last segments of the connection, while the process is still there. */
	usleep(20000);
	return 0;
}
