/* Owners, nodes, links to nowhere, directories, locks, copies within the kernel. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "calls.h"

static void nodes(void)
{
	S(mknod, "fifo", S_IFIFO | 0640, 0); line("mknod", "res=n:0\tpath=s:fifo\tmode=n:%d\tdev=n:0", S_IFIFO | 0640);
	/* No type means a regular file. */
	S(mknod, "plain", 0600, 0); line("mknod", "res=n:0\tpath=s:plain\tmode=n:%d\tdev=n:0", S_IFREG | 0600);
	S(mknod, edge - 3, S_IFMT | 0777, -1); line("mknod", "res=n:%ld\tpath=-\tmode=n:%d\tdev=n:4294967295", r, 0777);
	S(mknodat, AT_FDCWD, "null", S_IFCHR | 0600, makedev(1, 3)); line("mknodat", "res=n:%ld\tdirfd=n:-100\tpath=s:null\tmode=n:%d\tdev=n:%d", r, S_IFCHR | 0600, 0x103);
	S(mknodat, 99, "null", S_IFBLK | 01777, 0); line("mknodat", "res=n:%d\tdirfd=n:99\tpath=s:null\tmode=n:%d\tdev=n:0", -EBADF, S_IFBLK | 01777);
}

void owners(void)
{
	struct { unsigned int bytes; int type; char handle[128]; } handle = { 128, 0, "" };
	int mount_id, ends[2];
	char path[4096], dir[4096];
	struct stat st;
	struct iovec here = { path, 4 }, there = { "remote", 4 }, bad = { (void *)8, 4 };

	S(open, "owned", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int fd = r;
	S(write, fd, "0123456789", 10);
	S(chown, "owned", 1, 2); line("chown", "res=n:0\tpath=s:owned\tuid=n:1\tgid=n:2");
	S(chown, "nowhere", -1, -1); line("chown", "res=n:%d\tpath=s:nowhere\tuid=n:4294967295\tgid=n:4294967295", -ENOENT);
	S(chown, 8, 3, 4); line("chown", "res=n:%d\tpath=-\tuid=n:3\tgid=n:4", -EFAULT);
	S(lchown, "owned", 3, 4); line("lchown", "res=n:0\tpath=s:owned\tuid=n:3\tgid=n:4");
	S(fchown, fd, 5, 6); line("fchown", "res=n:0\tfd=n:%d\tuid=n:5\tgid=n:6", fd);
	S(fchown, -5, 5, 6); line("fchown", "res=n:%d\tfd=n:-5\tuid=n:5\tgid=n:6", -EBADF);
	S(fchownat, AT_FDCWD, "owned", 7, 8, AT_SYMLINK_NOFOLLOW); line("fchownat", "res=n:0\tdirfd=n:-100\tpathname=s:owned\tuid=n:7\tgid=n:8\tflags=f:AT_SYMLINK_NOFOLLOW");
	S(fchownat, fd, "", 0, 0, AT_EMPTY_PATH); line("fchownat", "res=n:0\tdirfd=n:%d\tpathname=s:\tuid=n:0\tgid=n:0\tflags=f:AT_EMPTY_PATH", fd);
	nodes();

	S(flock, fd, LOCK_EX | LOCK_NB); line("flock", "res=n:0\tfd=n:%d\toperation=f:LOCK_EX|LOCK_NB", fd);
	S(flock, fd, LOCK_UN); line("flock", "res=n:0\tfd=n:%d\toperation=f:LOCK_UN", fd);
	S(flock, -1, LOCK_SH); line("flock", "res=n:%d\tfd=n:-1\toperation=f:LOCK_SH", -EBADF);
	S(getcwd, path, sizeof(path)); line("getcwd", "res=n:%ld\tpath=s:%s", r, path);
	S(getcwd, path, 1); line("getcwd", "res=n:%d\tpath=-", -ERANGE);
	S(open, ".", O_RDONLY | O_DIRECTORY);
	int at = r;
	S(getdents, at, dir, sizeof(dir)); line("getdents", "res=n:%ld\tfd=n:%d", r, at);
	S(getdents, at, edge - 10, 1L << 40); line("getdents", "res=n:%ld\tfd=n:%d", r, at);
	S(getdents64, at, dir, sizeof(dir)); line("getdents64", "res=n:%ld\tfd=n:%d", r, at);
	S(getdents64, fd, dir, sizeof(dir)); line("getdents64", "res=n:%d\tfd=n:%d", -ENOTDIR, fd);
	G(name_to_handle_at, AT_FDCWD, "owned", &handle, &mount_id, 0);
	S(open_by_handle_at, at, &handle, O_RDONLY | O_CLOEXEC);
	int opening = last, again = r;
	st = stat_of(opened(again));
	if (again >= 0) {
		made(SYS_getcwd, (long)path, sizeof(path), 0, 0, 0, 0);
		line_of(opening, "open_by_handle_at", "fd=n:%d\tmountfd=n:%d\tflags=f:O_RDONLY|O_CLOEXEC\tpath=s:%s/owned\tdev=n:%lu\tino=n:%lu", again, at, path, st.st_dev, st.st_ino);
	} else {
		line_of(opening, "open_by_handle_at", "fd=n:%d\tmountfd=n:%d\tflags=f:O_RDONLY|O_CLOEXEC\tpath=-\tdev=n:0\tino=n:0", again, at);
	}
	close_fd(again);
	S(open_by_handle_at, -100, edge - 2, O_RDWR); line("open_by_handle_at", "fd=n:%ld\tmountfd=n:-100\tflags=f:O_RDWR\tpath=-\tdev=n:0\tino=n:0", r);

	off_t from = 3;
	S(open, "/dev/null", O_WRONLY);
	int null = r;
	S(sendfile, null, fd, &from, 4); line("sendfile", "res=n:4\toffset>=n:3\toffset<=n:7\tout_fd=n:%d\tin_fd=n:%d\tsize=n:4", null, fd);
	S(sendfile, null, -9, NULL, -1); line("sendfile", "res=n:%d\toffset=n:0\tout_fd=n:%d\tin_fd=n:-9\tsize=n:-1", -EBADF, null);
	S(pipe2, ends, 0);
	loff_t where = 2;
	S(splice, fd, &where, ends[1], NULL, 5, SPLICE_F_MOVE | SPLICE_F_NONBLOCK); line("splice", "res=n:5\tfd_in=n:%d\tfd_out=n:%d\tsize=n:5\tflags=f:SPLICE_F_MOVE|SPLICE_F_NONBLOCK", fd, ends[1]);
	S(splice, -1, 0, -2, 0, 1L << 62, 0); line("splice", "res=n:%d\tfd_in=n:-1\tfd_out=n:-2\tsize=n:%ld\tflags=f:", -EBADF, 1L << 62);
	loff_t in = 1, out = 20;
	S(copy_file_range, fd, &in, fd, &out, 3, 0); line("copy_file_range", "res=n:3\tfdout=n:%d\toffout=n:23\tfdin=n:%d\toffin>=n:1\toffin<=n:4\tlen=n:3", fd, fd);
	S(copy_file_range, -1, 0, 99, 8, 7, 0); line("copy_file_range", "res=n:%ld\tfdout=n:99\toffout=n:0\tfdin=n:-1\toffin=n:0\tlen=n:7", r);
	S(memfd_create, "memory", MFD_CLOEXEC | MFD_ALLOW_SEALING); line("memfd_create", "fd=n:%ld\tname=s:memory\tflags=f:MFD_CLOEXEC|MFD_ALLOW_SEALING", r);
	close_fd(r);
	S(memfd_create, edge - 4, 0); line("memfd_create", "fd=n:%d\tname=-\tflags=f:", -EFAULT);
	S(process_vm_readv, me, &here, 1, &there, 1, 0); line("process_vm_readv", "res=n:4\tpid=n:%d\tdata=h:%s", me, hex("remo", 4));
	S(process_vm_readv, me, &bad, 1, &there, 1, 0); line("process_vm_readv", "res=n:%d\tpid=n:%d\tdata=h:", -EFAULT, me);
	S(process_vm_writev, me, &there, 1, &here, 1, 0); line("process_vm_writev", "res=n:4\tpid=n:%d\tdata=h:%s", me, hex("remo", 4));
	S(process_vm_writev, -7, &there, 1, &here, 1, 0); line("process_vm_writev", "res=n:%d\tpid=n:-7\tdata=h:", -ESRCH);
	close_fd(ends[0]); close_fd(ends[1]); close_fd(null); close_fd(at); close_fd(fd);
}
