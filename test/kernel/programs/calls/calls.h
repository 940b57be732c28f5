/* Makes calls, counts them and keeps a record of what was passed and what came back:
 *
 *     NAME \t TID \t @=NTH \t PARAMETER=VALUE \t …
 *
 * one line for each call that is to be looked at. NTH counts the calls of its thread that came back, from 0. Values: n:number,
 * s:text, h:bytes in hex, f:NAME|NAME flags by their C names, a:address, t:tuple, p:fd/POLLIN+POLLOUT,… m:a minimum,
 * k:what is in it, and "-" for none; "…" in place of a parameter stands for all that are not named. The processes of the program share the
 * record's memory; main() prints it at the end. x86-64, and no libc behind the calls: it would make some of its own.
 */
#ifndef CALLS_H
#define CALLS_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct record {
	long entered, returned; /* calls of all processes; returned counts events where a call has several */
	int stop;               /* what races with a call is to end */
	int used;
	char text[8 << 20];
};
extern struct record *record;

/* Of this process: its thread, how many of its calls have come back, which of them was made with S, and what that gave: 0
 * or more, or the negative errno. */
extern int me, nth, last;
extern long r;

/* Inlined, so that the two ends of a vfork do not return through one frame. */
static inline __attribute__((always_inline)) long made(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long result;

	__atomic_add_fetch(&record->entered, 1, __ATOMIC_RELAXED);
	__asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
	__atomic_add_fetch(&record->returned, 1, __ATOMIC_RELAXED);
	nth++;
	return result;
}

#define SIX(a, b, c, d, e, f, ...) (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)
#define FILLED(...) SIX(__VA_ARGS__)
#define S(name, ...) (last = nth, r = made(SYS_##name, FILLED(__VA_ARGS__ __VA_OPT__(,) 0, 0, 0, 0, 0, 0)))
/* One that has no event of its own. */
#define G(name, ...) (S(name, ##__VA_ARGS__), generic(#name, SYS_##name))

/* The last call's line; line_of() says which call it was. */
void line(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
void line_of(int which, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
void generic(const char *name, int nr);
void more_events(int count); /* than one of the last call */
const char *hex(const void *from, int len);
struct stat stat_of(int fd);
int opened(long fd);
void close_fd(int fd);

/* Children, for what spoils a process. forked() is 0 in the child, which has 20 s. */
int forked(void);
void ended(int pid);
void end(int code) __attribute__((noreturn));

/* Pages for hostile arguments: nothing is mapped behind `edge`. */
extern char *edge;

void files(void), memory(void), waiting(void), sockets(void), ids(void);
void owners(void), limits(void), namespaces(void), semaphores(void), messages(void), control(void), modules(void), rings(void);
void processes(void), others(void), hostile(void), races(void);

#endif
