/* Mounts and namespaces, in a child that has its own; an overlay, whose layers opens and execs tell apart. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "calls.h"

static void open_in(const char *name, int flags, const char *more)
{
	/* A new process finds constants in memory only once it has looked at them, and the probe does not wait for that at the
	 * beginning of a call. */
	char path[64];

	strcpy(path, name);
	S(open, path, flags, 0644);
	int opening = last, fd = r;
	struct stat st = stat_of(opened(fd));

	/* What the overlay calls its device in stat is not what its superblock has. */
	line_of(opening, "open", "fd=n:%d\tname=s:%s\tflags>=f:%s\tflags<=f:%s|%s\tmode=n:%d\tdev=?\tino=n:%lu", fd, path,
		flags == O_RDONLY ? "O_RDONLY" : "O_WRONLY|O_CREAT", flags == O_RDONLY ? "O_RDONLY" : "O_WRONLY|O_CREAT|O_F_CREATED", more,
		flags == O_RDONLY ? 0 : 0644, st.st_ino);
	close_fd(fd);
}

static void creat_in(const char *name)
{
	char path[64];

	strcpy(path, name);
	S(creat, path, 0604);
	int creating = last, fd = r;
	struct stat st = stat_of(opened(fd));

	line_of(creating, "creat", "fd=n:%d\tname=s:%s\tmode=n:%d\tdev=?\tino=n:%lu\tcreat_flags=f:FD_UPPER_LAYER_CREAT", fd, path, 0604, st.st_ino);
	close_fd(fd);
}

static void overlay(void)
{
	S(mount, "tmpfs", "mounted", "tmpfs", 0, ""); line("mount", "res=n:%ld\tdev=s:tmpfs\tdir=s:mounted\ttype=s:tmpfs\tflags=n:0", r);
	if (r < 0)
		return;
	S(mkdir, "mounted/lower", 0755); S(mkdir, "mounted/upper", 0755); S(mkdir, "mounted/work", 0755); S(mkdir, "mounted/all", 0755);
	S(creat, "mounted/lower/below", 0644);
	close_fd(r);
	S(mount, "overlay", "mounted/all", "overlay", 0, "lowerdir=mounted/lower,upperdir=mounted/upper,workdir=mounted/work");
	line("mount", "res=n:%ld\tdev=s:overlay\tdir=s:mounted/all\ttype=s:overlay\tflags=n:0", r);
	if (r == 0) {
		open_in("mounted/all/below", O_RDONLY, "FD_LOWER_LAYER");
		open_in("mounted/all/above", O_WRONLY | O_CREAT, "FD_UPPER_LAYER");
		creat_in("mounted/all/made");
	}
}

void namespaces(void)
{
	S(mkdir, "mounted", 0755);
	S(setns, -1, CLONE_NEWNET); line("setns", "res=n:%d\tfd=n:-1\tnstype=f:CLONE_NEWNET", -EBADF);
	S(open, "/proc/self/ns/uts", O_RDONLY);
	int uts = r;
	S(setns, uts, CLONE_NEWUTS); line("setns", "res=n:0\tfd=n:%d\tnstype=f:CLONE_NEWUTS", uts);
	close_fd(uts);
	S(unshare, 0); line("unshare", "res=n:0\tflags=f:");
	S(unshare, 8); line("unshare", "res=n:%d\tflags=f:", -EINVAL);
	S(chroot, "/none"); line("chroot", "res=n:%d\tpath=s:/none", -ENOENT);
	S(umount2, "none", MNT_DETACH | UMOUNT_NOFOLLOW); line("umount2", "res=n:%d\tname=s:none\tflags=f:DETACH|NOFOLLOW", -ENOENT);
	S(mount, 8, edge - 1, "tmpfs", MS_RDONLY | MS_NOSUID, ""); line("mount", "res=n:%d\tdev=-\tdir=-\ttype=s:tmpfs\tflags=f:RDONLY|NOSUID", -EFAULT);

	int child = forked();
	if (child == 0) {
		S(unshare, CLONE_NEWNS | CLONE_NEWUTS); line("unshare", "res=n:%ld\tflags=f:CLONE_NEWNS|CLONE_NEWUTS", r);
		if (r == 0) {
			S(mount, "none", "/", NULL, MS_REC | MS_PRIVATE, NULL); line("mount", "res=n:0\tdev=s:none\tdir=s:/\ttype=-\tflags=f:REC|PRIVATE");
			G(sethostname, "calls", 5);
			G(setdomainname, "calls", 5);
			overlay();
			S(umount2, "mounted/all", MNT_DETACH); line("umount2", "res=n:%ld\tname=s:mounted/all\tflags=f:DETACH", r);
			S(chroot, "mounted"); line("chroot", "res=n:0\tpath=s:mounted");
			G(pivot_root, "none", edge - 2);
		}
		end(0);
	}
	ended(child);
}
