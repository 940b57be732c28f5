/* Memory and time. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <sys/mman.h>
#include <time.h>

#include "calls.h"

void memory(void)
{
	int word = 5;

	S(mmap, 0L, 12288L, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1L, 0L);
	unsigned long at = r;
	line("mmap", "res=n:%ld\taddr=n:0\tlength=n:12288\tprot=f:PROT_READ|PROT_WRITE\tflags=f:MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE\tfd=n:-1\toffset=n:0\tvm_size=?\tvm_rss=?\tvm_swap=n:0", r);
	S(mmap, at, 4096L, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, 99L, 8192L);
	line("mmap", "res=n:%d\taddr=n:%lu\tlength=n:4096\tprot=f:PROT_READ|PROT_EXEC\tflags=f:MAP_SHARED|MAP_FIXED\tfd=n:99\toffset=n:8192\tvm_size=?\tvm_rss=?\tvm_swap=n:0", -EBADF, at);
	S(munmap, at, 12288L);
	line("munmap", "res=n:0\taddr=n:%lu\tlength=n:12288\tvm_size=?\tvm_rss=?\tvm_swap=n:0", at);
	S(munmap, at + 1, 4096L);
	line("munmap", "res=n:%d\taddr=n:%lu\tlength=n:4096\tvm_size=?\tvm_rss=?\tvm_swap=n:0", -EINVAL, at + 1);
	S(brk, 0L);
	line("brk", "res=n:%ld\taddr=n:0\tvm_size=?\tvm_rss=?\tvm_swap=n:0", r);
	S(futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 3, NULL, NULL, 0);
	line("futex", "res=n:0\taddr=n:%lu\top=f:FUTEX_WAKE|FUTEX_PRIVATE_FLAG\tval=n:3", (unsigned long)&word);
	S(futex, &word, FUTEX_WAIT, 7, NULL, NULL, 0);
	line("futex", "res=n:%d\taddr=n:%lu\top=f:FUTEX_WAIT\tval=n:7", -EAGAIN, (unsigned long)&word);
	struct timespec short_time = { 0, 1500000 }, wrong = { 0, 2000000000 };
	S(nanosleep, &short_time, NULL); line("nanosleep", "res=n:0\tinterval=n:1500000");
	S(nanosleep, &wrong, NULL); line("nanosleep", "res=n:%d\tinterval=n:2000000000", -EINVAL);
}
