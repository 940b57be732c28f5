/*
 * What a program knows of itself, written down while it runs: its threads as /proc shows them, its open files as the kernel lists
 * them. Each line has a number, and the thread that wrote it calls close(-1000 - number) afterwards: with that the line has its
 * place among the thread's events. Lines lie in a shared mapping, so that writing one makes no event.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINES = 16384, LINE = 768, PROC_FD = 400, BOOK_FD = 401, FIRST_MARKER = 1000, FEW = 72, MAX_FD = 410 };

struct book {
	atomic_uint next;
	char lines[LINES][LINE];
};

static struct book *book;
/* What was last written of each fd, so that only changes are. Processes that share a table but no memory forget it. */
static char written[MAX_FD][LINE];
/* Of this thread and its process in the initial pid namespace, and the process whose table of fds this is. */
static __thread int tid, pid;
static int table;

static void die(const char *what) {
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	_exit(1);
}

static long must(long result, const char *what) {
	if (result < 0) die(what);
	return result;
}
#define MUST(call) must((call), #call)

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
	unsigned line = atomic_fetch_add(&book->next, 1);
	if (line >= LINES) die("the book is full");
	va_list values;
	va_start(values, format);
	vsnprintf(book->lines[line], LINE, format, values);
	va_end(values);
	syscall(SYS_close, -FIRST_MARKER - (int)line);
}

/* Who this is, in numbers of the /proc that PROC_FD is. */
static void identify(void) {
	char self[64] = "";
	MUST(readlinkat(PROC_FD, "thread-self", self, sizeof self - 1));
	if (sscanf(self, "%d/task/%d", &pid, &tid) != 2) die(self);
}

static void open_book(const char *path) {
	int fd = MUST(open(path, O_RDWR | O_CREAT, 0666));
	MUST(ftruncate(fd, sizeof *book));
	MUST(dup2(fd, BOOK_FD));
	close(fd);
	fd = MUST(open("/proc", O_RDONLY | O_DIRECTORY));
	MUST(dup2(fd, PROC_FD));
	close(fd);
}

static void map_book(void) {
	book = mmap(NULL, sizeof *book, PROT_READ | PROT_WRITE, MAP_SHARED, BOOK_FD, 0);
	if (book == MAP_FAILED) die("mmap");
}

static void address(char *text, size_t size, const struct sockaddr_storage *any, socklen_t length) {
	char ip[INET6_ADDRSTRLEN];
	if (any->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)any;
		snprintf(text, size, "%s:%d", inet_ntop(AF_INET, &in->sin_addr, ip, sizeof ip), ntohs(in->sin_port));
	} else if (any->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const void *)any;
		snprintf(text, size, "%s:%d", inet_ntop(AF_INET6, &in->sin6_addr, ip, sizeof ip), ntohs(in->sin6_port));
	} else if (any->ss_family == AF_UNIX) {
		const struct sockaddr_un *un = (const void *)any;
		int path = (int)length - (int)offsetof(struct sockaddr_un, sun_path);
		if (path > 0 && un->sun_path[0] == 0) snprintf(text, size, "@%.*s", path - 1, un->sun_path + 1);
		else if (path > 0) snprintf(text, size, "%s", un->sun_path);
	}
}

static void describe(int fd, char *line) {
	char name[32], link[300] = "", local[120] = "", remote[120] = "";
	struct stat stat;
	snprintf(name, sizeof name, "%d/fd/%d", pid, fd);
	if (readlinkat(PROC_FD, name, link, sizeof link - 1) < 0 || fstat(fd, &stat) < 0) {
		line[0] = 0;
		return;
	}
	int at = snprintf(line, LINE, "fd\ttable=%d\tfd=%d\tlink=%s\tkind=%o\tino=%lu", table, fd, link, stat.st_mode & S_IFMT, stat.st_ino);
	if (!S_ISSOCK(stat.st_mode)) return;
	int domain = 0, type = 0, protocol = 0, listens = 0;
	socklen_t size = sizeof domain;
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
	struct sockaddr_storage any = {0};
	size = sizeof any;
	if (getsockname(fd, (void *)&any, &size) == 0) address(local, sizeof local, &any, size);
	memset(&any, 0, sizeof any);
	size = sizeof any;
	if (getpeername(fd, (void *)&any, &size) == 0) address(remote, sizeof remote, &any, size);
	snprintf(line + at, LINE - at, "\tdomain=%d\ttype=%d\tproto=%d\tlistens=%d\tlocal=%s\tremote=%s", domain, type, protocol, listens, local, remote);
}

/* Every open file. They are so since the last exit event of that name. */
static void scan(const char *since) {
	char line[LINE];
	for (int fd = 0; fd < MAX_FD; fd++) {
		if (fd == FEW) fd = PROC_FD - 4;
		if (fcntl(fd, F_GETFD) < 0) {
			if (written[fd][0] != 0) say("gone\ttable=%d\tfd=%d\tsince=%s", table, fd, since);
			written[fd][0] = 0;
			continue;
		}
		describe(fd, line);
		if (strcmp(line, written[fd]) == 0) continue;
		strcpy(written[fd], line);
		say("%s\tsince=%s", line, since);
	}
}

/* The same of one that is new: the scan's own fcntl would be the last one of that name. */
static void scan_one(int fd, const char *since) {
	describe(fd, written[fd]);
	say("%s\tsince=%s", written[fd], since);
}

static int peek(const char *name) {
	int fd = MUST(openat(PROC_FD, name, O_RDONLY | O_CLOEXEC));
	scan_one(fd, "openat");
	return fd;
}

static void unpeek(int fd) {
	close(fd);
	written[fd][0] = 0;
	say("gone\ttable=%d\tfd=%d\tsince=close", table, fd);
}

static int slurp(const char *file, char *into, int size) {
	char name[64];
	snprintf(name, sizeof name, "%d/task/%d/%s", pid, tid, file);
	int fd = peek(name), length = MUST(read(fd, into, size - 1));
	into[length] = 0;
	unpeek(fd);
	return length;
}

static void last_number(const char *status, const char *key, char *into, int which) {
	const char *line = strstr(status, key);
	into[0] = 0;
	if (line == NULL) return;
	for (line += strlen(key); which > 0; which--) line += strspn(line, " \t"), line += strcspn(line, " \t\n");
	line += strspn(line, " \t");
	snprintf(into, 24, "%.*s", (int)strcspn(line, " \t\n"), line);
}

static void follow_link(const char *name, char *into, int size) {
	char path[64];
	snprintf(path, sizeof path, "%d/task/%d/%s", pid, tid, name);
	int length = readlinkat(PROC_FD, path, into, size - 1);
	into[length < 0 ? 0 : length] = 0;
}

/* What /proc says of this thread. */
static void facts(const char *since) {
	char comm[32], cmdline[512], status[4096], exe[200], cwd[200], root[200];
	char ppid[24], uid[24], gid[24], vpid[24], vtid[24], pgid[24], sid[24];
	comm[slurp("comm", comm, sizeof comm) - 1] = 0;
	int length = slurp("cmdline", cmdline, sizeof cmdline);
	for (int i = 0; i + 1 < length; i++) if (cmdline[i] == 0) cmdline[i] = '\x1f';
	slurp("status", status, sizeof status);
	follow_link("exe", exe, sizeof exe);
	follow_link("cwd", cwd, sizeof cwd);
	follow_link("root", root, sizeof root);
	last_number(status, "\nPPid:", ppid, 0);
	last_number(status, "\nUid:", uid, 1);
	last_number(status, "\nGid:", gid, 1);
	/* The last of NStgid: as its own namespace counts. */
	const char *ids[] = {"\nNStgid:", "\nNSpid:", "\nNSpgid:", "\nNSsid:"};
	char *into[] = {vpid, vtid, pgid, sid};
	for (int i = 0; i < 4; i++) {
		char next[24];
		last_number(status, ids[i], into[i], 0);
		const char *line = strstr(status, ids[i]);
		int columns = 0;
		if (line != NULL) for (const char *c = line + strlen(ids[i]); *c != '\n'; c++) columns += *c == '\t';
		if (columns > 1) last_number(status, ids[i], next, columns - 1), strcpy(into[i], next);
	}
	say("thread\ttid=%d\tpid=%d\ttable=%d\tppid=%s\tcomm=%s\tcmdline=%s\texe=%s\tcwd=%s\troot=%s\tuid=%s\tgid=%s\tvpid=%s\tvtid=%s\tpgid=%s\tsid=%s\tsince=%s",
			tid, pid, table, ppid, comm, cmdline, exe, cwd, root, uid, gid, vpid, vtid, pgid, sid, since);
}

/* In a new process, which has a copy of its parent's table, or (`shared`) the same. */
static void begin(int shared) {
	int from = table;
	identify();
	if (shared) {
		memset(written, 0, sizeof written);
	} else {
		table = pid;
		say("copy\ttable=%d\tfrom=%d\tsince=first", table, from);
		/* Lines say the table: those of the parent do not count. */
		memset(written, 0, sizeof written);
	}
	facts("first");
	scan("first");
}
