/* Makes COUNT calls of setns, pinned to one CPU, as fast as it can, and prints how many it made:
 *
 *     flood CPU COUNT
 *
 * Nothing else in the guest calls it, it has an event type of its own, and it fails at once: there is no file -1, -2, …
 * These numbers are in the enter events, so that a reader sees whether one is missing or torn.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	cpu_set_t cpus;
	long made = 0, count;

	if (argc != 3)
		return 2;
	CPU_ZERO(&cpus);
	CPU_SET(atoi(argv[1]), &cpus);
	count = atol(argv[2]);
	if (sched_setaffinity(0, sizeof cpus, &cpus) != 0)
		return 3;
	while (made < count && syscall(SYS_setns, -1 - made, 0) < 0 && errno == EBADF)
		made++;
	printf("%ld\n", made);
	return made == count ? 0 : 4;
}
