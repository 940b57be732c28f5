/* Ids, signals, prctl. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>

#include "calls.h"

void ids(void)
{
	int pid = S(getpid), value = 0;

	S(kill, pid, 0); line("kill", "res=n:0\tpid=n:%d\tsig=n:0", pid);
	S(kill, -999999, SIGTERM); line("kill", "res=n:%d\tpid=n:-999999\tsig=n:15", -ESRCH);
	S(tkill, pid, 0); line("tkill", "res=n:0\ttid=n:%d\tsig=n:0", pid);
	S(tgkill, pid, pid, 0); line("tgkill", "res=n:0\tpid=n:%d\ttid=n:%d\tsig=n:0", pid, pid);
	S(tgkill, 1, pid, SIGUSR2); line("tgkill", "res=n:%d\tpid=n:1\ttid=n:%d\tsig=n:12", -ESRCH, pid);
	S(prctl, PR_SET_NAME, "argued", 0L, 0L, 0L); line("prctl", "res=n:0\toption=f:PR_SET_NAME\targ2_str=s:argued\targ2_int=n:0");
	S(prctl, PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L); line("prctl", "res=n:0\toption=f:PR_SET_CHILD_SUBREAPER\targ2_str=-\targ2_int=n:1");
	S(prctl, PR_GET_CHILD_SUBREAPER, &value, 0L, 0L, 0L); line("prctl", "res=n:0\toption=f:PR_GET_CHILD_SUBREAPER\targ2_str=-\targ2_int=n:1");
	S(prctl, PR_SET_DUMPABLE, 77L, 0L, 0L, 0L); line("prctl", "res=n:%d\toption=f:PR_SET_DUMPABLE\targ2_str=-\targ2_int=n:77", -EINVAL);
	S(setuid, 0); line("setuid", "res=n:0\tuid=n:0");
	S(setgid, 0); line("setgid", "res=n:0\tgid=n:0");
	S(setresuid, -1, 0, 0); line("setresuid", "res=n:0\truid=n:4294967295\teuid=n:0\tsuid=n:0");
	S(setresgid, 0, -1, 0); line("setresgid", "res=n:0\trgid=n:0\tegid=n:4294967295\tsgid=n:0");
	S(setreuid, 0, -1); line("setreuid", "res=n:0\truid=n:0\teuid=n:4294967295");
	S(setregid, -1, 0); line("setregid", "res=n:0\trgid=n:4294967295\tegid=n:0");
}
