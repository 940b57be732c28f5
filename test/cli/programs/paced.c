/* Makes system calls at a steady rate, and as many as are due by the clock: those of a millisecond at a time.
 *
 * Usage: paced CALLS_PER_MILLISECOND MILLISECONDS. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int calls = argc > 1 ? atoi(argv[1]) : 200, turns = argc > 2 ? atoi(argv[2]) : 1000;
	struct timespec due;

	clock_gettime(CLOCK_MONOTONIC, &due);
	for (int turn = 0; turn < turns; turn++) {
		for (int i = 0; i < calls; i++)
			syscall(SYS_getppid);
		due.tv_nsec += 1000000;
		if (due.tv_nsec >= 1000000000) {
			due.tv_nsec -= 1000000000;
			due.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
	}
	printf("%d\n", calls * turns);
	return 0;
}
