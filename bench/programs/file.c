/* open, read and close of a small file; its path is in $BENCH_FILE. */
#include "loop.h"
#include <fcntl.h>

static const char *path;

static void turn(void)
{
	char bytes[512];
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, bytes, sizeof(bytes)) < 0)
		_exit(2);
	close(fd);
}

int main(int argc, char **argv)
{
	path = getenv("BENCH_FILE");
	return path ? run(argc, argv, turn, 3) : 2;
}
