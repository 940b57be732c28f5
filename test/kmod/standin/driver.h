/* The driver that the stand-in plays, and what it keeps for each open device. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct consumer;

/* An open device: a descriptor, and mappings that outlive it. The last of them to go releases it, as in the kernel. */
struct device {
	struct consumer *consumer;
	int cpu;
	int flags;
	int refs;
};

/* All return a negative errno where the kernel would. The caller holds the one lock. */
int driver_open(const char *folder, int cpu, int flags, struct device **opened);
long driver_ioctl(struct device *device, unsigned int nr, unsigned long arg);
/* Returns the mapping's address or a negative errno; counts a reference. */
long driver_mmap(struct device *device, void *addr, size_t len, int prot, int flags, off_t offset);
void driver_put(struct device *device, const char *by);
