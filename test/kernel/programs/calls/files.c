/* Files: opened, read, written, copied, named, removed. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "calls.h"

void files(void)
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
	line("readv", "res=n:%d\tsize=n:0\tdata=h:\tfd=n:99", -EBADF);
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
