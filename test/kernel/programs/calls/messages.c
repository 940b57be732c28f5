/* sendmmsg and recvmmsg: a line, and an event, for each message. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "calls.h"

void messages(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, from[3];
	socklen_t len = sizeof(to);
	char data[128], back[3][128];
	struct iovec parts[4] = { { data, 20 }, { data + 40, 5 }, { data + 60, 10 }, { data, 100 } }, in[3];
	struct mmsghdr out[3] = {
		{ .msg_hdr = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = parts, .msg_iovlen = 2 } },
		{ .msg_hdr = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = parts + 2, .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = parts + 3, .msg_iovlen = 1 } },
	}, got[3] = { 0 };
	char joined[25], control[64];

	for (int i = 0; i < 128; i++)
		data[i] = 100 + i;
	memcpy(joined, data, 20);
	memcpy(joined + 20, data + 40, 5);
	S(socket, AF_INET, SOCK_DGRAM, 0);
	int fd = r, one = 1;
	S(bind, fd, &to, sizeof(to));
	S(getsockname, fd, &to, &len);
	int port = ntohs(to.sin_port);
	S(setsockopt, fd, SOL_SOCKET, SO_TIMESTAMP, &one, sizeof(one));

	/* The events of one call follow each other: all but the last are more than calls that came back. */
	S(sendmmsg, fd, out, 3, 0);
	const char *sent = "res=n:%d\tfd=n:%d\tsize=n:%d\tdata=h:%s\ttuple=t:127.0.0.1:%d->127.0.0.1:%d";
	line_of(last, "sendmmsg", sent, 25, fd, 25, hex(joined, 25), port, port);
	line_of(last + 1, "sendmmsg", sent, 10, fd, 10, hex(data + 60, 10), port, port);
	line_of(last + 2, "sendmmsg", sent, 100, fd, 100, hex(data, 80), port, port);
	more_events(2);

	for (int i = 0; i < 3; i++) {
		in[i] = (struct iovec){ back[i], 128 };
		got[i].msg_hdr = (struct msghdr){ .msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &in[i], .msg_iovlen = 1 };
	}
	got[1].msg_hdr.msg_control = control;
	got[1].msg_hdr.msg_controllen = sizeof(control);
	S(recvmmsg, fd, got, 3, MSG_DONTWAIT, NULL);
	const char *received = "res=n:%d\tfd=n:%d\tsize=n:%d\tdata=h:%s\ttuple=t:127.0.0.1:%d->127.0.0.1:%d\tmsgcontrol=h:%s";
	line_of(last, "recvmmsg", received, 25, fd, 25, hex(joined, 25), port, port, "");
	line_of(last + 1, "recvmmsg", received, 10, fd, 10, hex(data + 60, 10), port, port, hex(control, got[1].msg_hdr.msg_controllen));
	line_of(last + 2, "recvmmsg", received, 100, fd, 100, hex(data, 80), port, port, "");
	more_events(2);

	S(recvmmsg, fd, got, 3, MSG_DONTWAIT, NULL); line("recvmmsg", "res=n:%d\tfd=n:%d\tsize=n:0\tdata=h:\ttuple=-\tmsgcontrol=h:", -EAGAIN, fd);
	S(recvmmsg, fd, got, 0, MSG_DONTWAIT, NULL); line("recvmmsg", "res=n:%ld\tfd=n:%d\tsize=n:0\tdata=h:\ttuple=-\tmsgcontrol=h:", r, fd);
	S(sendmmsg, 99, out, 3, 0); line("sendmmsg", "res=n:%d\tfd=n:99\tsize=n:0\tdata=h:\ttuple=-", -EBADF);
	S(sendmmsg, fd, edge - 8, 1024, 0); line("sendmmsg", "res=n:%d\tfd=n:%d\tsize=n:0\tdata=h:\ttuple=-", -EFAULT, fd);
	close_fd(fd);
}
