/* Sockets of three families. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "calls.h"

void sockets(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, peer;
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "sock" };
	socklen_t len = sizeof(in);
	char data[100], back[100];
	int fds[2];

	for (int i = 0; i < 100; i++)
		data[i] = 255 - i;

	/* TCP */
	S(socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int server = r;
	line("socket", "fd=n:%d\tdomain=f:AF_INET\ttype=n:%d\tproto=n:0\tflags=f:O_CLOEXEC", server, SOCK_STREAM | SOCK_CLOEXEC);
	S(socket, 77, SOCK_DGRAM, 3);
	line("socket", "fd=n:%d\tdomain=n:77\ttype=n:%d\tproto=n:3\tflags=f:", -EAFNOSUPPORT, SOCK_DGRAM);
	S(bind, server, &in, sizeof(in));
	line("bind", "res=n:0\taddr=a:127.0.0.1:0\tfd=n:%d", server);
	S(bind, 99, &in, sizeof(in));
	line("bind", "res=n:%d\taddr=a:127.0.0.1:0\tfd=n:99", -EBADF);
	S(listen, server, 5); line("listen", "res=n:0\tfd=n:%d\tbacklog=n:5", server);
	S(listen, 99, 1); line("listen", "res=n:%d\tfd=n:99\tbacklog=n:1", -EBADF);
	S(getsockname, server, &in, &len); line("getsockname", "%s", "");
	int port = ntohs(in.sin_port);
	S(socket, AF_INET, SOCK_STREAM, IPPROTO_TCP);
	int client = r;
	line("socket", "fd=n:%d\tdomain=f:AF_INET\ttype=n:1\tproto=n:6\tflags=f:", client);
	S(connect, client, &in, sizeof(in));
	int connected = last, mine;
	len = sizeof(peer);
	S(getsockname, client, &peer, &len);
	line("getsockname", "%s", "");
	mine = ntohs(peer.sin_port);
	line_of(connected, "connect", "res=n:0\ttuple=t:127.0.0.1:%d->127.0.0.1:%d\tfd=n:%d\taddr=a:127.0.0.1:%d", mine, port, client, port);
	len = sizeof(peer);
	S(accept, server, &peer, &len);
	int served = r;
	line("accept", "fd=n:%d\ttuple=t:127.0.0.1:%d->127.0.0.1:%d\tqueuepct=n:0\tqueuelen=n:0\tqueuemax=n:5", served, mine, port);
	S(getpeername, served, &peer, &len); line("getpeername", "%s", "");
	S(getpeername, 99, &peer, &len); line("getpeername", "%s", "");
	S(accept4, 99, NULL, NULL, SOCK_NONBLOCK);
	line("accept4", "fd=n:%d\ttuple=-\tqueuepct=n:0\tqueuelen=n:0\tqueuemax=n:0\tflags=f:O_NONBLOCK", -EBADF);
	S(sendto, client, data, 50L, 0, NULL, 0);
	line("sendto", "res=n:50\tdata=h:%s\tfd=n:%d\tsize=n:50\ttuple>=-\ttuple<=t:127.0.0.1:%d->127.0.0.1:%d", hex(data, 50), client, mine, port);
	S(recvfrom, served, back, 100L, 0, NULL, NULL);
	line("recvfrom", "res=n:50\tdata=h:%s\ttuple=t:127.0.0.1:%d->127.0.0.1:%d\tfd=n:%d\tsize=n:100", hex(back, 50), mine, port, served);
	S(recvfrom, served, back, 100L, MSG_DONTWAIT, NULL, NULL);
	line("recvfrom", "res=n:%d\tdata=h:\ttuple=-\tfd=n:%d\tsize=n:100", -EAGAIN, served);
	struct iovec iov[2] = { { data, 30 }, { data + 60, 10 } }, to = { back, 100 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	char joined[40];
	memcpy(joined, data, 30); memcpy(joined + 30, data + 60, 10);
	S(sendmsg, served, &msg, 0);
	line("sendmsg", "res=n:40\tdata=h:%s\tfd=n:%d\tsize=n:40\ttuple>=-\ttuple<=t:127.0.0.1:%d->127.0.0.1:%d", hex(joined, 40), served, port, mine);
	struct msghdr in_msg = { .msg_iov = &to, .msg_iovlen = 1 };
	S(recvmsg, client, &in_msg, 0);
	line("recvmsg", "res=n:40\tsize=n:40\tdata=h:%s\ttuple=t:127.0.0.1:%d->127.0.0.1:%d\tmsgcontrol=h:\tfd=n:%d", hex(joined, 40), port, mine, client);
	int value = 1;
	struct timeval tv = { 2, 500 };
	S(setsockopt, client, SOL_SOCKET, SO_KEEPALIVE, &value, 4);
	line("setsockopt", "res=n:0\tfd=n:%d\tlevel=f:SOL_SOCKET\toptname=f:SO_KEEPALIVE\tval=n:1\toptlen=n:4", client);
	S(setsockopt, client, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	line("setsockopt", "res=n:0\tfd=n:%d\tlevel=f:SOL_SOCKET\toptname=f:SO_RCVTIMEO\tval=n:2000500000\toptlen=n:16", client);
	S(setsockopt, client, IPPROTO_TCP, TCP_NODELAY, &value, 4);
	line("setsockopt", "res=n:0\tfd=n:%d\tlevel=f:SOL_TCP\toptname=f:UNKNOWN\tval=h:01000000\toptlen=n:4", client);
	len = 4;
	S(getsockopt, client, SOL_SOCKET, SO_TYPE, &value, &len);
	line("getsockopt", "res=n:0\tfd=n:%d\tlevel=f:SOL_SOCKET\toptname=f:SO_TYPE\tval=n:1\toptlen=n:4", client);
	S(getsockopt, client, SOL_SOCKET, SO_ERROR, &value, &len);
	line("getsockopt", "res=n:0\tfd=n:%d\tlevel=f:SOL_SOCKET\toptname=f:SO_ERROR\tval=n:0\toptlen=n:4", client);
	S(getsockopt, 99, SOL_SOCKET, SO_TYPE, &value, &len);
	line("getsockopt", "res=n:%d\tfd=n:99\tlevel=f:SOL_SOCKET\toptname=f:SO_TYPE\tval=?\toptlen=n:4", -EBADF);
	S(shutdown, client, SHUT_WR); line("shutdown", "res=n:0\tfd=n:%d\thow=f:SHUT_WR", client);
	S(shutdown, 99, SHUT_RDWR); line("shutdown", "res=n:%d\tfd=n:99\thow=f:SHUT_RDWR", -EBADF);
	close_fd(client); close_fd(served);
	/* Nobody listens there any more. */
	close_fd(server);
	S(socket, AF_INET, SOCK_STREAM, 0); client = r; line("socket", "fd=n:%d\tdomain=f:AF_INET\ttype=n:1\tproto=n:0\tflags=f:", client);
	S(connect, client, &in, sizeof(in)); line("connect", "res=n:%d\ttuple=-\tfd=n:%d\taddr=a:127.0.0.1:%d", -ECONNREFUSED, client, port);
	close_fd(client);

	/* UDP over IPv6, unconnected */
	S(socket, AF_INET6, SOCK_DGRAM, 0); server = r; line("socket", "fd=n:%d\tdomain=f:AF_INET6\ttype=n:2\tproto=n:0\tflags=f:", server);
	S(bind, server, &in6, sizeof(in6)); line("bind", "res=n:0\taddr=a:::1:0\tfd=n:%d", server);
	len = sizeof(in6);
	S(getsockname, server, &in6, &len); line("getsockname", "%s", "");
	port = ntohs(in6.sin6_port);
	S(sendto, server, data, 20L, 0, &in6, sizeof(in6));
	line("sendto", "res=n:20\tdata=h:%s\tfd=n:%d\tsize=n:20\ttuple=t:::1:%d->::1:%d", hex(data, 20), server, port, port);
	struct sockaddr_in6 from;
	len = sizeof(from);
	S(recvfrom, server, back, 100L, 0, &from, &len);
	line("recvfrom", "res=n:20\tdata=h:%s\ttuple=t:::1:%d->::1:%d\tfd=n:%d\tsize=n:100", hex(data, 20), port, port, server);
	close_fd(server);

	/* UNIX */
	S(socket, AF_UNIX, SOCK_STREAM, 0); server = r; line("socket", "fd=n:%d\tdomain=f:AF_UNIX\ttype=n:1\tproto=n:0\tflags=f:", server);
	S(bind, server, &un, sizeof(un)); line("bind", "res=n:0\taddr=u:sock\tfd=n:%d", server);
	S(listen, server, 2); line("listen", "res=n:0\tfd=n:%d\tbacklog=n:2", server);
	S(socket, AF_UNIX, SOCK_STREAM, 0); client = r; line("socket", "fd=n:%d\tdomain=f:AF_UNIX\ttype=n:1\tproto=n:0\tflags=f:", client);
	S(connect, client, &un, sizeof(un)); line("connect", "res=n:0\ttuple=w:sock\tfd=n:%d\taddr=u:sock", client);
	S(accept4, server, NULL, NULL, SOCK_CLOEXEC); served = r;
	line("accept4", "fd=n:%d\ttuple=w:sock\tqueuepct=n:0\tqueuelen=n:0\tqueuemax=n:2\tflags=f:O_CLOEXEC", served);
	close_fd(server); close_fd(client); close_fd(served);
	un.sun_path[0] = 0;
	strcpy(un.sun_path + 1, "sysring nobody");
	S(socket, AF_UNIX, SOCK_DGRAM, 0); client = r; line("socket", "fd=n:%d\tdomain=f:AF_UNIX\ttype=n:2\tproto=n:0\tflags=f:", client);
	S(connect, client, &un, 2 + 1 + 14); line("connect", "res=n:%d\ttuple=-\tfd=n:%d\taddr=u:sysring nobody", -ECONNREFUSED, client);
	close_fd(client);
	S(socketpair, AF_UNIX, SOCK_DGRAM, 0, fds);
	line("socketpair", "res=n:0\tfd1=n:%d\tfd2=n:%d\tsource=?\tpeer=?\tdomain=f:AF_UNIX\ttype=n:2\tproto=n:0", fds[0], fds[1]);
	S(socketpair, AF_INET, SOCK_STREAM, 0, fds + 0);
	line("socketpair", "res=n:%d\tfd1=n:-1\tfd2=n:-1\tsource=n:0\tpeer=n:0\tdomain=f:AF_INET\ttype=n:1\tproto=n:0", -EOPNOTSUPP);
	close_fd(fds[0]); close_fd(fds[1]);
}
