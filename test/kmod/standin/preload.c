/* Stands between a program and the kernel for the driver's devices and for what /sys says of CPUs and modules; everything
 * else goes straight through. Loaded with LD_PRELOAD.
 *
 * $STANDIN names the folder of the driver to play and is read at each open(), so one process can meet many drivers. A
 * device exists if the folder has `dev/NAME`: without one there is no such device, whatever the machine itself has. A file
 * below /sys is read from the folder's `sys/` if it is there.
 *
 * Nothing of libc is wrapped: system calls are made directly. A mapping is gone when one munmap() covers all of it.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "driver.h"

#define DESCRIPTORS 65536
#define MAPPINGS 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct device *devices[DESCRIPTORS]; /* by descriptor */
static struct mapping { char *at; size_t len; struct device *device; } mappings[MAPPINGS];

static long answer(long result)
{
	if (result >= 0 || result < -4095)
		return result;
	errno = -result;
	return -1;
}

/* The number behind /dev/scap, /dev/sysdig or /dev/falco; −1 for every other path. */
static int device_number(const char *path)
{
	static const char *const NAMES[] = {"/dev/scap", "/dev/sysdig", "/dev/falco"};

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
		size_t len = strlen(NAMES[i]);
		if (strncmp(path, NAMES[i], len) == 0 && isdigit((unsigned char)path[len]))
			return atoi(path + len);
	}
	return -1;
}

/* The same path in the folder, if it is one that the stand-in has a say in. */
static const char *redirected(const char *path, char *place, size_t size)
{
	const char *folder = getenv("STANDIN");

	if (path == NULL)
		return path;
	bool device = device_number(path) >= 0;
	if (!device && strncmp(path, "/sys/devices/system/cpu/", 24) != 0 && strncmp(path, "/sys/module/", 12) != 0)
		return path;
	snprintf(place, size, "%s%s", folder == NULL ? "/nonexistent" : folder, path);
	return device || syscall(SYS_faccessat, AT_FDCWD, place, F_OK) == 0 ? place : path;
}

static int opened(int at, const char *path, int flags, mode_t mode)
{
	char place[512];
	struct device *device = NULL;
	const char *real = redirected(path, place, sizeof(place));
	int fd = syscall(SYS_openat, at, real, flags, mode);

	if (fd < 0 || real == path || device_number(path) < 0)
		return fd;
	pthread_mutex_lock(&lock);
	int error = fd < DESCRIPTORS ? driver_open(getenv("STANDIN"), device_number(path), flags, &device) : -EMFILE;
	if (error == 0)
		devices[fd] = device;
	pthread_mutex_unlock(&lock);
	if (error == 0)
		return fd;
	syscall(SYS_close, fd);
	return answer(error);
}

static mode_t mode_of(int flags, va_list args)
{
	return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
}

#define OPEN(name) \
	int name(const char *path, int flags, ...) \
	{ \
		va_list args; \
		va_start(args, flags); \
		mode_t mode = mode_of(flags, args); \
		va_end(args); \
		return opened(AT_FDCWD, path, flags, mode); \
	}
#define OPENAT(name) \
	int name(int at, const char *path, int flags, ...) \
	{ \
		va_list args; \
		va_start(args, flags); \
		mode_t mode = mode_of(flags, args); \
		va_end(args); \
		return opened(at, path, flags, mode); \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* What open() becomes under _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __openat_2(int at, const char *path, int flags) { return opened(at, path, flags, 0); }
int __openat64_2(int at, const char *path, int flags) { return opened(at, path, flags, 0); }

int access(const char *path, int mode)
{
	char place[512];

	return syscall(SYS_faccessat, AT_FDCWD, redirected(path, place, sizeof(place)), mode);
}

int close(int fd)
{
	if (fd >= 0 && fd < DESCRIPTORS && devices[fd] != NULL) {
		pthread_mutex_lock(&lock);
		driver_put(devices[fd], "close");
		devices[fd] = NULL;
		pthread_mutex_unlock(&lock);
	}
	return syscall(SYS_close, fd);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;

	va_start(args, request);
	unsigned long arg = va_arg(args, unsigned long);
	va_end(args);
	if (fd < 0 || fd >= DESCRIPTORS || devices[fd] == NULL)
		return syscall(SYS_ioctl, fd, request, arg);
	pthread_mutex_lock(&lock);
	long result = driver_ioctl(devices[fd], request, arg);
	pthread_mutex_unlock(&lock);
	return answer(result);
}

void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (fd < 0 || fd >= DESCRIPTORS || devices[fd] == NULL || (flags & MAP_ANONYMOUS) != 0)
		return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, offset);
	pthread_mutex_lock(&lock);
	struct device *device = devices[fd];
	int references = device->refs;
	long at = driver_mmap(device, addr, len, prot, flags, offset);
	for (struct mapping *m = mappings; device->refs > references; m++) {
		if (m == mappings + MAPPINGS)
			abort();
		if (m->device != NULL)
			continue;
		*m = (struct mapping){(char *)at, len, device};
		break;
	}
	pthread_mutex_unlock(&lock);
	return (void *)answer(at);
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return mmap64(addr, len, prot, flags, fd, offset);
}

int munmap(void *addr, size_t len)
{
	char *from = addr;
	int result = syscall(SYS_munmap, addr, len);

	if (result < 0)
		return result;
	pthread_mutex_lock(&lock);
	for (struct mapping *m = mappings; m < mappings + MAPPINGS; m++)
		if (m->device != NULL && m->at >= from && m->at + m->len <= from + ((len + 4095) & ~4095ul)) {
			driver_put(m->device, "munmap");
			m->device = NULL;
		}
	pthread_mutex_unlock(&lock);
	return result;
}
