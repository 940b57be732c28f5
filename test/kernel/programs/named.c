/* Makes known numbers of calls under a name of its own, in its main thread and in another one:
 *
 *     named COMM ROUNDS
 *
 * It announces itself with "pid N" and waits for SIGUSR1. Then each of the two threads makes, ROUNDS times: getppid, an
 * openat that succeeds, a close of that, an openat that fails, a close that fails. The second thread is called "other". It
 * prints the second thread's tid.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int rounds;
static long other_tid;

static void calls(void)
{
	for (int i = 0; i < rounds; i++) {
		syscall(SYS_getppid);
		long fd = syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);

		if (fd < 0)
			exit(2);
		syscall(SYS_close, fd);
		syscall(SYS_openat, AT_FDCWD, "/nowhere/at all", O_RDONLY);
		syscall(SYS_close, 9999);
	}
}

static void *other(void *unused)
{
	prctl(PR_SET_NAME, "other");
	other_tid = syscall(SYS_gettid);
	calls();
	return unused;
}

int main(int argc, char **argv)
{
	sigset_t start;
	pthread_t thread;

	rounds = atoi(argv[2]);
	prctl(PR_SET_NAME, argv[1]);
	sigemptyset(&start);
	sigaddset(&start, SIGUSR1);
	sigprocmask(SIG_BLOCK, &start, NULL);
	printf("pid %d\n", getpid());
	fflush(stdout);
	if (sigtimedwait(&start, NULL, &(struct timespec){ 20, 0 }) < 0)
		return 3;
	calls();
	if (pthread_create(&thread, NULL, other, NULL) != 0 || pthread_join(thread, NULL) != 0)
		return 4;
	printf("tid %ld\n", other_tid);
	return 0;
}
