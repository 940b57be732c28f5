/* Makes calls with known arguments, right ones and wrong ones, and prints what it passed and what it got:
 *
 *     NAME \t TID \t PARAMETER=VALUE \t …
 *
 * one line for each call, in the order in which its thread made them. Values: n:number, s:text, h:bytes in hex,
 * f:NAME|NAME flags by their C names, a:address, t:tuple, p:fd/POLLIN+POLLOUT,… and "-" for none. It keeps the lines in
 * memory until the end and makes no other call that has an event of its own, so that nothing comes between.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char text[1 << 18];
static int used;
static long r;

/* The last call, made through syscall(): 0 or more, or the negative errno. */
#define S(name, ...) (r = syscall(SYS_##name, ##__VA_ARGS__), r = r == -1 ? -errno : r)

static void line(const char *name, const char *format, ...)
{
	va_list args;

	used += sprintf(text + used, "%s\t%d\t", name, (int)syscall(SYS_gettid));
	va_start(args, format);
	used += vsprintf(text + used, format, args);
	va_end(args);
	text[used++] = '\n';
}

static const char *hex(const void *from, int len)
{
	static char out[4][512];
	static int turn;
	char *to = out[turn++ & 3];

	to[0] = 0;
	for (int i = 0; i < len; i++)
		sprintf(to + 2 * i, "%02x", ((const unsigned char *)from)[i]);
	return to;
}

static struct stat stat_of(int fd)
{
	struct stat st = { 0 };

	/* statx, which has no event of its own. */
	struct statx x;
	if (fd >= 0 && syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &x) == 0) {
		st.st_dev = (x.stx_dev_minor & 0xff) | (x.stx_dev_major << 8) | ((x.stx_dev_minor & ~0xffu) << 12);
		st.st_ino = x.stx_ino;
	}
	return st;
}

static int opened(long fd)
{
	return fd < 0 ? -1 : (int)fd;
}

/* Always the same way, with lines for both. */
static void close_fd(int fd)
{
	S(close, fd);
	line("close", "res=n:%ld\tfd=n:%d", r, fd);
}

static void files(void)
{
	struct stat st;
	char data[128], other[64] = "", longer[300];

	for (int i = 0; i < 128; i++)
		data[i] = i * 7;

	S(open, "file", O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NONBLOCK, 0640);
	st = stat_of(opened(r));
	line("open", "fd=n:%ld\tname=s:file\tflags>=f:O_RDWR|O_CREAT|O_EXCL|O_APPEND|O_NONBLOCK\tflags<=f:O_RDWR|O_CREAT|O_EXCL|O_APPEND|O_NONBLOCK|O_F_CREATED\tmode=n:%d\tdev=n:%lu\tino=n:%lu", r, 0640, st.st_dev, st.st_ino);
	close_fd(r);
	S(open, "file", O_WRONLY | O_TRUNC | O_CLOEXEC | O_SYNC, 0777);
	st = stat_of(opened(r));
	line("open", "fd=n:%ld\tname=s:file\tflags=f:O_WRONLY|O_TRUNC|O_CLOEXEC|O_SYNC|O_DSYNC\tmode=n:0\tdev=n:%lu\tino=n:%lu", r, st.st_dev, st.st_ino);
	close_fd(r);
	S(open, "none", O_RDONLY);
	line("open", "fd=n:%d\tname=s:none\tflags=f:O_RDONLY\tmode=n:0\tdev=n:0\tino=n:0", -ENOENT);
	S(open, (char *)8, O_RDONLY | O_DIRECTORY);
	line("open", "fd=n:%d\tname=-\tflags=f:O_RDONLY|O_DIRECTORY\tmode=n:0\tdev=n:0\tino=n:0", -EFAULT);
	memset(longer, 'x', 299);
	longer[299] = 0;
	S(open, longer, O_RDONLY);
	line("open", "fd=n:%d\tname=s:%s\tflags=f:O_RDONLY\tmode=n:0\tdev=n:0\tino=n:0", -ENAMETOOLONG, longer);

	S(creat, "made", 0604);
	st = stat_of(opened(r));
	line("creat", "fd=n:%ld\tname=s:made\tmode=n:%d\tdev=n:%lu\tino=n:%lu\tcreat_flags=?", r, 0604, st.st_dev, st.st_ino);
	close_fd(r);
	S(creat, "no/such", 0600);
	line("creat", "fd=n:%d\tname=s:no/such\tmode=n:%d\tdev=n:0\tino=n:0\tcreat_flags=?", -ENOENT, 0600);

	S(openat, AT_FDCWD, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int dir = r;
	st = stat_of(dir);
	line("openat", "fd=n:%ld\tdirfd=n:-100\tname=s:.\tflags=f:O_RDONLY|O_DIRECTORY|O_CLOEXEC\tmode=n:0\tdev=n:%lu\tino=n:%lu", r, st.st_dev, st.st_ino);
	S(openat, dir, "file", O_RDWR, 0777);
	int fd = r;
	st = stat_of(fd);
	line("openat", "fd=n:%ld\tdirfd=n:%d\tname=s:file\tflags=f:O_RDWR\tmode=n:0\tdev=n:%lu\tino=n:%lu", r, dir, st.st_dev, st.st_ino);
	S(openat, 77, "file", O_WRONLY | O_CREAT, 0123);
	line("openat", "fd=n:%d\tdirfd=n:77\tname=s:file\tflags=f:O_WRONLY|O_CREAT\tmode=n:%d\tdev=n:0\tino=n:0", -EBADF, 0123);

	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	S(openat2, dir, "file", &how, sizeof(how));
	st = stat_of(opened(r));
	line("openat2", "fd=n:%ld\tdirfd=n:%d\tname=s:file\tflags=f:O_RDONLY|O_CLOEXEC\tmode=n:0\tresolve=f:RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS\tdev=n:%lu\tino=n:%lu", r, dir, st.st_dev, st.st_ino);
	close_fd(r);
	how.resolve = RESOLVE_IN_ROOT;
	S(openat2, dir, "nothing", &how, sizeof(how));
	line("openat2", "fd=n:%d\tdirfd=n:%d\tname=s:nothing\tflags=f:O_RDONLY|O_CLOEXEC\tmode=n:0\tresolve=f:RESOLVE_IN_ROOT\tdev=n:0\tino=n:0", -ENOENT, dir);

	S(write, fd, data, 60L);
	line("write", "res=n:60\tdata=h:%s\tfd=n:%d\tsize=n:60", hex(data, 60), fd);
	/* More than the snaplen of 80. */
	S(write, fd, data, 128L);
	line("write", "res=n:128\tdata=h:%s\tfd=n:%d\tsize=n:128", hex(data, 80), fd);
	S(write, 99, data, 30L);
	line("write", "res=n:%d\tdata=h:%s\tfd=n:99\tsize=n:30", -EBADF, hex(data, 30));
	S(write, fd, (char *)8, 30L);
	line("write", "res=n:%d\tdata=h:\tfd=n:%d\tsize=n:30", -EFAULT, fd);
	S(pwrite64, fd, data + 3, 40L, 0x100000001L);
	line("pwrite64", "res=n:40\tdata=h:%s\tfd=n:%d\tsize=n:40\tpos=n:%ld", hex(data + 3, 40), fd, 0x100000001L);
	S(pwrite64, 99, data, 10L, 5L);
	line("pwrite64", "res=n:%d\tdata=h:%s\tfd=n:99\tsize=n:10\tpos=n:5", -EBADF, hex(data, 10));
	struct iovec iov[3] = { { data, 10 }, { data + 50, 20 }, { data + 20, 5 } };
	char joined[35];
	memcpy(joined, data, 10); memcpy(joined + 10, data + 50, 20); memcpy(joined + 30, data + 20, 5);
	S(writev, fd, iov, 3);
	line("writev", "res=n:35\tdata=h:%s\tfd=n:%d\tsize=n:35", hex(joined, 35), fd);
	S(writev, 99, iov, 2);
	line("writev", "res=n:%d\tdata=h:%s\tfd=n:99\tsize=n:30", -EBADF, hex(joined, 30));
	S(pwritev, fd, iov, 3, 16L, 0L);
	line("pwritev", "res=n:35\tdata=h:%s\tfd=n:%d\tsize=n:35\tpos=n:16", hex(joined, 35), fd);
	S(lseek, fd, 0x123456789L, SEEK_SET);
	line("lseek", "res=n:%ld\tfd=n:%d\toffset=n:%ld\twhence=f:SEEK_SET", 0x123456789L, fd, 0x123456789L);
	S(lseek, fd, -9L, SEEK_CUR);
	line("lseek", "res=n:%ld\tfd=n:%d\toffset=n:-9\twhence=f:SEEK_CUR", 0x123456780L, fd);
	S(lseek, fd, -9L, SEEK_SET);
	line("lseek", "res=n:%d\tfd=n:%d\toffset=n:-9\twhence=f:SEEK_SET", -EINVAL, fd);
	S(lseek, fd, 16L, SEEK_SET);
	line("lseek", "res=n:16\tfd=n:%d\toffset=n:16\twhence=f:SEEK_SET", fd);
	S(read, fd, other, 35L);
	line("read", "res=n:35\tdata=h:%s\tfd=n:%d\tsize=n:35", hex(other, 35), fd);
	S(read, fd, other, 0L);
	line("read", "res=n:0\tdata=h:\tfd=n:%d\tsize=n:0", fd);
	S(read, dir, other, 10L);
	line("read", "res=n:%d\tdata=h:\tfd=n:%d\tsize=n:10", -EISDIR, dir);
	S(pread64, fd, other, 50L, 20L);
	line("pread64", "res=n:50\tdata=h:%s\tfd=n:%d\tsize=n:50\tpos=n:20", hex(other, 50), fd);
	S(pread64, fd, other, 50L, -20L);
	line("pread64", "res=n:%d\tdata=h:\tfd=n:%d\tsize=n:50\tpos=n:-20", -EINVAL, fd);
	char in1[10], in2[64];
	struct iovec to[2] = { { in1, 10 }, { in2, 64 } };
	S(lseek, fd, 16L, SEEK_SET);
	line("lseek", "res=n:16\tfd=n:%d\toffset=n:16\twhence=f:SEEK_SET", fd);
	S(readv, fd, to, 2);
	memcpy(longer, in1, 10); memcpy(longer + 10, in2, 64);
	line("readv", "res=n:74\tsize=n:74\tdata=h:%s\tfd=n:%d", hex(longer, 74), fd);
	S(readv, 99, to, 2);
	line("readv", "res=n:%d\tsize=n:74\tdata=h:\tfd=n:99", -EBADF);
	S(preadv, fd, to, 2, 3L, 0L);
	memcpy(longer, in1, 10); memcpy(longer + 10, in2, 64);
	line("preadv", "res=n:74\tsize=n:74\tdata=h:%s\tfd=n:%d\tpos=n:3", hex(longer, 74), fd);

	S(dup, fd);
	int copy = r;
	line("dup", "res=n:%ld\toldfd=n:%d\tfd=n:%d", r, fd, fd);
	S(dup, 99);
	line("dup", "res=n:%d\toldfd=n:99\tfd=n:99", -EBADF);
	S(dup2, fd, 40);
	line("dup2", "res=n:40\toldfd=n:%d\tnewfd=n:40\tfd=n:%d", fd, fd);
	S(dup2, 99, 40);
	line("dup2", "res=n:%d\toldfd=n:99\tnewfd=n:40\tfd=n:99", -EBADF);
	S(dup3, fd, 41, O_CLOEXEC);
	line("dup3", "res=n:41\toldfd=n:%d\tnewfd=n:41\tflags=f:O_CLOEXEC\tfd=n:%d", fd, fd);
	S(dup3, fd, fd, 0);
	line("dup3", "res=n:%d\toldfd=n:%d\tnewfd=n:%d\tflags=f:\tfd=n:%d", -EINVAL, fd, fd, fd);
	close_fd(40);
	close_fd(41);
	close_fd(copy);
	close_fd(-1);

	int fds[2];
	S(pipe, fds);
	line("pipe", "res=n:0\tfd1=n:%d\tfd2=n:%d\tino=n:%lu", fds[0], fds[1], stat_of(fds[0]).st_ino);
	close_fd(fds[0]);
	close_fd(fds[1]);
	S(pipe, (int *)8);
	line("pipe", "res=n:%d\tfd1=n:-1\tfd2=n:-1\tino=n:0", -EFAULT);
	S(pipe2, fds, O_CLOEXEC | O_NONBLOCK);
	line("pipe2", "res=n:0\tfd1=n:%d\tfd2=n:%d\tino=n:%lu\tflags=f:O_CLOEXEC|O_NONBLOCK", fds[0], fds[1], stat_of(fds[0]).st_ino);
	S(fcntl, fds[0], F_SETFL, (long)O_NONBLOCK);
	line("fcntl", "res=n:0\tfd=n:%d\tcmd=f:F_SETFL\targ=n:%d", fds[0], O_NONBLOCK);
	S(fcntl, fds[0], F_DUPFD_CLOEXEC, 50L);
	line("fcntl", "res=n:50\tfd=n:%d\tcmd=f:F_DUPFD_CLOEXEC\targ=n:50", fds[0]);
	close_fd(50);
	S(fcntl, fds[1], F_SETPIPE_SZ, 8192L);
	line("fcntl", "res=n:8192\tfd=n:%d\tcmd=f:F_SETPIPE_SZ\targ=n:8192", fds[1]);
	S(fcntl, 99, F_GETFD, 0L);
	line("fcntl", "res=n:%d\tfd=n:99\tcmd=f:F_GETFD\targ=n:0", -EBADF);
	S(ioctl, fds[0], 0x541bUL, other); /* FIONREAD */
	line("ioctl", "res=n:0\tfd=n:%d\trequest=n:%d\targument=n:%lu", fds[0], 0x541b, (unsigned long)other);
	S(ioctl, 99, 0xc0de1234UL, -1L);
	line("ioctl", "res=n:%d\tfd=n:99\trequest=n:%lu\targument=n:-1", -EBADF, 0xc0de1234UL);
	close_fd(fds[0]);
	close_fd(fds[1]);

	S(stat, "file", &st); line("stat", "res=n:0\tpath=s:file");
	S(stat, "none", &st); line("stat", "res=n:%d\tpath=s:none", -ENOENT);
	S(lstat, "made", &st); line("lstat", "res=n:0\tpath=s:made");
	S(lstat, "", &st); line("lstat", "res=n:%d\tpath=s:", -ENOENT);
	S(fstat, fd, &st); line("fstat", "res=n:0\tfd=n:%d", fd);
	S(fstat, 99, &st); line("fstat", "res=n:%d\tfd=n:99", -EBADF);
	S(newfstatat, dir, "file", &st, AT_SYMLINK_NOFOLLOW); line("newfstatat", "res=n:0\tdirfd=n:%d\tpath=s:file\tflags=f:AT_SYMLINK_NOFOLLOW", dir);
	S(newfstatat, fd, "", &st, AT_EMPTY_PATH); line("newfstatat", "res=n:0\tdirfd=n:%d\tpath=s:\tflags=f:AT_EMPTY_PATH", fd);
	S(newfstatat, AT_FDCWD, "none", &st, 0); line("newfstatat", "res=n:%d\tdirfd=n:-100\tpath=s:none\tflags=f:", -ENOENT);
	S(access, "file", R_OK | W_OK); line("access", "res=n:0\tname=s:file\tmode=f:R_OK|W_OK");
	S(access, "none", F_OK); line("access", "res=n:%d\tname=s:none\tmode=f:F_OK", -ENOENT);
	S(access, "none", X_OK); line("access", "res=n:%d\tname=s:none\tmode=f:X_OK", -ENOENT);
	S(mkdir, "sub", 0750); line("mkdir", "res=n:0\tpath=s:sub\tmode=n:%d", 0750);
	S(mkdir, "sub", 01777); line("mkdir", "res=n:%d\tpath=s:sub\tmode=n:%d", -EEXIST, 01777);
	S(mkdirat, dir, "sub/two", 0700); line("mkdirat", "res=n:0\tdirfd=n:%d\tpath=s:sub/two\tmode=n:%d", dir, 0700);
	S(chdir, "sub/two"); line("chdir", "res=n:0\tpath=s:sub/two");
	S(chdir, "none"); line("chdir", "res=n:%d\tpath=s:none", -ENOENT);
	S(fchdir, dir); line("fchdir", "res=n:0\tfd=n:%d", dir);
	S(fchdir, fd); line("fchdir", "res=n:%d\tfd=n:%d", -ENOTDIR, fd);
	S(rmdir, "sub/two"); line("rmdir", "res=n:0\tpath=s:sub/two");
	S(rmdir, "file"); line("rmdir", "res=n:%d\tpath=s:file", -ENOTDIR);
	S(chmod, "file", 0600); line("chmod", "res=n:0\tfilename=s:file\tmode=n:%d", 0600);
	S(chmod, "none", 04755); line("chmod", "res=n:%d\tfilename=s:none\tmode=n:%d", -ENOENT, 04755);
	S(fchmod, fd, 0644); line("fchmod", "res=n:0\tfd=n:%d\tmode=n:%d", fd, 0644);
	S(fchmodat, dir, "file", 0400); line("fchmodat", "res=n:0\tdirfd=n:%d\tfilename=s:file\tmode=n:%d", dir, 0400);
	S(link, "file", "linked"); line("link", "res=n:0\toldpath=s:file\tnewpath=s:linked");
	S(link, "none", "linked"); line("link", "res=n:%d\toldpath=s:none\tnewpath=s:linked", -ENOENT);
	S(linkat, dir, "file", AT_FDCWD, "linkedat", AT_SYMLINK_FOLLOW); line("linkat", "res=n:0\tolddir=n:%d\toldpath=s:file\tnewdir=n:-100\tnewpath=s:linkedat\tflags=f:AT_SYMLINK_FOLLOW", dir);
	S(symlink, "file", "soft"); line("symlink", "res=n:0\ttarget=s:file\tlinkpath=s:soft");
	S(symlink, "file", "soft"); line("symlink", "res=n:%d\ttarget=s:file\tlinkpath=s:soft", -EEXIST);
	S(symlinkat, "f\xc3\xbcr", dir, "softat"); line("symlinkat", "res=n:0\ttarget=s:f\xc3\xbcr\tlinkdirfd=n:%d\tlinkpath=s:softat", dir);
	S(rename, "linked", "renamed"); line("rename", "res=n:0\toldpath=s:linked\tnewpath=s:renamed");
	S(rename, "linked", "renamed"); line("rename", "res=n:%d\toldpath=s:linked\tnewpath=s:renamed", -ENOENT);
	S(renameat, dir, "renamed", AT_FDCWD, "again"); line("renameat", "res=n:0\tolddirfd=n:%d\toldpath=s:renamed\tnewdirfd=n:-100\tnewpath=s:again", dir);
	S(renameat2, dir, "again", dir, "file", 1); line("renameat2", "res=n:%d\tolddirfd=n:%d\toldpath=s:again\tnewdirfd=n:%d\tnewpath=s:file\tflags=f:RENAME_NOREPLACE", -EEXIST, dir, dir);
	S(unlink, "again"); line("unlink", "res=n:0\tpath=s:again");
	S(unlink, "again"); line("unlink", "res=n:%d\tpath=s:again", -ENOENT);
	S(unlinkat, dir, "linkedat", 0); line("unlinkat", "res=n:0\tdirfd=n:%d\tname=s:linkedat\tflags=f:", dir);
	S(unlinkat, AT_FDCWD, "sub", AT_REMOVEDIR); line("unlinkat", "res=n:0\tdirfd=n:-100\tname=s:sub\tflags=f:AT_REMOVEDIR");
	close_fd(fd);
	close_fd(dir);
}

static void memory_and_time(void)
{
	int word = 5;

	S(mmap, 0L, 12288L, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1L, 0L);
	unsigned long at = r;
	line("mmap", "res=n:%ld\taddr=n:0\tlength=n:12288\tprot=f:PROT_READ|PROT_WRITE\tflags=f:MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE\tfd=n:-1\toffset=n:0\tvm_size=?\tvm_rss=?\tvm_swap=n:0", r);
	S(mmap, at, 4096L, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, 99L, 8192L);
	line("mmap", "res=n:%d\taddr=n:%lu\tlength=n:4096\tprot=f:PROT_READ|PROT_EXEC\tflags=f:MAP_SHARED|MAP_FIXED\tfd=n:99\toffset=n:8192\tvm_size=?\tvm_rss=?\tvm_swap=n:0", -EBADF, at);
	S(munmap, at, 12288L);
	line("munmap", "res=n:0\taddr=n:%lu\tlength=n:12288\tvm_size=?\tvm_rss=?\tvm_swap=n:0", at);
	S(munmap, at + 1, 4096L);
	line("munmap", "res=n:%d\taddr=n:%lu\tlength=n:4096\tvm_size=?\tvm_rss=?\tvm_swap=n:0", -EINVAL, at + 1);
	S(brk, 0L);
	line("brk", "res=n:%ld\taddr=n:0\tvm_size=?\tvm_rss=?\tvm_swap=n:0", r);
	S(futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 3, NULL, NULL, 0);
	line("futex", "res=n:0\taddr=n:%lu\top=f:FUTEX_WAKE|FUTEX_PRIVATE_FLAG\tval=n:3", (unsigned long)&word);
	S(futex, &word, FUTEX_WAIT, 7, NULL, NULL, 0);
	line("futex", "res=n:%d\taddr=n:%lu\top=f:FUTEX_WAIT\tval=n:7", -EAGAIN, (unsigned long)&word);
	struct timespec short_time = { 0, 1500000 }, wrong = { 0, 2000000000 };
	S(nanosleep, &short_time, NULL); line("nanosleep", "res=n:0\tinterval=n:1500000");
	S(nanosleep, &wrong, NULL); line("nanosleep", "res=n:%d\tinterval=n:2000000000", -EINVAL);
}

static void waiting(void)
{
	int fds[2];
	sigset_t mask;

	syscall(SYS_pipe2, fds, 0);
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

static void sockets(void)
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
	S(getsockname, server, &in, &len); line("getsockname", "");
	int port = ntohs(in.sin_port);
	S(socket, AF_INET, SOCK_STREAM, IPPROTO_TCP);
	int client = r;
	line("socket", "fd=n:%d\tdomain=f:AF_INET\ttype=n:1\tproto=n:6\tflags=f:", client);
	S(connect, client, &in, sizeof(in));
	int me;
	len = sizeof(peer);
	S(getsockname, client, &peer, &len);
	me = ntohs(peer.sin_port);
	line("connect", "res=n:0\ttuple=t:127.0.0.1:%d->127.0.0.1:%d\tfd=n:%d\taddr=a:127.0.0.1:%d", me, port, client, port);
	line("getsockname", "");
	len = sizeof(peer);
	S(accept, server, &peer, &len);
	int served = r;
	line("accept", "fd=n:%d\ttuple=t:127.0.0.1:%d->127.0.0.1:%d\tqueuepct=n:0\tqueuelen=n:0\tqueuemax=n:5", served, me, port);
	S(getpeername, served, &peer, &len); line("getpeername", "");
	S(getpeername, 99, &peer, &len); line("getpeername", "");
	S(accept4, 99, NULL, NULL, SOCK_NONBLOCK);
	line("accept4", "fd=n:%d\ttuple=-\tqueuepct=n:0\tqueuelen=n:0\tqueuemax=n:0\tflags=f:O_NONBLOCK", -EBADF);
	S(sendto, client, data, 50L, 0, NULL, 0);
	line("sendto", "res=n:50\tdata=h:%s\tfd=n:%d\tsize=n:50\ttuple>=-\ttuple<=t:127.0.0.1:%d->127.0.0.1:%d", hex(data, 50), client, me, port);
	S(recvfrom, served, back, 100L, 0, NULL, NULL);
	line("recvfrom", "res=n:50\tdata=h:%s\ttuple=t:127.0.0.1:%d->127.0.0.1:%d\tfd=n:%d\tsize=n:100", hex(back, 50), me, port, served);
	S(recvfrom, served, back, 100L, MSG_DONTWAIT, NULL, NULL);
	line("recvfrom", "res=n:%d\tdata=h:\ttuple=-\tfd=n:%d\tsize=n:100", -EAGAIN, served);
	struct iovec iov[2] = { { data, 30 }, { data + 60, 10 } }, to = { back, 100 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	char joined[40];
	memcpy(joined, data, 30); memcpy(joined + 30, data + 60, 10);
	S(sendmsg, served, &msg, 0);
	line("sendmsg", "res=n:40\tdata=h:%s\tfd=n:%d\tsize=n:40\ttuple>=-\ttuple<=t:127.0.0.1:%d->127.0.0.1:%d", hex(joined, 40), served, port, me);
	struct msghdr in_msg = { .msg_iov = &to, .msg_iovlen = 1 };
	S(recvmsg, client, &in_msg, 0);
	line("recvmsg", "res=n:40\tsize=n:40\tdata=h:%s\ttuple=t:127.0.0.1:%d->127.0.0.1:%d\tmsgcontrol=h:\tfd=n:%d", hex(joined, 40), port, me, client);
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
	S(getsockname, server, &in6, &len); line("getsockname", "");
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

static void ids_and_signals(void)
{
	int pid = syscall(SYS_getpid), value = 0;

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

int main(void)
{
	struct iovec out = { text, sprintf(text, "pid %d\n", getpid()) };
	sigset_t start;

	sigemptyset(&start);
	sigaddset(&start, SIGUSR1);
	sigprocmask(SIG_BLOCK, &start, NULL);
	umask(0);
	pwritev2(1, &out, 1, -1, 0);
	if (sigtimedwait(&start, NULL, &(struct timespec){ 20, 0 }) < 0)
		return 3;
	files();
	memory_and_time();
	waiting();
	sockets();
	ids_and_signals();
	for (int at = 0; at < used; at += r) {
		out = (struct iovec){ text + at, used - at };
		r = pwritev2(1, &out, 1, -1, 0);
		if (r <= 0)
			return 4;
	}
	return 0;
}
