/* 64 bytes to and fro over a TCP connection on the loopback; both ends on the same CPU. */
#include "loop.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static int peer;

static void turn(void)
{
	char bytes[64] = { 0 };

	if (send(peer, bytes, sizeof(bytes), 0) != sizeof(bytes) || recv(peer, bytes, sizeof(bytes), MSG_WAITALL) != sizeof(bytes))
		_exit(2);
}

static void echo(int listening, int cpu)
{
	int fd = accept(listening, 0, 0), one = 1;
	char bytes[64] = { 0 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	while (recv(fd, bytes, sizeof(bytes), MSG_WAITALL) == sizeof(bytes))
		send(fd, bytes, sizeof(bytes), 0);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listening = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (bind(listening, (struct sockaddr *)&address, size) != 0 || listen(listening, 1) != 0 ||
	    getsockname(listening, (struct sockaddr *)&address, &size) != 0)
		return 2;
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		echo(listening, argc > 1 ? atoi(argv[1]) : 0);
		_exit(0);
	}
	peer = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(peer, (struct sockaddr *)&address, size) != 0)
		return 2;
	setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	/* The other end makes as many calls. */
	return run(argc, argv, turn, 4);
}
