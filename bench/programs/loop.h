/* What the loops have in common: announce the pid, wait for the word to start, pin to a CPU, time the calls.
 *
 * Usage: PROGRAM CPU CALLS. CALLS 0 runs until standard input ends. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <poll.h>

static long long now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static int ended(void)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };
	char byte;

	return poll(&in, 1, 0) == 1 && read(0, &byte, 1) == 0;
}

/* `turn` makes `calls_a_turn` system calls. Both clocks are read: the CPU's own leaves out what other processes took. */
static int run(int argc, char **argv, void (*turn)(void), long calls_a_turn)
{
	char byte;
	cpu_set_t set;
	int cpu = argc > 1 ? atoi(argv[1]) : 0;
	long long turns = (argc > 2 ? atoll(argv[2]) : 0) / calls_a_turn, done = 0;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		perror("sched_setaffinity");
	printf("%d\n", getpid());
	fflush(stdout);
	if (read(0, &byte, 1) != 1)
		return 1;

	long long wall = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);

	if (turns > 0)
		for (; done < turns; done++)
			turn();
	else
		for (; (done & 0xffff) != 0 || !ended(); done++)
			turn();
	wall = now(CLOCK_MONOTONIC) - wall;
	used = now(CLOCK_PROCESS_CPUTIME_ID) - used;
	printf("{\"calls\":%lld,\"wallNs\":%lld,\"cpuNs\":%lld}\n", done * calls_a_turn, wall, used);
	return 0;
}
