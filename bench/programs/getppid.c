/* The cheapest system call there is, so that what a tracer adds shows most. */
#include "loop.h"
#include <sys/syscall.h>

static void turn(void)
{
	syscall(SYS_getppid);
}

int main(int argc, char **argv)
{
	return run(argc, argv, turn, 1);
}
