/* io_uring, userfaultfd and pidfds. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>

#include "calls.h"

static void make(void)
{
	struct io_uring_params params = { .flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP, .cq_entries = 16, .sq_thread_cpu = 1, .sq_thread_idle = 7 };
	unsigned mask[2] = { 0x4001, 0 };

	S(io_uring_setup, 4, &params);
	int ring = r;
	line("io_uring_setup", "res=n:%d\tentries=n:4\tsq_entries=n:%u\tcq_entries=n:%u\tflags=f:IORING_SETUP_CQSIZE|IORING_SETUP_CLAMP\tsq_thread_cpu=n:1\tsq_thread_idle=n:7\tfeatures=n:%u", ring, params.sq_entries, params.cq_entries, params.features & 0x7ff);
	S(io_uring_setup, -1, 8); line("io_uring_setup", "res=n:%ld\tentries=n:4294967295\tsq_entries=n:0\tcq_entries=n:0\tflags=n:0\tsq_thread_cpu=n:0\tsq_thread_idle=n:0\tfeatures=n:0", r);
	S(io_uring_enter, ring, 0, 0, IORING_ENTER_GETEVENTS, mask, 8); line("io_uring_enter", "res=n:%ld\tfd=n:%d\tto_submit=n:0\tmin_complete=n:0\tflags=f:IORING_ENTER_GETEVENTS\tsig=g:SIGHUP,SIGTERM", r, ring);
	S(io_uring_enter, -4, 1, 2, 0, 8, 8); line("io_uring_enter", "res=n:%ld\tfd=n:-4\tto_submit=n:1\tmin_complete=n:2\tflags=f:\tsig=g:", r);
	S(io_uring_register, ring, IORING_REGISTER_PROBE, 8, 3); line("io_uring_register", "res=n:%ld\tfd=n:%d\topcode=n:8\targ=n:8\tnr_args=n:3", r, ring);
	S(io_uring_register, -1, IORING_UNREGISTER_BUFFERS, 0, 0); line("io_uring_register", "res=n:%ld\tfd=n:-1\topcode=n:1\targ=n:0\tnr_args=n:0", r);
	close_fd(ring);
	S(userfaultfd, O_CLOEXEC | O_NONBLOCK); line("userfaultfd", "res=n:%ld\tflags=f:O_CLOEXEC|O_NONBLOCK", r);
	close_fd(r);
	S(pidfd_open, me, 0); line("pidfd_open", "fd=n:%ld\tpid=n:%d\tflags=f:", r, me);
	int pid = r;
	S(pidfd_open, -9, O_NONBLOCK); line("pidfd_open", "fd=n:%ld\tpid=n:-9\tflags=f:PIDFD_NONBLOCK", r);
	S(pidfd_getfd, pid, 1, 0); line("pidfd_getfd", "fd=n:%ld\tpid_fd=n:%d\ttarget_fd=n:1\tflags=n:0", r, pid);
	close_fd(r);
	S(pidfd_getfd, -1, -2, -3); line("pidfd_getfd", "fd=n:%ld\tpid_fd=n:-1\ttarget_fd=n:-2\tflags=n:4294967293", r);
	close_fd(pid);
}

/* In a child: while the kernel takes a ring down it interrupts, and begins again, what the process waits in. */
void rings(void)
{
	int child = forked();

	if (child == 0) {
		make();
		end(0);
	}
	ended(child);
}
