/* Makes the calls that it is told on standard input, one a line, and prints what each returned: a value, or −errno.
 *
 *     open PATH FLAGS | ioctl FD NR ARG | get FD NR | mmap FD LENGTH PROT OFFSET | munmap MAP | peek MAP OFFSET | poke MAP OFFSET VALUE | close FD
 *
 * `get` is an ioctl that fills a u64, which is printed. A MAP is the number that mmap printed. "thread " in front: the call is
 * made by a thread of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static struct { uint8_t *at; size_t len; } maps[64];
static int map_count;
static long result;

static long failed(long value)
{
	return value < 0 ? -errno : value;
}

static long call(const char *line)
{
	char path[256];
	long a, b, c, d;
	uint64_t value = 0;

	if (sscanf(line, "open %255s %ld", path, &a) == 2)
		return failed(open(path, a));
	if (sscanf(line, "ioctl %ld %ld %ld", &a, &b, &c) == 3)
		return failed(ioctl(a, 's' << 8 | b, c));
	if (sscanf(line, "get %ld %ld", &a, &b) == 2)
		return ioctl(a, 's' << 8 | b, &value) < 0 ? -errno : (long)value;
	if (sscanf(line, "mmap %ld %ld %ld %ld", &a, &b, &c, &d) == 4) {
		void *at = mmap(NULL, b, c, MAP_SHARED, a, d);
		if (at == MAP_FAILED)
			return -errno;
		maps[map_count].at = at;
		maps[map_count].len = b;
		return map_count++;
	}
	if (sscanf(line, "munmap %ld", &a) == 1)
		return failed(munmap(maps[a].at, maps[a].len));
	if (sscanf(line, "peek %ld %ld", &a, &b) == 2)
		return maps[a].at[b];
	if (sscanf(line, "poke %ld %ld %ld", &a, &b, &c) == 3)
		return maps[a].at[b] = c;
	if (sscanf(line, "close %ld", &a) == 1)
		return failed(close(a));
	return -ENOSYS;
}

static void *in_thread(void *line)
{
	result = call(line);
	return NULL;
}

int main(void)
{
	char line[512];
	pthread_t thread;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (strncmp(line, "thread ", 7) != 0) {
			result = call(line);
		} else {
			pthread_create(&thread, NULL, in_thread, line + 7);
			pthread_join(thread, NULL);
		}
		printf("%ld\n", result);
		fflush(stdout);
	}
	return 0;
}
