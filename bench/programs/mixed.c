/* getppid, and one call in a thousand that somebody is interested in. */
#include "loop.h"
#include <sys/syscall.h>

static void turn(void)
{
	static unsigned n;

	syscall(++n % 1000 == 0 ? SYS_getuid : SYS_getppid);
}

int main(int argc, char **argv)
{
	return run(argc, argv, turn, 1);
}
