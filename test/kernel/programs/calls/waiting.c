/* What one waits for, and what one waits with. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>

#include "calls.h"

void waiting(void)
{
	int fds[2];
	sigset_t mask;

	S(pipe2, fds, 0);
	line("pipe2", "res=n:0\tfd1=n:%d\tfd2=n:%d\tino=n:%lu\tflags=f:", fds[0], fds[1], stat_of(fds[0]).st_ino);
	struct pollfd polled[3] = { { fds[0], POLLIN | POLLRDHUP, 0 }, { fds[1], POLLOUT, 0 }, { 99, POLLPRI, 0 } };
	S(poll, polled, 3, 25);
	line("poll", "res=n:2\tfds>=p:%d/POLLIN+POLLRDHUP,%d/POLLOUT,99/POLLPRI\tfds<=p:%d/,%d/POLLOUT,99/POLLNVAL\ttimeout=n:25", fds[0], fds[1], fds[0], fds[1]);
	S(poll, (struct pollfd *)8, 1, -1);
	line("poll", "res=n:%d\tfds=p:\ttimeout=n:-1", -EFAULT);
	struct timespec wait = { 1, 5 };
	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGTERM);
	S(ppoll, polled + 1, 1, &wait, &mask, 8);
	/* Linux writes back what is left of the time, so that an exit event cannot know what it was. */
	line("ppoll", "res=n:1\tfds=p:%d/POLLOUT\ttimeout>=n:1000000005\ttimeout<=?\tsigmask=g:SIGHUP,SIGTERM", fds[1]);
	/* Unless it cannot. */
	static const struct timespec fixed = { 2, 7 };
	if (*(const volatile time_t *)&fixed.tv_sec == 2)
		S(ppoll, polled + 1, 1, &fixed, &mask, 8);
	line("ppoll", "res=n:1\tfds=p:%d/POLLOUT\ttimeout=n:2000000007\tsigmask=g:SIGHUP,SIGTERM", fds[1]);
	fd_set set;
	FD_ZERO(&set);
	FD_SET(fds[1], &set);
	struct timeval zero = { 0, 0 };
	S(select, fds[1] + 1, NULL, &set, NULL, &zero); line("select", "res=n:1");
	S(select, -1, NULL, NULL, NULL, &zero); line("select", "res=n:%d", -EINVAL);
	close_fd(fds[0]);
	close_fd(fds[1]);

	S(epoll_create, 12); line("epoll_create", "res=n:%ld\tsize=n:12", r); close_fd(r);
	S(epoll_create, 0); line("epoll_create", "res=n:%d\tsize=n:0", -EINVAL);
	S(epoll_create1, EPOLL_CLOEXEC); int epoll = r; line("epoll_create1", "res=n:%ld\tflags=f:EPOLL_CLOEXEC", r);
	struct epoll_event event = { EPOLLIN, { 0 } };
	S(epoll_ctl, epoll, EPOLL_CTL_ADD, 99, &event); line("epoll_ctl", "ID=?\tnativeID=n:%d", SYS_epoll_ctl);
	S(epoll_wait, epoll, &event, 8, 0); line("epoll_wait", "res=n:0\tmaxevents=n:8");
	S(epoll_wait, epoll, &event, -1, 0); line("epoll_wait", "res=n:%d\tmaxevents=n:-1", -EINVAL);
	close_fd(epoll);
	S(eventfd, 7); line("eventfd", "res=n:%ld\tinitval=n:7\tflags=n:0", r); close_fd(r);
	S(eventfd2, 9, EFD_CLOEXEC | EFD_NONBLOCK); line("eventfd2", "res=n:%ld\tinitval=n:9\tflags=f:O_CLOEXEC|O_NONBLOCK", r); close_fd(r);
	S(timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK); line("timerfd_create", "res=n:%ld\tclockid=n:1\tflags=n:0", r); close_fd(r);
	S(timerfd_create, 99, 0); line("timerfd_create", "res=n:%d\tclockid=n:99\tflags=n:0", -EINVAL);
	S(signalfd, -1, &mask, 8); line("signalfd", "res=n:%ld\tfd=n:-1\tmask=n:%d\tflags=n:0", r, 1 | 1 << 14); close_fd(r);
	S(signalfd4, -1, &mask, 8, SFD_CLOEXEC); line("signalfd4", "res=n:%ld\tfd=n:-1\tmask=n:%d\tflags=f:O_CLOEXEC", r, 1 | 1 << 14); close_fd(r);
	S(inotify_init); line("inotify_init", "res=n:%ld\tflags=n:0", r); close_fd(r);
	S(inotify_init1, IN_NONBLOCK); line("inotify_init1", "res=n:%ld\tflags=f:O_NONBLOCK", r); close_fd(r);
}
