/* Does what gives threads and files their names, in every way there is, and writes down what they are called: see names.h.
 * names BOOK FOLDER: half of it is there before it waits for SIGUSR1. */
#define _GNU_SOURCE
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include "names.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>

static char self[300], folder[200];
static char buffer[64];
/* Each step waits for the one before: a byte that goes there, one that comes back. */
static int go[3][2], done[2];

static void reap(int child) {
	int status;
	MUST(waitpid(child, &status, __WALL));
	if (status != 0) {
		fprintf(stderr, "child %d ended with %x\n", child, status);
		_exit(1);
	}
}

/* A process that is like fork's. `shared`: its files are the caller's. */
static int child(unsigned long flags) {
	int child = MUST(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0));
	if (child == 0) begin((flags & CLONE_FILES) != 0);
	return child;
}

static void again(const char *how) {
	char *const argv[] = {"names: once more", "again", (char *)how, "", "two words", NULL};
	char *const env[] = {"NAMES=1", NULL};
	if (strcmp(how, "execveat") == 0) {
		int fd = MUST(open(self, O_PATH | O_CLOEXEC));
		scan("openat");
		syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
	} else {
		execve(self, argv, env);
	}
	die("exec");
}

/* What exec has started: the files are those that are not closed by it. */
static int after_exec(const char *how) {
	map_book();
	identify();
	table = pid;
	say("fresh\ttable=%d\tsince=%s", table, how);
	facts(how);
	scan(how);
	MUST(write(BOOK_FD, "", 0));
	return 0;
}

static void files(void) {
	int fd, other;
	MUST(mkdir("a dir", 0777)); MUST(mkdir("a dir/deep", 0777)); MUST(symlink("a dir", "link"));
	fd = MUST(syscall(SYS_open, "plain", O_RDWR | O_CREAT, 0666)); scan("open");
	MUST(write(fd, "text", 4)); MUST(lseek(fd, 0, SEEK_SET)); MUST(read(fd, buffer, 9)); MUST(pread(fd, buffer, 3, 1));
	struct iovec parts[2] = {{buffer, 2}, {buffer + 2, 2}};
	MUST(writev(fd, parts, 2)); MUST(preadv(fd, parts, 2, 0)); MUST(ftruncate(fd, 2)); MUST(fsync(fd));
	MUST(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0);
	MUST(unlink("plain")); MUST(write(fd, "more", 4)); scan("unlink");
	close(fd); scan("close");
	fd = MUST(syscall(SYS_creat, "cr\xc3\xa9\xc3\xa9", 0666)); scan("creat"); MUST(write(fd, "x", 1));
	close(fd); scan("close");
	int dir = MUST(openat(AT_FDCWD, "a dir", O_RDONLY | O_DIRECTORY)); scan("openat");
	fd = MUST(openat(dir, "deep/../one two", O_RDWR | O_CREAT | O_CLOEXEC, 0600)); scan("openat");
	MUST(write(fd, "y", 1));
	other = MUST(openat(dir, "../link/one two", O_RDONLY)); scan("openat"); MUST(read(other, buffer, 1));
	close(other); scan("close");
	if (openat(dir, "missing", O_RDONLY) >= 0 || openat(FEW, "x", O_RDONLY) >= 0) die("missing");
	other = MUST(open("/etc/../etc/./passwd", O_RDONLY)); scan("openat"); MUST(read(other, buffer, 8));
	close(other); scan("close");
	if ((other = open(".", O_TMPFILE | O_RDWR, 0600)) >= 0) {
		scan("openat"); MUST(write(other, "t", 1));
		close(other); scan("close");
	}
	MUST(chdir("a dir/deep")); facts("chdir");
	other = MUST(open("relative", O_RDWR | O_CREAT, 0600)); scan("openat"); MUST(write(other, "t", 1));
	close(other); scan("close");
	MUST(fchdir(dir)); facts("fchdir");
	other = MUST(open("./deep/relative", O_RDONLY)); scan("openat"); MUST(read(other, buffer, 1));
	MUST(chdir("..")); facts("chdir");
	MUST(dup2(other, 40)); scan("dup2"); MUST(read(40, buffer, 1));
	MUST(dup2(fd, 40)); scan("dup2"); MUST(write(40, "z", 1));
	MUST(syscall(SYS_dup, 40)); scan("dup");
	MUST(dup3(other, 41, O_CLOEXEC)); scan("dup3"); MUST(read(41, buffer, 1));
	MUST(dup2(41, 41));
	int high = MUST(fcntl(fd, F_DUPFD, 50)); scan_one(high, "fcntl"); MUST(write(high, "z", 1));
	high = MUST(fcntl(other, F_DUPFD_CLOEXEC, 50)); scan_one(high, "fcntl"); MUST(read(high, buffer, 1));
	MUST(fcntl(high, F_SETFD, 0));
	int marked = MUST(dup(fd)); scan("dup");
	MUST(fcntl(marked, F_SETFD, FD_CLOEXEC)); say("marked\tfd=%d", marked);
	/* 41 and the marked one end with exec, the rest stays. */
	int one = child(0);
	if (one == 0) again("execve");
	reap(one);
	if (syscall(SYS_close_range, 50, 60, 4) == 0) {
		one = child(0);
		if (one == 0) again("execve");
		reap(one);
	}
	MUST(syscall(SYS_close_range, 40, 60, 0)); scan("close_range");
	if (read(high, buffer, 1) >= 0) die("closed");
	close(marked); scan("close"); close(other); scan("close"); close(fd); scan("close"); close(dir); scan("close");
}

static void pipes(void) {
	int ends[2], more[2];
	MUST(syscall(SYS_pipe, ends)); scan("pipe");
	MUST(pipe2(more, O_CLOEXEC | O_NONBLOCK)); scan("pipe2");
	MUST(write(ends[1], "pipe", 4)); MUST(splice(ends[0], NULL, more[1], NULL, 4, 0)); MUST(read(more[0], buffer, 4));
	int one = child(0);
	if (one == 0) again("execve");
	reap(one);
	close(ends[0]); scan("close"); close(ends[1]); scan("close"); close(more[0]); scan("close"); close(more[1]); scan("close");
}

static struct sockaddr_storage loopback(int family, int port) {
	struct sockaddr_storage any = {.ss_family = family};
	if (family == AF_INET) *(struct sockaddr_in *)&any = (struct sockaddr_in){family, htons(port), {htonl(INADDR_LOOPBACK)}, {0}};
	else *(struct sockaddr_in6 *)&any = (struct sockaddr_in6){family, htons(port), 0, IN6ADDR_LOOPBACK_INIT, 0};
	return any;
}

static struct sockaddr_storage named(int fd) {
	struct sockaddr_storage any = {0};
	socklen_t size = sizeof any;
	MUST(getsockname(fd, (void *)&any, &size));
	return any;
}

static socklen_t size_of(int family) {
	return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

/* One that nobody has. */
static struct sockaddr_storage free_port(int family, int type) {
	struct sockaddr_storage any = loopback(family, 0);
	int fd = MUST(socket(family, type, 0)); scan("socket");
	MUST(bind(fd, (void *)&any, size_of(family)));
	any = named(fd);
	close(fd); scan("close");
	return any;
}

static int listener(int family) {
	struct sockaddr_storage any = free_port(family, SOCK_STREAM);
	int fd = MUST(socket(family, SOCK_STREAM, 0)); scan("socket");
	MUST(bind(fd, (void *)&any, size_of(family)));
	MUST(listen(fd, 5)); scan("bind");
	return fd;
}

static int connected(int family, int to) {
	struct sockaddr_storage any = named(to);
	int fd = MUST(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)); scan("socket");
	MUST(connect(fd, (void *)&any, size_of(family))); scan("connect");
	return fd;
}

static void talk(int fd) {
	MUST(write(fd, "hello", 5)); MUST(read(fd, buffer, 5));
	MUST(send(fd, "hello", 5, 0)); MUST(recv(fd, buffer, 5, 0));
	struct iovec part = {buffer, 5};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	MUST(sendmsg(fd, &message, 0)); MUST(recvmsg(fd, &message, 0));
}

static void tcp(int family) {
	int server = listener(family);
	int one = child(0);
	if (one == 0) {
		talk(connected(family, server));
		_exit(0);
	}
	int fd = MUST(accept4(server, NULL, NULL, SOCK_CLOEXEC)); scan("accept4|accept");
	talk(fd);
	reap(one);
	MUST(shutdown(fd, SHUT_RDWR));
	close(fd); scan("close");
	/* Both ends in one process. */
	int other = connected(family, server);
	fd = MUST(syscall(SYS_accept, server, NULL, NULL)); scan("accept");
	MUST(write(fd, "x", 1)); MUST(read(other, buffer, 1));
	close(server); scan("close");
	close(other); scan("close"); close(fd); scan("close");
	/* Nobody listens there. */
	struct sockaddr_storage any = loopback(family, 1);
	fd = MUST(socket(family, SOCK_STREAM, 0)); scan("socket");
	if (connect(fd, (void *)&any, size_of(family)) == 0) die("connected");
	close(fd); scan("close");
}

/* The peer of a datagram is in the call alone. */
static void peer(int fd, const struct sockaddr_storage *client, const struct sockaddr_storage *server, const char *since) {
	char from[100] = "", to[100] = "";
	address(from, sizeof from, client, 0);
	address(to, sizeof to, server, 0);
	say("peer\ttable=%d\tfd=%d\tname=%s->%s\tsince=%s", table, fd, from, to, since);
}

static void udp(int family) {
	struct sockaddr_storage to = free_port(family, SOCK_DGRAM), from = {0};
	int server = MUST(socket(family, SOCK_DGRAM, 0)); scan("socket");
	MUST(bind(server, (void *)&to, size_of(family))); scan("bind");
	struct iovec part = {buffer, 5};
	struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
	socklen_t size = sizeof from;
	int one = child(0);
	if (one == 0) {
		close(server); scan("close");
		int client = MUST(socket(family, SOCK_DGRAM, 0)); scan("socket");
		MUST(sendto(client, "a", 1, 0, (void *)&to, size_of(family)));
		from = loopback(family, 0);
		struct sockaddr_storage own = named(client);
		((struct sockaddr_in *)&from)->sin_port = ((struct sockaddr_in *)&own)->sin_port;
		peer(client, &from, &to, "sendto");
		MUST(recvfrom(client, buffer, 9, 0, (void *)&from, &size));
		close(client); scan("close");
		client = MUST(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)); scan("socket");
		MUST(connect(client, (void *)&to, size_of(family))); scan("connect");
		MUST(send(client, "c", 1, 0)); MUST(write(client, "d", 1));
		message.msg_name = NULL;
		MUST(recvmsg(client, &message, 0));
		_exit(0);
	}
	MUST(recvfrom(server, buffer, 9, 0, (void *)&from, &size)); peer(server, &from, &to, "recvfrom");
	MUST(sendto(server, "b", 1, 0, (void *)&from, size));
	MUST(read(server, buffer, 1));
	MUST(recvmsg(server, &message, 0)); peer(server, &from, &to, "recvmsg");
	MUST(sendmsg(server, &message, 0));
	reap(one);
	close(server); scan("close");
}

static struct sockaddr_un unix_name(const char *name, socklen_t *size) {
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	strcpy(un.sun_path + (name[0] == '@'), name + (name[0] == '@'));
	*size = offsetof(struct sockaddr_un, sun_path) + strlen(name) + (name[0] != '@');
	return un;
}

static int unix_socket(int type, const char *name, int server) {
	socklen_t size;
	struct sockaddr_un un = unix_name(name, &size);
	int fd = MUST(socket(AF_UNIX, type, 0)); scan("socket");
	if (server) {
		MUST(bind(fd, (void *)&un, size)); scan("bind");
		if (type == SOCK_STREAM) { MUST(listen(fd, 5)); scan("listen"); }
	} else {
		MUST(connect(fd, (void *)&un, size)); scan("connect");
	}
	return fd;
}

static void unix_sockets(const char *name) {
	int server = unix_socket(SOCK_STREAM, name, 1), one = child(0);
	if (one == 0) {
		talk(unix_socket(SOCK_STREAM, name, 0));
		_exit(0);
	}
	int fd = MUST(syscall(SYS_accept, server, NULL, NULL)); scan("accept");
	talk(fd);
	reap(one);
	close(fd); scan("close"); close(server); scan("close");
}

static void unix_datagrams(void) {
	int server = unix_socket(SOCK_DGRAM, "dgram socket", 1), client = unix_socket(SOCK_DGRAM, "dgram socket", 0);
	MUST(send(client, "a", 1, 0)); MUST(recv(server, buffer, 1, 0));
	close(client); scan("close"); close(server); scan("close");
}

/* A file goes through a socket to another process, where it has another number. */
static void rights(void) {
	int ends[2];
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)); scan("socketpair");
	MUST(write(ends[0], "x", 1)); MUST(read(ends[1], buffer, 1));
	union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(int))]; } control = {0};
	struct iovec part = {buffer, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	int one = child(0);
	if (one == 0) {
		MUST(recvmsg(ends[1], &message, 0));
		/* The reader of the events asks the running machine: it is given the time. */
		sleep(1);
		scan("recvmsg");
		int fd;
		memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
		MUST(read(fd, buffer, 4));
		_exit(0);
	}
	int fd = MUST(open("/etc/hosts", O_RDONLY)); scan("openat");
	control.header = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	MUST(sendmsg(ends[0], &message, 0));
	reap(one);
	close(fd); scan("close"); close(ends[0]); scan("close"); close(ends[1]); scan("close");
}

static void anonymous(void) {
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR2);
	int event = MUST(eventfd(1, EFD_CLOEXEC)); scan("eventfd2");
	MUST(read(event, buffer, 8));
	int epoll = MUST(epoll_create1(0)); scan("epoll_create1");
	struct epoll_event interest = {.events = EPOLLIN, .data.fd = event};
	MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &interest)); MUST(epoll_wait(epoll, &interest, 1, 0));
	MUST(timerfd_create(CLOCK_MONOTONIC, 0)); scan("timerfd_create");
	MUST(signalfd(-1, &signals, 0)); scan("signalfd4");
	int notify = MUST(inotify_init1(IN_CLOEXEC)); scan("inotify_init1");
	MUST(inotify_add_watch(notify, ".", IN_CREATE));
	int memory = MUST(memfd_create("mem name", 0)); scan("memfd_create");
	MUST(write(memory, "m", 1));
	MUST(syscall(SYS_pidfd_open, getppid(), 0)); scan("pidfd_open");
	MUST(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)); scan("socket");
	struct io_uring_params params = {0};
	if (syscall(SYS_io_uring_setup, 4, &params) >= 0) scan("io_uring_setup");
	MUST(syscall(SYS_eventfd, 0)); scan("eventfd");
	MUST(syscall(SYS_epoll_create, 1)); scan("epoll_create");
	MUST(syscall(SYS_inotify_init)); scan("inotify_init");
	int one = child(0);
	if (one == 0) again("execve");
	reap(one);
	int last = MUST(dup(event)); scan("dup");
	for (int fd = last; fd >= event; fd--) { close(fd); scan("close"); }
}

static void *in_thread(void *name) {
	identify();
	facts("first");
	MUST(prctl(PR_SET_NAME, name)); facts("prctl");
	int fd = MUST(open("by a thread", O_RDWR | O_CREAT, 0600)); scan("openat");
	MUST(write(fd, "t", 1));
	return (void *)(long)fd;
}

static void *exec_in_thread(void *unused) {
	identify();
	facts("first");
	again("execve");
	return NULL;
}

static void threads(void) {
	pthread_t thread;
	void *fd;
	pthread_create(&thread, NULL, in_thread, "a worker");
	pthread_join(thread, &fd);
	MUST(write((int)(long)fd, "main", 4));
	close((int)(long)fd); scan("close");
	int one = child(0);
	if (one == 0) {
		pthread_create(&thread, NULL, exec_in_thread, NULL);
		pause();
	}
	reap(one);
	/* Files shared by two processes. */
	one = child(CLONE_FILES);
	if (one == 0) {
		MUST(open("in the child", O_RDWR | O_CREAT, 0600)); scan("openat");
		_exit(0);
	}
	reap(one);
	memset(written, 0, sizeof written);
	scan("wait4");
	for (int shared = 3; shared < FEW; shared++) if (strstr(written[shared], "in the child") != NULL) {
		MUST(write(shared, "s", 1));
		close(shared); scan("close");
	}
	/* Until exec, which parts them. */
	one = child(CLONE_FILES);
	if (one == 0) again("execve");
	reap(one);
	memset(written, 0, sizeof written);
	scan("wait4");
}

static void processes(void) {
	int one = MUST(syscall(SYS_fork));
	if (one == 0) {
		begin(0);
		MUST(prctl(PR_SET_NAME, "forked")); facts("prctl");
		int two = child(0);
		if (two == 0) { MUST(write(1, "", 0)); _exit(0); }
		reap(two);
		MUST(setsid()); facts("setsid");
		again("execveat");
	}
	reap(one);
	one = vfork();
	if (one == 0) {
		char *const argv[] = {"vforked", "again", "execve", NULL};
		execve(self, argv, NULL);
		_exit(1);
	}
	reap(one);
	int fd = MUST(open("script", O_WRONLY | O_CREAT | O_CLOEXEC, 0777)); scan("openat");
	MUST(dprintf(fd, "#!%s again\n", self));
	close(fd); scan("close");
	one = child(0);
	if (one == 0) { execl("./script", "./script", "execve", NULL); die("script"); }
	reap(one);
	one = child(0);
	if (one == 0) {
		MUST(setpgid(0, 0)); facts("setpgid");
		MUST(setresgid(-1, 65534, -1)); facts("setresgid");
		MUST(setresuid(-1, 65534, -1)); MUST(prctl(PR_SET_DUMPABLE, 1)); facts("setresuid");
		_exit(0);
	}
	reap(one);
	one = child(0);
	if (one == 0) {
		MUST(setgid(65534)); facts("setgid");
		MUST(setuid(65534)); MUST(prctl(PR_SET_DUMPABLE, 1)); facts("setuid");
		again("execve");
	}
	reap(one);
}

static void in_namespace(void) {
	facts("first");
	int fd = MUST(open("in a namespace", O_RDWR | O_CREAT, 0600)); scan("openat");
	MUST(write(fd, "n", 1));
	MUST(prctl(PR_SET_NAME, "insider")); facts("prctl");
	int one = child(0);
	if (one == 0) {
		pthread_t thread;
		void *value;
		pthread_create(&thread, NULL, in_thread, "inner thread");
		pthread_join(thread, &value);
		again("execve");
	}
	reap(one);
}

static void namespaces(void) {
	int one = child(CLONE_NEWPID);
	if (one == 0) { in_namespace(); _exit(0); }
	reap(one);
	one = child(0);
	if (one == 0) {
		MUST(unshare(CLONE_NEWPID));
		int two = child(0);
		if (two == 0) { in_namespace(); _exit(0); }
		reap(two);
		_exit(0);
	}
	reap(one);
	one = child(CLONE_NEWNET);
	if (one == 0) {
		int fd = MUST(socket(AF_INET, SOCK_DGRAM, 0)); scan("socket");
		struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};
		MUST(ioctl(fd, SIOCSIFFLAGS, &up));
		close(fd); scan("close");
		tcp(AF_INET);
		udp(AF_INET);
		_exit(0);
	}
	reap(one);
	one = child(0);
	if (one == 0) {
		MUST(mkdir("jail", 0777)); MUST(mkdir("jail/in", 0777));
		MUST(chroot("jail")); MUST(chdir("/in")); facts("chdir");
		int fd = MUST(open("file", O_RDWR | O_CREAT, 0600)); scan("openat"); MUST(write(fd, "j", 1));
		close(fd); scan("close");
		fd = MUST(open("/../top", O_RDWR | O_CREAT, 0600)); scan("openat"); MUST(write(fd, "j", 1));
		_exit(0);
	}
	reap(one);
	one = child(0);
	if (one == 0) {
		MUST(mkdir("mounted", 0777));
		if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			mount("none", "mounted", "tmpfs", 0, NULL) < 0) {
			say("skip\tmount namespace");
			_exit(0);
		}
		int fd = MUST(open("mounted/file", O_RDWR | O_CREAT, 0600)); scan("openat"); MUST(write(fd, "m", 1));
		_exit(0);
	}
	reap(one);
}

/* What is there before the first event. */
static int early_sharer, early_peer;
enum { SHARER, THREAD, PEER };
static int early4, early6, early_unix, early_udp, early_file, early_deleted, early_pipe[2], accepted4, accepted6, accepted_unix;

static void turn(int who) {
	MUST(read(go[who][0], buffer, 1));
}

static void wake(int who) {
	MUST(write(go[who][1], "", 1));
}

static void until_done(void) {
	MUST(read(done[0], buffer, 1));
}

static void *early_work(void *unused) {
	identify();
	MUST(prctl(PR_SET_NAME, "early thread"));
	facts("early");
	MUST(write(done[1], "", 1));
	turn(THREAD);
	MUST(write(early_file, "t", 1));
	int fd = MUST(open("late file", O_RDWR | O_CREAT, 0600)); scan("openat");
	MUST(write(fd, "t", 1));
	close(fd); scan("close");
	MUST(write(done[1], "", 1));
	return NULL;
}

static void before(pthread_t *thread) {
	for (int who = 0; who < 3; who++) MUST(pipe2(go[who], 0));
	MUST(pipe2(done, 0));
	early_file = MUST(open("early \xc3\xbc file", O_RDWR | O_CREAT, 0600));
	early_deleted = MUST(open("deleted", O_RDWR | O_CREAT, 0600)); MUST(unlink("deleted"));
	MUST(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	MUST(pipe2(early_pipe, O_CLOEXEC));
	sigset_t signals;
	sigemptyset(&signals);
	int event = MUST(eventfd(1, 0));
	MUST(epoll_create1(0)); MUST(timerfd_create(CLOCK_MONOTONIC, 0)); MUST(signalfd(-1, &signals, 0)); MUST(inotify_init1(0));
	MUST(memfd_create("early memory", 0)); MUST(syscall(SYS_pidfd_open, getppid(), 0)); MUST(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	MUST(read(event, buffer, 8));
	early4 = listener(AF_INET); early6 = listener(AF_INET6);
	early_unix = unix_socket(SOCK_STREAM, "early socket", 1);
	unix_socket(SOCK_STREAM, "@early abstract", 1);
	early_udp = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	struct sockaddr_storage any = loopback(AF_INET, 0);
	MUST(bind(early_udp, (void *)&any, size_of(AF_INET)));
	scan("early");
	early_peer = child(0);
	if (early_peer == 0) {
		int fds[] = {connected(AF_INET, early4), connected(AF_INET6, early6), unix_socket(SOCK_STREAM, "early socket", 0)};
		MUST(prctl(PR_SET_NAME, "early peer")); facts("early");
		MUST(write(done[1], "", 1));
		turn(PEER);
		for (int i = 0; i < 3; i++) talk(fds[i]);
		scan("recvmsg");
		MUST(write(done[1], "", 1));
		_exit(0);
	}
	accepted4 = MUST(accept(early4, NULL, NULL)); accepted6 = MUST(accept(early6, NULL, NULL));
	accepted_unix = MUST(accept(early_unix, NULL, NULL));
	until_done();
	scan("early");
	early_sharer = child(CLONE_FILES);
	if (early_sharer == 0) {
		MUST(prctl(PR_SET_NAME, "early sharer")); facts("early");
		MUST(write(done[1], "", 1));
		turn(SHARER);
		MUST(write(early_file, "s", 1));
		int fd = MUST(open("of both", O_RDWR | O_CREAT, 0600)); scan("openat");
		MUST(write(fd, "s", 1));
		close(fd); scan("close");
		MUST(write(done[1], "", 1));
		_exit(0);
	}
	until_done();
	pthread_create(thread, NULL, early_work, NULL);
	until_done();
	facts("early");
	scan("early");
}

static void from_before(pthread_t thread) {
	MUST(write(early_deleted, "d", 1)); MUST(write(early_pipe[1], "p", 1)); MUST(read(early_pipe[0], buffer, 1));
	wake(SHARER); until_done();
	wake(THREAD); until_done();
	wake(PEER);
	talk(accepted4);
	talk(accepted6);
	talk(accepted_unix);
	until_done();
	pthread_join(thread, NULL);
	reap(early_sharer);
	reap(early_peer);
	memset(written, 0, sizeof written);
	scan("wait4");
}

static void started(int signal) {}

int main(int argc, char **argv) {
	if (argc > 2 && strcmp(argv[1], "again") == 0) return after_exec("execve|execveat");
	if (argc < 3) return 2;
	MUST(readlink("/proc/self/exe", self, sizeof self - 1));
	strcpy(folder, argv[2]);
	open_book(argv[1]);
	map_book();
	MUST(chdir(folder));
	identify();
	table = pid;
	sigset_t start;
	sigemptyset(&start);
	sigaddset(&start, SIGUSR1);
	signal(SIGUSR1, started);
	sigprocmask(SIG_BLOCK, &start, NULL);
	pthread_t thread;
	before(&thread);
	printf("pid %d\n", getpid());
	fflush(stdout);
	int which;
	sigwait(&start, &which);
	from_before(thread);
	rights();
	files();
	pipes();
	tcp(AF_INET);
	tcp(AF_INET6);
	udp(AF_INET);
	udp(AF_INET6);
	unix_sockets("a socket");
	unix_sockets("@an abstract name");
	unix_datagrams();
	anonymous();
	threads();
	processes();
	namespaces();
	return 0;
}
