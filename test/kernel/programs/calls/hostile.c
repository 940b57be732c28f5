/* Every call with arguments that nothing good can come of, each in a child of its own in namespaces of its own: nothing, small
 * numbers that are no addresses, -1, an address of the kernel, one just before the end of what is mapped. Only the result is
 * compared, and that every other parameter can be decoded. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/time.h>

#include "calls.h"

#define CALL(name) [SYS_##name] = #name,
static const char *const names[] = {
#include "numbers.h"
};
#define CALLS (sizeof(names) / sizeof(*names))

/* Left out altogether: those that do not come back, stop the child for good, or make another one. */
static int never(int nr)
{
	return nr == SYS_exit || nr == SYS_exit_group || nr == SYS_rt_sigreturn || nr == SYS_fork || nr == SYS_vfork || nr == SYS_clone ||
	       nr == SYS_clone3 || nr == SYS_pause || nr == SYS_rt_sigsuspend || nr == SYS_reboot || nr == SYS_kexec_load || nr == SYS_kexec_file_load;
}

/* Left out with one of them, because that means something outside the child, or locks it up. */
static int harmful(int nr, long arg)
{
	switch (nr) {
	case SYS_kill: return arg != 0;
	case SYS_tkill: case SYS_tgkill: case SYS_syslog: return arg != 0 && arg != -1;
	case SYS_acct: case SYS_ptrace: case SYS_seccomp: return arg == 0;
	default: return 0;
	}
}

static void with(int nr, long arg)
{
	if (harmful(nr, arg))
		return;
	last = nth;
	r = made(nr, arg, arg, arg, arg, arg, arg);
	/* A call that a signal has woken ends inside the kernel with a code of its own, which says how to go on. */
	if (r == -EINTR)
		line(names[nr], "result=?\tnativeID=n:%d\t…=?", nr);
	else
		line(names[nr], "result=n:%ld\tnativeID=n:%d\t…=?", r, nr);
}

void hostile(void)
{
	static const long arguments[] = { 0, 8, -1, 0xffffffff81000000, 0x7ffff000 };

	for (size_t nr = 0; nr < CALLS; nr++) {
		if (names[nr] == NULL || never(nr))
			continue;
		int child = forked();

		if (child == 0) {
			struct itimerval tick = { { 0, 50000 }, { 0, 50000 } };

			made(SYS_setsid, 0, 0, 0, 0, 0, 0);
			/* What 0 means as an fd is a file of the child's own: /dev/null would have no permissions left. */
			made(SYS_dup2, made(SYS_memfd_create, (long)"own", 0, 0, 0, 0, 0), 0, 0, 0, 0, 0);
			made(SYS_unshare, CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET, 0, 0, 0, 0, 0);
			/* Again and again: what waits is woken. */
			made(SYS_setitimer, 0, (long)&tick, 0, 0, 0, 0);
			for (int i = 0; i < 5; i++)
				with(nr, arguments[i]);
			with(nr, (long)edge - 5);
			end(0);
		}
		ended(child);
	}
}
