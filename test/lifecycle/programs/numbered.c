/* Makes calls that say which they are, until it is told to end by SIGTERM:
 *
 *     numbered MOST BURST
 *
 * It seeks to 0, 1, 2, … in a file: the call has its number as offset and returns it. After each BURST calls it rests for a ms, with
 * calls of other kinds; after MOST it ends by itself. It announces itself with "pid N", waits for SIGUSR1, and at last prints how many
 * calls it has made.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Not through the C library's streams: those seek, too. */
static int say(const char *format, long number)
{
	char text[64];
	int length = snprintf(text, sizeof(text), format, number);

	return write(1, text, length) == length;
}

int main(int argc, char **argv)
{
	long most = atol(argv[1]), burst = atol(argv[2]), made = 0;
	int fd = memfd_create("numbered", 0);
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (fd < 0 || !say("pid %ld\n", getpid()) || sigtimedwait(&signals, NULL, &(struct timespec){ 20, 0 }) != SIGUSR1)
		return 2;
	while (made < most) {
		for (long left = burst; left > 0 && made < most; left--, made++)
			if (syscall(SYS_lseek, fd, made, SEEK_SET) != made)
				return 3;
		if (sigtimedwait(&signals, NULL, &(struct timespec){ 0, 1000000 }) == SIGTERM)
			break;
	}
	return say("%ld\n", made) ? 0 : 4;
}
