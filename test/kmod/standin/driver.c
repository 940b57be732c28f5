/* The module's rules: who may open, map and set what, and in which state that leaves a consumer.
 *
 * Not played: ioctls that need the kernel's lists of processes (refused), the event that DISABLE_DROPPING_MODE writes.
 */
#define _GNU_SOURCE
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "consumer.h"

#define SYSCALLS 512
#define TRACEPOINTS 9
#define SNAPLEN 80

static int open_ring(const char *folder, const struct rules *rules, int cpu, struct consumer **found)
{
	pid_t tid = rules->single ? 0 : gettid();
	struct consumer *c = find_consumer(folder, tid);
	int error = rules_fault(rules, "open", cpu, 0);

	if (error != 0)
		return -error;
	if (c == NULL && (error = add_consumer(folder, rules, tid, &c)) < 0)
		return error;
	*found = c;
	/* As in the module, a consumer whose first device is that of an offline CPU stays, and may have opened nothing. */
	if (!(c->online >> cpu & 1))
		return -ENODEV;
	if (c->open >> cpu & 1)
		return -EBUSY;
	c->snaplen = SNAPLEN;
	c->sampling = 1;
	c->dynamic_snaplen = c->drop_failed = false;
	c->open |= 1ull << cpu;
	c->enabled = rules->enabled ? c->enabled | 1ull << cpu : c->enabled & ~(1ull << cpu);
	set_mask(c, rules, 0, rules->mask_bits, rules->mask_full);
	save(c);
	return set_size(memory(c, cpu, "info"), PAGE);
}

int driver_open(const char *folder, int cpu, int flags, struct device **opened)
{
	struct consumer *c = NULL;
	struct rules rules;

	if (!rules_read(folder, &rules))
		return -ENOENT;
	int error = open_ring(folder, &rules, cpu, &c);
	report(folder, "open", c, cpu, 0, flags, error);
	if (error < 0)
		return error;
	*opened = malloc(sizeof(**opened));
	**opened = (struct device){.consumer = c, .cpu = cpu, .flags = flags, .refs = 1};
	return 0;
}

static void release(struct device *device)
{
	struct consumer *c = device->consumer;

	c->open &= ~(1ull << device->cpu);
	c->enabled &= ~(1ull << device->cpu);
	save(c);
	report(c->folder, "release", c, device->cpu, 0, 0, 0);
	free(device);
	if (c->open == 0)
		remove_consumer(c);
}

void driver_put(struct device *device, const char *by)
{
	report(device->consumer->folder, by, device->consumer, device->cpu, 0, 0, 0);
	if (--device->refs == 0)
		release(device);
}

/* Numbers as in the driver's ppm_events_public.h. */
static long control(struct device *device, const struct rules *rules, unsigned int nr, unsigned long arg)
{
	struct consumer *c = device->consumer;
	unsigned int value = arg;
	u64 cpu = 1ull << device->cpu;

	switch (nr) {
	case 0: c->enabled &= ~cpu; return 0;
	case 1: c->enabled |= cpu; return 0;
	case 2: c->sampling = 1; return 0;
	case 3:
		if (value == 0 || value > 128 || (value & (value - 1)) != 0)
			return -EINVAL;
		c->sampling = value;
		return 0;
	case 4:
		if (value > rules->snaplen_max)
			return -EINVAL;
		c->snaplen = value;
		return 0;
	case 5:
		set_mask(c, rules, 0, rules->mask_bits, false);
		set_mask(c, rules, 148, 150, true);
		return 0;
	case 6: case 29:
		if (value >= rules->set_limit)
			return -EINVAL;
		set_mask(c, rules, value, value + 1, true);
		return 0;
	case 7: case 30:
		if (value >= rules->unset_limit)
			return -EINVAL;
		set_mask(c, rules, value, value + 1, false);
		return 0;
	case 8: c->dynamic_snaplen = false; return 0;
	case 9: c->dynamic_snaplen = true; return 0;
	case 12: return gettid();
	case 13: return getpid();
	case 14: case 15: case 17: case 18: case 22: case 23: return 0;
	case 19: c->page_faults = true; return 0;
	case 21: strcpy((char *)arg, rules->version); return 0;
	case 24: *(u64 *)arg = rules->api; return 0;
	case 25: *(u64 *)arg = rules->schema; return 0;
	case 26: set_tps(c, rules, value & ((1 << TRACEPOINTS) - 1)); return 0;
	case 27: *(unsigned int *)arg = c->tps; return 0;
	case 28: set_mask(c, rules, 0, SYSCALLS, false); return 0;
	case 31: case 32:
		if (value >= TRACEPOINTS)
			return -EINVAL;
		set_tps(c, rules, nr == 31 ? c->tps | 1 << value : c->tps & ~(1 << value));
		return 0;
	case 33: c->drop_failed = false; return 0;
	case 34: c->drop_failed = true; return 0;
	default: return -EINVAL; /* 10, 11, 16, 20 need the kernel's own lists, and no capture needs them */
	}
}

long driver_ioctl(struct device *device, unsigned int request, unsigned long arg)
{
	struct consumer *c = device->consumer;
	unsigned int nr = request & 0xff;
	struct rules rules;
	long result;

	if (!rules_read(c->folder, &rules))
		return -EBUSY;
	int error = rules_fault(&rules, "ioctl", device->cpu, nr);
	if (error != 0)
		result = -error;
	else if (request >> 8 != 's' || nr >= 64 || !(rules.ioctls >> nr & 1))
		result = -ENOTTY;
	else
		result = control(device, &rules, nr, arg);
	save(c);
	return report(c->folder, "ioctl", c, device->cpu, nr, arg, result);
}

/* Both halves of the data show the same bytes, as after the module's two rounds of remap_pfn_range. */
static long map(struct device *device, void *addr, size_t len, int prot, int flags, bool info)
{
	int fd = memory(device->consumer, device->cpu, info ? "info" : "data");
	size_t part = info ? len : len / 2;
	char *base = (char *)syscall(SYS_mmap, addr, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | (flags & MAP_FIXED), -1, 0);

	for (size_t at = 0; base != MAP_FAILED && at < len; at += part)
		if (syscall(SYS_mmap, base + at, part, prot, MAP_SHARED | MAP_FIXED | (flags & MAP_POPULATE), fd, 0) < 0)
			abort();
	syscall(SYS_close, fd);
	return base == MAP_FAILED ? -ENOMEM : (long)base;
}

static long checked_map(struct device *device, void *addr, size_t len, int prot, int flags, off_t offset)
{
	bool info = len <= PAGE;
	struct rules rules;
	int error = rules_read(device->consumer->folder, &rules) ? rules_fault(&rules, "mmap", device->cpu, info) : EIO;

	if (len == 0)
		return -EINVAL;
	if ((device->flags & O_ACCMODE) == O_WRONLY || ((device->flags & O_ACCMODE) == O_RDONLY && prot & PROT_WRITE && flags & MAP_SHARED))
		return -EACCES;
	if (error != 0)
		return -error;
	if (offset != 0 || (!info && (len != 2 * device->consumer->ring || prot & PROT_WRITE)))
		return -EIO;
	return map(device, addr, len, prot, flags, info);
}

long driver_mmap(struct device *device, void *addr, size_t len, int prot, int flags, off_t offset)
{
	size_t pages = (len + PAGE - 1) & ~(PAGE - 1);
	long result = checked_map(device, addr, pages, prot, flags, offset);

	if (result > 0 || result < -4095)
		device->refs++;
	report(device->consumer->folder, "mmap", device->consumer, device->cpu, len, prot, result < 0 ? result : 0);
	return result;
}
