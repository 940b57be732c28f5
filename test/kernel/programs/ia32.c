// System calls as a 32-bit process makes them, by int 0x80 from a 64-bit program; test/kernel/ia32.test.ts knows what must
// arrive. In the end it becomes a real 32-bit program, if there is one: argv[1].
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

// arch/x86/entry/syscalls/syscall_32.tbl
enum {
	READ = 3, WRITE = 4, CLOSE = 6, EXECVE = 11, LSEEK = 19, OLD_MMAP = 90, SOCKETCALL = 102, WRITEV = 146, NANOSLEEP = 162,
	PREAD64 = 180, MMAP2 = 192, STAT64 = 195, SETRESUID32 = 208, FUTEX = 240, OPENAT = 295, GETPPID = 64, SOCKET = 359,
	BREAK = 17,
};

static long call(long nr, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f)
{
	long ret;
	register uintptr_t sixth __asm__("r12") = f;

	__asm__ volatile("xchg %[f], %%rbp\n\tint $0x80\n\txchg %[f], %%rbp"
			 : "=a"(ret), [f] "+r"(sixth)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)ret;
}

// What such a call is given has to lie below 4 GiB.
static struct low {
	char path[64], missing[64], text[64];
	struct { uint32_t base, len; } pieces[2];
	uint32_t words[6], argv[3], pair[2];
	struct { uint32_t name; int32_t namelen; uint32_t iov, iovlen, control, controllen, flags; } msg;
	struct { int32_t sec, nsec; } nap;
	struct { int32_t sec, usec; } timeout;
} *low;
#define AT(member) ((uint32_t)(uintptr_t)&low->member)
#define WORDS(...) memcpy(low->words, (uint32_t[6]){ __VA_ARGS__ }, sizeof low->words)

int main(int argc, char **argv)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	low = mmap(0, sizeof *low, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	strcpy(low->path, "ia32.txt");
	strcpy(low->missing, "/nonexistent/ia32");
	strcpy(low->text, "0123456789");
	unlink(low->path);
	printf("pid %d\n", getpid());
	fflush(stdout);
	sigwait(&set, &sig);

	int fd = call(OPENAT, AT_FDCWD, AT(path), O_RDWR | O_CREAT | O_TRUNC, 0600, 0, 0);
	call(WRITE, fd, AT(text), 10, 0, 0, 0);
	call(LSEEK, fd, -3, SEEK_END, 0, 0, 0);
	call(READ, fd, AT(text), 3, 0, 0, 0);
	call(PREAD64, fd, AT(text), 4, 2, 1, 0); // at 4 GiB + 2
	low->pieces[0].base = low->pieces[1].base = AT(text);
	low->pieces[0].len = 2;
	low->pieces[1].len = 3;
	call(WRITEV, fd, AT(pieces), 2, 0, 0, 0);
	call(STAT64, AT(missing), AT(text), 0, 0, 0, 0);
	call(MMAP2, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 2); // page 2
	WORDS(0, 8192, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 4096);
	call(OLD_MMAP, AT(words), 0, 0, 0, 0, 0);
	call(SETRESUID32, -1, -1, -1, 0, 0, 0);
	call(FUTEX, AT(words), 1, 7, 0, 0, 0);
	low->nap.nsec = 1000;
	call(NANOSLEEP, AT(nap), 0, 0, 0, 0, 0);
	call(BREAK, 0, 0, 0, 0, 0, 0);
	call(GETPPID, 0, 0, 0, 0, 0, 0);

	WORDS(AF_UNIX, SOCK_DGRAM, 0, AT(pair));
	call(SOCKETCALL, 8, AT(words), 0, 0, 0, 0); // socketpair
	low->timeout.sec = 3;
	low->timeout.usec = 5;
	WORDS(low->pair[0], SOL_SOCKET, 20, AT(timeout), sizeof low->timeout); // SO_RCVTIMEO
	call(SOCKETCALL, 14, AT(words), 0, 0, 0, 0); // setsockopt
	low->msg.iov = AT(pieces);
	low->msg.iovlen = 2;
	WORDS(low->pair[0], AT(msg), 0);
	call(SOCKETCALL, 16, AT(words), 0, 0, 0, 0); // sendmsg
	WORDS(low->pair[0], AT(text), 6, 0, 0xdead, 0xbeef);
	call(SOCKETCALL, 9, AT(words), 0, 0, 0, 0); // send
	call(SOCKETCALL, 77, AT(words), 0, 0, 0, 0); // none
	call(SOCKET, AF_INET, SOCK_STREAM, 0, 0, 0, 0);
	call(CLOSE, fd, 0, 0, 0, 0, 0);

	low->argv[0] = AT(text);
	low->argv[1] = AT(path);
	call(EXECVE, AT(missing), AT(argv), 0, 0, 0, 0);
	printf("fd %d pair %d %d\n", fd, low->pair[0], low->pair[1]);
	fflush(stdout);
	if (argc > 1)
		execl(argv[1], argv[1], "thirty-two", NULL);
	return 0;
}
