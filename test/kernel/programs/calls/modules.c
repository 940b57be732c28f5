/* Modules: images that are none. */
#define _GNU_SOURCE
#include <fcntl.h>

#include "calls.h"

void modules(void)
{
	char image[128];

	for (int i = 0; i < 128; i++)
		image[i] = 3 * i;
	S(init_module, image, 128L, "debug=1"); line("init_module", "res=n:%ld\timg=h:%s\tlength=n:128\tuargs=s:debug=1", r, hex(image, 80));
	S(init_module, 8, 1L << 40, edge - 2); line("init_module", "res=n:%ld\timg=h:\tlength=n:%ld\tuargs=-", r, 1L << 40);
	S(open, "module", O_RDWR | O_CREAT, 0600);
	int fd = r;
	S(finit_module, fd, "option=1", 1); line("finit_module", "res=n:%ld\tfd=n:%d\tuargs=s:option=1\tflags=f:MODULE_INIT_IGNORE_MODVERSIONS", r, fd);
	S(finit_module, -1, 8, 0); line("finit_module", "res=n:%ld\tfd=n:-1\tuargs=-\tflags=f:", r);
	close_fd(fd);
	S(delete_module, "no_such_module", O_NONBLOCK); line("delete_module", "res=n:%ld\tname=s:no_such_module\tflags=f:O_NONBLOCK", r);
	S(delete_module, 8, O_TRUNC); line("delete_module", "res=n:%ld\tname=-\tflags=f:O_TRUNC", r);
}
