#define _GNU_SOURCE
#include "consumer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct consumer *consumers;

static int real_open(const char *path, int flags)
{
	return syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

static void put_file(const struct consumer *c, const char *folder, const char *name, int flags, const char *text)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (c != NULL)
		snprintf(path, sizeof(path), "%s/consumer%d.json", folder, c->id);
	int fd = real_open(path, O_WRONLY | O_CREAT | flags);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	syscall(SYS_close, fd);
}

long report(const char *folder, const char *call, const struct consumer *c, int cpu, long nr, unsigned long arg, long result)
{
	char line[256];

	snprintf(line, sizeof(line), "{\"call\":\"%s\",\"consumer\":%d,\"cpu\":%d,\"tid\":%d,\"nr\":%ld,\"arg\":%lu,\"result\":%ld}\n",
		 call, c == NULL ? -1 : c->id, cpu, gettid(), nr, arg, result);
	put_file(NULL, folder, "log", O_APPEND, line);
	return result;
}

void save(const struct consumer *c)
{
	char text[512], mask[2 * sizeof(c->mask) + 1];

	for (size_t i = 0; i < sizeof(c->mask); i++)
		sprintf(mask + 2 * i, "%02x", c->mask[i]);
	snprintf(text, sizeof(text),
		 "{\"id\":%d,\"tid\":%d,\"ring\":%zu,\"online\":\"%llu\",\"open\":\"%llu\",\"enabled\":\"%llu\",\"snaplen\":%u,\"sampling\":%u,"
		 "\"tps\":%u,\"dynamicSnaplen\":%d,\"dropFailed\":%d,\"pageFaults\":%d,\"mask\":\"%s\"}\n",
		 c->id, c->tid, c->ring, c->online, c->open, c->enabled, c->snaplen, c->sampling, c->tps, c->dynamic_snaplen, c->drop_failed,
		 c->page_faults, mask);
	put_file(c, c->folder, "", O_TRUNC, text);
}

int memory(const struct consumer *c, int cpu, const char *kind)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/consumer%d.ring%d.%s", c->folder, c->id, cpu, kind);
	return real_open(path, O_RDWR | O_CREAT);
}

int set_size(int fd, size_t bytes)
{
	int failed = ftruncate(fd, 0) < 0 || ftruncate(fd, bytes) < 0;

	syscall(SYS_close, fd);
	return failed ? -ENOMEM : 0;
}

/* Rings of a consumer begin empty: both files are holes, and holes are zeros. */
int add_consumer(const char *folder, const struct rules *rules, pid_t tid, struct consumer **added)
{
	static int ids;
	unsigned int count = 0;
	struct consumer *c;

	for (c = consumers; c != NULL; c = c->next)
		count += strcmp(c->folder, folder) == 0;
	if (count >= (rules->single ? 1 : rules->max_consumers))
		return -EBUSY;
	c = calloc(1, sizeof(*c));
	*c = (struct consumer){.next = consumers, .folder = strdup(folder), .id = ids++, .tid = tid, .ring = rules->ring,
			       .online = rules->online, .tps = rules->tps};
	for (int cpu = 0; cpu < MAX_CPUS; cpu++)
		if (c->online >> cpu & 1 && (set_size(memory(c, cpu, "data"), c->ring) < 0 || set_size(memory(c, cpu, "info"), PAGE) < 0))
			return -ENOMEM;
	*added = consumers = c;
	return 0;
}

void set_mask(struct consumer *of, const struct rules *rules, u64 from, u64 to, bool on)
{
	for (struct consumer *c = rules->global_mask ? consumers : of; c != NULL; c = rules->global_mask ? c->next : NULL) {
		if (strcmp(c->folder, of->folder) != 0)
			continue;
		for (u64 bit = from; bit < to && bit < 8 * sizeof(c->mask); bit++)
			c->mask[bit / 8] = on ? c->mask[bit / 8] | 1 << bit % 8 : c->mask[bit / 8] & ~(1 << bit % 8);
		if (c != of)
			save(c);
	}
}

void set_tps(struct consumer *of, const struct rules *rules, unsigned int tps)
{
	for (struct consumer *c = rules->global_tps ? consumers : of; c != NULL; c = rules->global_tps ? c->next : NULL)
		if (strcmp(c->folder, of->folder) == 0) {
			c->tps = tps;
			if (c != of)
				save(c);
		}
}

struct consumer *find_consumer(const char *folder, pid_t tid)
{
	struct consumer *c = consumers;

	while (c != NULL && (c->tid != tid || strcmp(c->folder, folder) != 0))
		c = c->next;
	return c;
}

void remove_consumer(struct consumer *c)
{
	struct consumer **at = &consumers;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	free(c->folder);
	free(c);
}
