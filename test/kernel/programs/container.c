/* Runs alone in a container: opens a file that is not there again and again, until it is told to end or ten seconds are over. */
#include <fcntl.h>
#include <time.h>

int main(void)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };

	for (int i = 0; i < 200; i++) {
		open("/nothing in the container", O_RDONLY);
		nanosleep(&pause, 0);
	}
	return 0;
}
