/* Has children of every kind and prints what became of them, as "KIND KEY=VALUE …". Run again as "family child CODE" it is
 * the image that exec starts. See order.test.ts for "family clock". */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char text[1 << 16], stack[1 << 16];
static int used;
#define LINE(...) (used += sprintf(text + used, __VA_ARGS__), text[used++] = '\n')

static char *const child_env[] = { "ONE=1", "TWO=two words", NULL };

static int in_thread(void *unused)
{
	syscall(SYS_getppid);
	syscall(SYS_exit, 7);
	return 0;
}

static void on_signal(int signal) {}

static void reap(const char *kind, int pid)
{
	int status = 0;

	while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR) {}
	LINE("%s pid=%d status=%d", kind, pid, status);
}

static long long now(void)
{
	struct timespec t;

	syscall(SYS_clock_gettime, CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "child"))
		return atoi(argv[2]);

	char self[256] = "";
	int pid = getpid(), child;
	sigset_t start;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 2;
	sigemptyset(&start);
	sigaddset(&start, SIGUSR1);
	sigprocmask(SIG_BLOCK, &start, NULL);
	printf("pid %d\n", pid);
	fflush(stdout);
	if (sigtimedwait(&start, NULL, &(struct timespec){ 20, 0 }) < 0)
		return 3;

	if (argc > 1 && !strcmp(argv[1], "clock")) {
		for (int i = 0; i < 300; i++) {
			long long before = now();

			syscall(SYS_getpgid, i);
			LINE("%d %lld %lld", i, before, now());
		}
		fputs(text, stdout);
		return 0;
	}

	if ((child = syscall(SYS_fork)) == 0)
		_exit(3);
	reap("fork", child);
	char *args[] = { "the child", "child", "42", "", "f\xc3\xbcnf", NULL };
	if ((child = vfork()) == 0) {
		syscall(SYS_execve, self, args, child_env);
		_exit(99);
	}
	reap("vfork", child);
	if ((child = syscall(SYS_clone, SIGCHLD | CLONE_FS, 0L, 0L, 0L, 0L)) == 0) {
		int fd = open(self, O_PATH);
		syscall(SYS_execveat, fd, "", args, child_env, AT_EMPTY_PATH);
		_exit(98);
	}
	reap("clone", child);
	struct clone_args clone3 = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	if ((child = syscall(SYS_clone3, &clone3, sizeof(clone3))) == 0) {
		syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
		_exit(97);
	}
	reap("clone3", child);
	clone3 = (struct clone_args){ .flags = 1ULL << 40 };
	LINE("failed3 res=%d", syscall(SYS_clone3, &clone3, sizeof(clone3)) < 0 ? -errno : 0);
	child = clone(in_thread, stack + sizeof(stack), CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, NULL);
	usleep(30000);
	LINE("thread pid=%d", child);

	syscall(SYS_execve, "/nowhere/program", args, child_env);
	LINE("failed res=%d", -errno);
	syscall(SYS_execveat, AT_FDCWD, "none", args, child_env, AT_SYMLINK_NOFOLLOW);
	LINE("failedat res=%d", -errno);

	struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGUSR2, &action, NULL);
	syscall(SYS_kill, pid, SIGUSR2);
	LINE("self pid=%d", pid);
	puts(text);
	return 0;
}
