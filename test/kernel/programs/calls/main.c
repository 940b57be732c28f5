/* Runs the families named by its arguments, or all of them, when SIGUSR1 says so, and prints the record. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "calls.h"

struct record *record;
int me, nth, last;
long r;
char *edge;

static const struct {
	const char *name;
	void (*run)(void);
} families[] = {
	{ "files", files }, { "memory", memory }, { "waiting", waiting }, { "sockets", sockets }, { "ids", ids },
	{ "owners", owners }, { "limits", limits }, { "namespaces", namespaces }, { "semaphores", semaphores }, { "messages", messages },
	{ "control", control }, { "modules", modules }, { "rings", rings }, { "processes", processes }, { "others", others },
	{ "hostile", hostile }, { "races", races },
};

static void record_line(int which, const char *name, const char *format, va_list args)
{
	char text[16384];
	int len = snprintf(text, sizeof(text), "%s\t%d\t@=%d\t", name, me, which);

	len += vsnprintf(text + len, sizeof(text) - len - 1, format, args);
	text[len++] = '\n';
	memcpy(record->text + __atomic_fetch_add(&record->used, len, __ATOMIC_RELAXED), text, len);
}

void line(const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	record_line(last, name, format, args);
	va_end(args);
}

void line_of(int which, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	record_line(which, name, format, args);
	va_end(args);
}

void more_events(int count)
{
	__atomic_add_fetch(&record->returned, count, __ATOMIC_RELAXED);
	nth += count;
}

void generic(const char *name, int nr)
{
	line(name, "nativeID=n:%d\t…=?", nr);
}

const char *hex(const void *from, int len)
{
	static char out[4][1024];
	static int turn;
	char *to = out[turn++ & 3];

	to[0] = 0;
	for (int i = 0; i < len; i++)
		sprintf(to + 2 * i, "%02x", ((const unsigned char *)from)[i]);
	return to;
}

/* With statx, which has no event of its own. The call before it stays the last one for line(). */
struct stat stat_of(int fd)
{
	struct stat st = { 0 };
	struct statx x;

	if (fd >= 0 && made(SYS_statx, fd, (long)"", AT_EMPTY_PATH, STATX_INO, (long)&x, 0) == 0) {
		st.st_dev = (x.stx_dev_minor & 0xff) | (x.stx_dev_major << 8) | ((x.stx_dev_minor & ~0xffu) << 12);
		st.st_ino = x.stx_ino;
	}
	return st;
}

int opened(long fd)
{
	return fd < 0 ? -1 : (int)fd;
}

void close_fd(int fd)
{
	S(close, fd);
	line("close", "res=n:%ld\tfd=n:%d", r, fd);
}

int forked(void)
{
	long pid = made(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);

	if (pid == 0) {
		/* Coming back from clone is the child's first. */
		nth = 1;
		me = made(SYS_gettid, 0, 0, 0, 0, 0, 0);
		/* A call that waits for what never comes. */
		made(SYS_alarm, 20, 0, 0, 0, 0, 0);
	}
	return pid;
}

void ended(int pid)
{
	made(SYS_wait4, pid, 0, __WALL, 0, 0, 0);
}

void end(int code)
{
	made(SYS_exit_group, code, 0, 0, 0, 0, 0);
	__builtin_unreachable();
}

static void rung(int sig)
{
	/* libc comes back from here with rt_sigreturn. */
	__atomic_add_fetch(&record->entered, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&record->returned, 1, __ATOMIC_RELAXED);
	nth++;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = rung };
	sigset_t start;

	record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	edge = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	munmap(edge + 4096, 4096);
	memset(edge, 'e', 4096);
	edge += 4096;
	/* Everything comes into memory: the probe does not wait for what a call's beginning finds nowhere. */
	mlockall(MCL_CURRENT);
	munlockall();
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&start);
	sigaddset(&start, SIGUSR1);
	sigprocmask(SIG_BLOCK, &start, NULL);
	umask(0);
	me = gettid();
	dprintf(1, "pid %d\n", me);
	if (made(SYS_rt_sigtimedwait, (long)&start, 0, (long)&(struct timespec){ 20, 0 }, 8, 0, 0) < 0)
		return 3;
	/* Who looks from outside began to while that waited. */
	record->entered = 0;
	nth = 1;
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		int chosen = argc == 1;

		for (int arg = 1; arg < argc; arg++)
			chosen |= strcmp(argv[arg], families[i].name) == 0;
		if (chosen)
			families[i].run();
	}
	/* This and the end are the last ones. */
	record->used += sprintf(record->text + record->used, "made\t0\tentered=%ld\treturned=%ld\n", record->entered + 2, record->returned + 1);
	if (made(SYS_write, 1, (long)record->text, record->used, 0, 0, 0) != record->used)
		end(4);
	end(0);
}
