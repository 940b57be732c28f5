/* Processes: made, and run. The image that is run is four instructions, so that nothing else comes from it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "calls.h"

/* An ELF file with one segment; its code is exit_group(0). */
static const struct {
	unsigned char ident[16];
	unsigned short type, machine;
	unsigned version;
	unsigned long entry, phoff, shoff;
	unsigned flags;
	unsigned short ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
	unsigned segment, rights;
	unsigned long offset, vaddr, paddr, filesz, memsz, align;
	unsigned char code[16];
} image = {
	{ 0x7f, 'E', 'L', 'F', 2, 1, 1 }, 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0,
	1, 5, 0, 0x400000, 0x400000, 136, 136, 4096, { 0xb8, 231, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05 },
};

static char exe[1024], arguments[1024], comm[16];
static long fdlimit, uid, gid;

static void know_self(void)
{
	struct rlimit limit;
	char args[4096] = "";
	int at = 0;
	long fd = made(SYS_open, (long)"/proc/self/cmdline", O_RDONLY, 0, 0, 0, 0);

	int len = made(SYS_preadv2, fd, (long)&(struct { void *at; long len; }){ args, sizeof(args) - 1 }, 1, 0, 0, 0);
	made(SYS_close, fd, 0, 0, 0, 0, 0);
	for (int i = strlen(args) + 1; i < len; i += strlen(args + i) + 1)
		at += sprintf(arguments + at, "%s%s", at ? "\x01" : "", args + i);
	snprintf(exe, sizeof(exe), "%.1023s", args);
	made(SYS_prctl, 16, (long)comm, 0, 0, 0, 0);
	made(SYS_getrlimit, RLIMIT_NOFILE, (long)&limit, 0, 0, 0, 0);
	fdlimit = limit.rlim_cur;
	uid = made(SYS_geteuid, 0, 0, 0, 0, 0, 0);
	gid = made(SYS_getegid, 0, 0, 0, 0, 0, 0);
}

#define MEASURED "pgft_maj=m:0\tpgft_min=m:0\tvm_size=m:100\tvm_rss=m:0\tvm_swap=n:0"

static void cloned(int which, const char *name, long result, int parent, const char *flags)
{
	line_of(which, name, "res=n:%ld\texe=s:%s\targs=l:%s\ttid=n:%d\tpid=n:%d\tptid=n:%d\tcwd=-\tfdlimit=n:%ld\t" MEASURED "\tcomm=s:%s\tcgroups=k:=/\tflags=f:%s\tuid=n:%ld\tgid=n:%ld\tvtid=n:%d\tvpid=n:%d\tpidns_init_start_ts=m:0",
		result, exe, arguments, me, me, parent, fdlimit, comm, flags, uid, gid, me, me);
}

static void children(void)
{
	int parent = made(SYS_getppid, 0, 0, 0, 0, 0, 0), self = me;
	struct clone_args three = { .flags = CLONE_FS, .exit_signal = SIGCHLD };
	int which;

#define BORN(call, name, flags)                                                            \
	which = nth;                                                                       \
	r = call;                                                                          \
	if (r == 0) {                                                                      \
		nth = 1;                                                                   \
		me = made(SYS_gettid, 0, 0, 0, 0, 0, 0);                                   \
		cloned(0, name, 0, self, flags);                                           \
		end(0);                                                                    \
	}                                                                                  \
	me = self;                                                                         \
	cloned(which, name, r, parent, flags);                                             \
	ended(r)

	BORN(made(SYS_fork, 0, 0, 0, 0, 0, 0), "fork", "");
	BORN(made(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0, 0), "clone", "CLONE_FILES");
	BORN(made(SYS_clone3, (long)&three, sizeof(three), 0, 0, 0, 0), "clone3", "CLONE_FS");
	/* A vfork's child has its parent's memory: what it counts for itself has to be put back. */
	which = nth;
	r = made(SYS_vfork, 0, 0, 0, 0, 0, 0);
	if (r == 0) {
		nth = 1;
		me = made(SYS_gettid, 0, 0, 0, 0, 0, 0);
		cloned(0, "vfork", 0, self, "");
		end(0);
	}
	me = self;
	nth = which + 1;
	cloned(which, "vfork", r, parent, "");
	ended(r);
	S(clone, CLONE_SIGHAND, 0, 0, 0, 0);
	line("clone", "res=n:%ld\texe=-\targs=l:\ttid=n:%d\tpid=n:%d\tptid=n:%d\tcwd=-\tfdlimit=n:%ld\t" MEASURED "\tcomm=s:%s\tcgroups=k:=/\tflags=f:CLONE_SIGHAND\tuid=n:%ld\tgid=n:%ld\tvtid=n:%d\tvpid=n:%d\tpidns_init_start_ts=m:0",
	     r, me, me, parent, fdlimit, comm, uid, gid, me, me);
}

/* What exec events tell of a process, from `tid` to `gid`; `of` is the file that it runs afterwards. */
static const char *identity(const char *name, int parent, const struct statx *of, const char *flags, const char *path, const char *env)
{
	static char text[4096];
	struct { unsigned version; int pid; } head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct { unsigned effective, permitted, inheritable; } sets[2];
	char loginuid[16] = "";
	long fd = made(SYS_open, (long)"/proc/self/loginuid", O_RDONLY, 0, 0, 0, 0);
	long pgid = made(SYS_getpgid, 0, 0, 0, 0, 0, 0);

	made(SYS_preadv2, fd, (long)&(struct { void *at; long len; }){ loginuid, 15 }, 1, 0, 0, 0);
	made(SYS_close, fd, 0, 0, 0, 0, 0);
	made(SYS_capget, (long)&head, (long)sets, 0, 0, 0, 0);
	sprintf(text, "tid=n:%d\tpid=n:%d\tptid=n:%d\tcwd=-\tfdlimit=n:%ld\tpgft_maj=m:0\tpgft_min=m:0\tvm_size=m:4\tvm_rss=m:0\tvm_swap=n:0\tcomm=s:%s\tcgroups=k:=/\tenv=l:%s\ttty=?\tvpgid=n:%ld\tloginuid=n:%lu\tflags=f:%s"
		"\tcap_inheritable=n:%ld\tcap_permitted=n:%ld\tcap_effective=n:%ld\texe_ino=n:%lu\texe_ino_ctime=n:%llu\texe_ino_mtime=n:%llu\tuid=n:%ld\ttrusted_exepath=k:%s\tpgid=n:%ld\tgid=n:%ld",
		me, me, parent, fdlimit, name, env, pgid, strtoul(loginuid, NULL, 10), flags, (long)sets[1].inheritable << 32 | sets[0].inheritable,
		(long)sets[1].permitted << 32 | sets[0].permitted, (long)sets[1].effective << 32 | sets[0].effective, (unsigned long)of->stx_ino,
		of->stx_ctime.tv_sec * 1000000000ull + of->stx_ctime.tv_nsec, of->stx_mtime.tv_sec * 1000000000ull + of->stx_mtime.tv_nsec, uid, path, pgid, gid);
	return text;
}

/* Of a call that comes back only as another image: it is counted and told before. */
static void exec(long nr, long dir, const char *path, const char *flags, long at, const char *shown, int parent, const char *filename)
{
	char first[] = "tiny", second[] = "two words", one[] = "ONE=1", name[64];
	char *argv[] = { first, second, NULL }, *envp[] = { one, NULL };
	struct statx of;

	strcpy(name, path);
	made(SYS_statx, dir, (long)name, at, STATX_BASIC_STATS, (long)&of, 0);
	const char *rest = identity(shown, parent, &of, flags, nr == SYS_execve ? "tiny" : "memfd", "ONE=1");
	/* x86 makes each image believe that execve started it, and so does the driver. */
	line_of(nth, "execve", "res=n:0\texe=s:tiny\targs=l:two words\t%s\tfilename=s:%s\tdirfd>=n:%ld\tpathname>=s:%s\tflags>=%s", rest, filename, dir, name, nr == SYS_execve ? "?" : "f:AT_EMPTY_PATH");
	/* Its return, and the end of what it became. */
	__atomic_add_fetch(&record->returned, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&record->entered, 1, __ATOMIC_RELAXED);
	if (nr == SYS_execve)
		made(nr, (long)name, (long)argv, (long)envp, 0, 0, 0);
	else
		made(nr, dir, (long)name, (long)argv, (long)envp, at, 0);
	end(9);
}

void processes(void)
{
	char *argv[] = { "nobody", "x", NULL }, *envp[] = { "TWO=2", NULL }, filename[32];
	int self, parent, child;
	struct statx of;

	know_self();
	children();
	self = me;
	parent = made(SYS_getppid, 0, 0, 0, 0, 0, 0);
	made(SYS_statx, AT_FDCWD, (long)"/proc/self/exe", 0, STATX_BASIC_STATS, (long)&of, 0);
	const char *own = strrchr(exe, '/') ? strrchr(exe, '/') + 1 : exe;
	const char *rest = identity(comm, parent, &of, "EXE_WRITABLE", own, "TWO=2");
	S(execve, "nowhere", argv, envp); line("execve", "res=n:%d\texe=s:nobody\targs=l:x\t%s\tfilename=s:nowhere", -ENOENT, rest);
	S(execveat, AT_FDCWD, "nowhere", argv, envp, AT_SYMLINK_NOFOLLOW); line("execveat", "res=n:%d\texe=s:nobody\targs=l:x\t%s\tdirfd=n:-100\tpathname=s:nowhere\tflags>=f:AT_SYMLINK_NOFOLLOW", -ENOENT, rest);
	S(execve, 8, 8, edge - 3); line("execve", "res=n:%d\texe=-\targs=l:\tenv=l:\tfilename=-\t…=?", -EFAULT);

	S(open, "tiny", O_WRONLY | O_CREAT | O_TRUNC, 0700);
	int file = r;
	S(write, file, &image, sizeof(image));
	/* What is open for writing cannot be run. */
	S(close, file);
	child = forked();
	if (child == 0) {
		made(SYS_setsid, 0, 0, 0, 0, 0, 0);
		exec(SYS_execve, AT_FDCWD, "tiny", "EXE_WRITABLE", 0, "tiny", self, "tiny");
	}
	ended(child);
	int memory = made(SYS_memfd_create, (long)"tiny", 0, 0, 0, 0, 0);
	made(SYS_write, memory, (long)&image, sizeof(image), 0, 0, 0);
	sprintf(filename, "/dev/fd/%d", memory);
	child = forked();
	if (child == 0)
		exec(SYS_execveat, memory, "", "EXE_WRITABLE|EXE_FROM_MEMFD", AT_EMPTY_PATH, "memfd:tiny", self, filename);
	ended(child);
	made(SYS_close, memory, 0, 0, 0, 0, 0);
}
