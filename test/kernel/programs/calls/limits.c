/* Limits, locked memory, ids that are asked for, capabilities, process groups. */
#define _GNU_SOURCE
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "calls.h"

static void locked(void)
{
	static char page[8192] __attribute__((aligned(4096)));
	long at = (long)page;

	memset(page, 1, sizeof(page));
	S(mlock, at, 4096); line("mlock", "res=n:0\taddr=n:%ld\tlen=n:4096", at);
	S(mlock, 1L << 47, -1); line("mlock", "res=n:%ld\taddr=n:%ld\tlen=n:-1", r, 1L << 47);
	S(mlock2, at, 4096, 1); line("mlock2", "res=n:0\taddr=n:%ld\tlen=n:4096\tflags=f:MLOCK_ONFAULT", at);
	S(mlock2, at, 1, 8); line("mlock2", "res=n:%d\taddr=n:%ld\tlen=n:1\tflags=n:0", -EINVAL, at);
	S(munlock, at, 4096); line("munlock", "res=n:0\taddr=n:%ld\tlen=n:4096", at);
	S(munlock, edge - 4096, 8192); line("munlock", "res=n:%d\taddr=n:%ld\tlen=n:8192", -ENOMEM, (long)edge - 4096);
	S(mlockall, 0); line("mlockall", "res=n:%d\tflags=n:0", -EINVAL);
	S(mlockall, MCL_CURRENT | MCL_ONFAULT); line("mlockall", "res=n:%ld\tflags=f:MCL_CURRENT|MCL_ONFAULT", r);
	S(munlockall); line("munlockall", "res=n:0");
	S(mprotect, at, 4096, PROT_READ); line("mprotect", "res=n:0\taddr=n:%ld\tlength=n:4096\tprot=f:PROT_READ", at);
	S(mprotect, at + 1, 4096, PROT_NONE); line("mprotect", "res=n:%d\taddr=n:%ld\tlength=n:4096\tprot=f:", -EINVAL, at + 1);
}

void limits(void)
{
	struct rlimit limit, cpu = { 1000, 2000 }, core = { 0, 4096 }, old;
	struct { unsigned version; int pid; } head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct { unsigned effective, permitted, inheritable; } sets[2];
	unsigned a, b, c;

	S(getrlimit, RLIMIT_NOFILE, &limit); line("getrlimit", "res=n:0\tcur=n:%ld\tmax=n:%ld\tresource=f:RLIMIT_NOFILE", (long)limit.rlim_cur, (long)limit.rlim_max);
	S(getrlimit, 99, &limit); line("getrlimit", "res=n:%d\tcur=n:-1\tmax=n:-1\tresource=f:RLIMIT_UNKNOWN", -EINVAL);
	S(setrlimit, RLIMIT_CORE, &core); line("setrlimit", "res=n:0\tcur=n:0\tmax=n:4096\tresource=f:RLIMIT_CORE");
	S(setrlimit, RLIMIT_CORE, edge - 7); line("setrlimit", "res=n:%d\tcur=n:0\tmax=n:0\tresource=f:RLIMIT_CORE", -EFAULT);
	S(prlimit64, 0, RLIMIT_CPU, &cpu, &old); line("prlimit64", "res=n:0\tnewcur=n:1000\tnewmax=n:2000\toldcur=n:%ld\toldmax=n:%ld\tpid=n:0\tresource=f:RLIMIT_CPU", (long)old.rlim_cur, (long)old.rlim_max);
	S(prlimit64, me, RLIMIT_CPU, NULL, &old); line("prlimit64", "res=n:0\tnewcur=n:0\tnewmax=n:0\toldcur=n:1000\toldmax=n:2000\tpid=n:%d\tresource=f:RLIMIT_CPU", me);
	S(prlimit64, -3, RLIMIT_CPU, NULL, &old); line("prlimit64", "res=n:%ld\tnewcur=n:0\tnewmax=n:0\toldcur=n:-1\toldmax=n:-1\tpid=n:-3\tresource=f:RLIMIT_CPU", r);
	locked();

	S(getuid); line("getuid", "uid=n:%ld", r);
	S(geteuid); line("geteuid", "euid=n:%ld", r);
	S(getgid); line("getgid", "gid=n:%ld", r);
	S(getegid); line("getegid", "egid=n:%ld", r);
	S(getresuid, &a, &b, &c); line("getresuid", "res=n:0\truid=n:%u\teuid=n:%u\tsuid=n:%u", a, b, c);
	S(getresgid, &a, &b, &c); line("getresgid", "res=n:0\trgid=n:%u\tegid=n:%u\tsgid=n:%u", a, b, c);
	S(getresgid, 8, 8, 8); line("getresgid", "res=n:%d\trgid=n:0\tegid=n:0\tsgid=n:0", -EFAULT);
	S(setpgid, 0, 0); line("setpgid", "res=n:%ld\tpid=n:0\tpgid=n:0", r);
	S(setpgid, -1, 5); line("setpgid", "res=n:%ld\tpid=n:-1\tpgid=n:5", r);
	S(setsid); line("setsid", "res=n:%ld", r);

	G(capget, &head, sets);
	for (int again = 0; again < 2; again++) {
#define WHOLE(set) ((long)sets[1].set << 32 | sets[0].set)
		/* The second has no right to it: what it had stays. */
		S(capset, again ? NULL : &head, sets);
		line("capset", "res=n:%ld\tcap_inheritable=n:%ld\tcap_permitted=n:%ld\tcap_effective=n:%ld", r, WHOLE(inheritable), WHOLE(permitted), WHOLE(effective));
	}
}
