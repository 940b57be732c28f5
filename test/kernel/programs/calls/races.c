/* Another thread rewrites what a call was given while the call runs: what the events say then is told in exit.bpf.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "calls.h"

static char path[64];
static struct sockaddr_in address;

static int rewrite(void *with)
{
	/* No call is made here, so none has to be counted but the end. */
	for (unsigned turn = 0; !__atomic_load_n(&record->stop, __ATOMIC_RELAXED); turn++) {
		path[5] = turn & 1 ? 'a' : 'b';
		address.sin_port = ((in_port_t *)with)[turn & 1];
	}
	return 0;
}

void races(void)
{
	static char stack[65536];
	struct sockaddr_in ends[2] = { { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	in_port_t ports[2];
	int servers[2];
	socklen_t len;

	strcpy(path, "raced-a");
	path[5] = 'a'; path[6] = 0;
	for (int i = 0; i < 2; i++) {
		char name[] = { 'r', 'a', 'c', 'e', 'd', 'a' + i, 0 };

		S(creat, name, 0600);
		close_fd(r);
		ends[i] = ends[0];
		ends[i].sin_port = 0;
		S(socket, AF_INET, SOCK_STREAM, 0);
		servers[i] = r;
		S(bind, r, &ends[i], sizeof(ends[i]));
		S(listen, servers[i], 200);
		len = sizeof(ends[i]);
		S(getsockname, servers[i], &ends[i], &len);
		ports[i] = ends[i].sin_port;
	}
	address = ends[0];
	record->stop = 0;
	/* Its end is the thread's only call. */
	__atomic_add_fetch(&record->entered, 2, __ATOMIC_RELAXED);
	__atomic_add_fetch(&record->returned, 2, __ATOMIC_RELAXED);
	nth++;
	if (clone(rewrite, stack + sizeof(stack), CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, ports) < 0)
		end(5);
	for (int i = 0; i < 200; i++) {
		S(openat, AT_FDCWD, path, O_RDONLY);
		int opening = last, fd = r;
		struct stat st = stat_of(opened(fd));

		/* The file is the one that was opened, whatever the name says. */
		line_of(opening, "openat", "fd=n:%d\tdirfd=n:-100\tname=k:raced\tflags=f:O_RDONLY\tmode=n:0\tdev=n:%lu\tino=n:%lu", fd, st.st_dev, st.st_ino);
		made(SYS_close, fd, 0, 0, 0, 0, 0);
	}
	for (int i = 0; i < 100; i++) {
		struct sockaddr_in mine, peer;

		S(socket, AF_INET, SOCK_STREAM, 0);
		int fd = r;
		S(connect, fd, &address, sizeof(address));
		int connecting = last;
		len = sizeof(mine);
		made(SYS_getsockname, fd, (long)&mine, (long)&len, 0, 0, 0);
		len = sizeof(peer);
		made(SYS_getpeername, fd, (long)&peer, (long)&len, 0, 0, 0);
		/* The tuple is the socket's. */
		line_of(connecting, "connect", "res=n:%ld\ttuple=t:127.0.0.1:%d->127.0.0.1:%d\tfd=n:%d\taddr=?", r, ntohs(mine.sin_port), ntohs(peer.sin_port), fd);
		made(SYS_close, fd, 0, 0, 0, 0, 0);
	}
	__atomic_store_n(&record->stop, 1, __ATOMIC_RELAXED);
	/* The thread has gone before the counts are told. */
	for (int i = 0; i < 100; i++)
		made(SYS_clock_nanosleep, 1, 0, (long)&(struct { long s, ns; }){ 0, 1000000 }, 0, 0, 0);
	for (int i = 0; i < 2; i++)
		close_fd(servers[i]);
}
