/* Calls whose parameters depend on a command: ptrace of a child, quotas, the configuration of a filesystem, bpf, seccomp. */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <linux/mount.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/quota.h>
#include <sys/wait.h>

#include "calls.h"

static long word = 0x1122334455667788;

static void trace(void)
{
	unsigned long regs[32];
	long seen = 0;
	int child = forked();

	if (child == 0) {
		S(ptrace, PTRACE_TRACEME, 0, 1, 2); line("ptrace", "res=n:0\taddr=n:1\tdata=n:2\trequest=f:PTRACE_TRACEME\tpid=n:0");
		S(kill, me, SIGSTOP); line("kill", "res=n:0\tpid=n:%d\tsig=n:%d", me, SIGSTOP);
		end(0);
	}
	S(wait4, child, 0, __WALL, 0);
	S(ptrace, PTRACE_PEEKDATA, child, &word, &seen); line("ptrace", "res=n:0\taddr=n:%ld\tdata=n:%ld\trequest=f:PTRACE_PEEKDATA\tpid=n:%d", (long)&word, seen, child);
	S(ptrace, PTRACE_POKEDATA, child, &word, 77); line("ptrace", "res=n:0\taddr=n:%ld\tdata=n:77\trequest=f:PTRACE_POKEDATA\tpid=n:%d", (long)&word, child);
	S(ptrace, PTRACE_PEEKUSER, child, 0, &seen); line("ptrace", "res=n:0\taddr=n:0\tdata=n:%ld\trequest=f:PTRACE_PEEKUSR\tpid=n:%d", seen, child);
	S(ptrace, PTRACE_GETREGS, child, 0, regs); line("ptrace", "res=n:0\taddr=n:0\tdata=n:%ld\trequest=f:PTRACE_GETREGS\tpid=n:%d", (long)regs, child);
	S(ptrace, PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL); line("ptrace", "res=n:0\taddr=n:0\tdata=n:%d\trequest=f:PTRACE_SETOPTIONS\tpid=n:%d", PTRACE_O_EXITKILL, child);
	S(ptrace, PTRACE_PEEKTEXT, child, 8, &seen); line("ptrace", "res=n:%ld\taddr=n:0\tdata=n:0\trequest=f:PTRACE_PEEKTEXT\tpid=n:%d", r, child);
	S(ptrace, PTRACE_CONT, child, 5, SIGCONT); line("ptrace", "res=n:0\taddr=n:5\tdata=n:%d\trequest=f:PTRACE_CONT\tpid=n:%d", SIGCONT, child);
	ended(child);
	S(ptrace, PTRACE_ATTACH, -1, 3, 4); line("ptrace", "res=n:%d\taddr=n:0\tdata=n:0\trequest=f:PTRACE_ATTACH\tpid=n:-1", -ESRCH);
	S(ptrace, 0x4242, me, 3, 4); line("ptrace", "res=n:%ld\taddr=n:0\tdata=n:0\trequest=f:PTRACE_UNKNOWN\tpid=n:%d", r, me);
}

#define NO_LIMITS "dqb_bhardlimit=n:0\tdqb_bsoftlimit=n:0\tdqb_curspace=n:0\tdqb_ihardlimit=n:0\tdqb_isoftlimit=n:0\tdqb_btime=n:0\tdqb_itime=n:0"
#define NO_TIMES "dqi_bgrace=n:0\tdqi_igrace=n:0\tdqi_flags=n:0"

/* No filesystem here has quotas: what is asked shows all the same. */
static void quotas(void)
{
	struct dqblk limits = { 1, 2, 3, 4, 5, 6, 7, 8, QIF_ALL };
	struct dqinfo times = { 9, 10, 2, IIF_ALL };
	unsigned format = 4;

	S(quotactl, QCMD(Q_QUOTAON, USRQUOTA), "/dev/none", QFMT_VFS_V0, "aquota.user");
	line("quotactl", "res=n:%ld\tspecial=s:/dev/none\tquotafilepath=s:aquota.user\t" NO_LIMITS "\t" NO_TIMES "\tquota_fmt_out=f:QFMT_NOT_USED\tcmd=f:Q_QUOTAON\ttype=f:USRQUOTA\tid=n:0\tquota_fmt=f:QFMT_VFS_V0", r);
	S(quotactl, QCMD(Q_SETQUOTA, GRPQUOTA), "/dev/none", 1234, &limits);
	line("quotactl", "res=n:%ld\tspecial=s:/dev/none\tquotafilepath=-\tdqb_bhardlimit=n:1\tdqb_bsoftlimit=n:2\tdqb_curspace=n:3\tdqb_ihardlimit=n:4\tdqb_isoftlimit=n:5\tdqb_btime=n:7\tdqb_itime=n:8\t" NO_TIMES "\tquota_fmt_out=f:QFMT_NOT_USED\tcmd=f:Q_SETQUOTA\ttype=f:GRPQUOTA\tid=n:1234\tquota_fmt=f:QFMT_NOT_USED", r);
	limits.dqb_valid = QIF_SPACE;
	S(quotactl, QCMD(Q_SETQUOTA, GRPQUOTA), NULL, 0, &limits);
	line("quotactl", "res=n:%ld\tspecial=-\tquotafilepath=-\tdqb_bhardlimit=n:0\tdqb_bsoftlimit=n:0\tdqb_curspace=n:3\tdqb_ihardlimit=n:0\tdqb_isoftlimit=n:0\tdqb_btime=n:0\tdqb_itime=n:0\t" NO_TIMES "\tquota_fmt_out=f:QFMT_NOT_USED\tcmd=f:Q_SETQUOTA\ttype=f:GRPQUOTA\tid=n:0\tquota_fmt=f:QFMT_NOT_USED", r);
	S(quotactl, QCMD(Q_SETINFO, USRQUOTA), "/dev/none", 5, &times);
	line("quotactl", "res=n:%ld\tspecial=s:/dev/none\tquotafilepath=-\t" NO_LIMITS "\tdqi_bgrace=n:9\tdqi_igrace=n:10\tdqi_flags=n:2\tquota_fmt_out=f:QFMT_NOT_USED\tcmd=f:Q_SETINFO\ttype=f:USRQUOTA\tid=n:0\tquota_fmt=f:QFMT_NOT_USED", r);
	S(quotactl, QCMD(Q_GETFMT, 7), edge - 5, -1, &format);
	line("quotactl", "res=n:%ld\tspecial=-\tquotafilepath=-\t" NO_LIMITS "\t" NO_TIMES "\tquota_fmt_out=f:QFMT_VFS_V1\tcmd=f:Q_GETFMT\ttype=n:0\tid=n:0\tquota_fmt=f:QFMT_NOT_USED", r);
	S(quotactl, QCMD(Q_GETQUOTA, USRQUOTA), "x", -1, edge - 12);
	line("quotactl", "res=n:%ld\tspecial=s:x\tquotafilepath=-\t" NO_LIMITS "\t" NO_TIMES "\tquota_fmt_out=f:QFMT_NOT_USED\tcmd=f:Q_GETQUOTA\ttype=f:USRQUOTA\tid=n:4294967295\tquota_fmt=f:QFMT_NOT_USED", r);
	G(quotactl_fd, -1, QCMD(Q_SYNC, USRQUOTA), 0, 0);
}

static void filesystem(void)
{
	S(fsopen, "tmpfs", 0);
	int fd = r;
	generic("fsopen", SYS_fsopen);
	S(fsconfig, fd, FSCONFIG_SET_STRING, "size", "64k", 0); line("fsconfig", "res=n:%ld\tfd=n:%d\tcmd=f:FSCONFIG_SET_STRING\tkey=s:size\tvalue_bytebuf=h:\tvalue_charbuf=s:64k\taux=n:0", r, fd);
	S(fsconfig, fd, FSCONFIG_SET_FLAG, "ro", NULL, 0); line("fsconfig", "res=n:%ld\tfd=n:%d\tcmd=f:FSCONFIG_SET_FLAG\tkey=s:ro\tvalue_bytebuf=h:\tvalue_charbuf=-\taux=n:0", r, fd);
	S(fsconfig, fd, FSCONFIG_SET_BINARY, "blob", "\1\2\3", 3); line("fsconfig", "res=n:%ld\tfd=n:%d\tcmd=f:FSCONFIG_SET_BINARY\tkey=s:blob\tvalue_bytebuf=h:%s\tvalue_charbuf=-\taux=n:3", r, fd, r < 0 ? "" : "010203");
	S(fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0); line("fsconfig", "res=n:%ld\tfd=n:%d\tcmd=f:FSCONFIG_CMD_CREATE\tkey=-\tvalue_bytebuf=h:\tvalue_charbuf=-\taux=n:0", r, fd);
	G(fsmount, fd, 0, 0);
	close_fd(fd);
	S(fsconfig, -3, 77, edge - 3, 8, -9); line("fsconfig", "res=n:%ld\tfd=n:-3\tcmd=n:77\tkey=-\tvalue_bytebuf=h:\tvalue_charbuf=-\taux=n:-9", r);
}

void control(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1 };

	trace();
	quotas();
	filesystem();
	S(seccomp, 99, 1, NULL); line("seccomp", "res=n:%d\top=n:99\tflags=n:1", -EINVAL);
	S(seccomp, 2, 0, &(unsigned){ 0x7fff0000 }); line("seccomp", "res=n:%ld\top=n:2\tflags=n:0", r);
	S(bpf, BPF_MAP_CREATE, &attr, sizeof(attr)); line("bpf", "fd=n:%ld\tcmd=n:0", r);
	close_fd(r);
	S(bpf, 9999, 8, -1); line("bpf", "fd=n:%ld\tcmd=n:9999", r);
}
