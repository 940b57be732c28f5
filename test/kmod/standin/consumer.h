/* Who has opened the driver's devices, and what each has asked of them.
 *
 * In the stand-in's folder a consumer is `consumerN.json`, its state after the last call, and for each CPU that is online
 * `consumerN.ringC.data` and `.info`, the memory that it maps. `log` has a line for each call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "rules.h"

#define PAGE 4096ul
#define MAX_CPUS 64

struct consumer {
	struct consumer *next;
	char *folder;
	int id;
	pid_t tid;       /* the thread that opens; the module compares task pointers */
	size_t ring;
	u64 online;
	u64 open, enabled;  /* bit sets of CPUs */
	unsigned int snaplen, sampling, tps;
	bool dynamic_snaplen, drop_failed, page_faults;
	unsigned char mask[64];
};

/* The one that opens from this thread; NULL if there is none. */
struct consumer *find_consumer(const char *folder, pid_t tid);
/* A new one, with empty rings; a negative errno if there is no room for it. */
int add_consumer(const char *folder, const struct rules *rules, pid_t tid, struct consumer **added);
void remove_consumer(struct consumer *c);
/* Bits from..to−1, of all consumers where they share a mask. Others are saved; `of` is, by whoever changes it. */
void set_mask(struct consumer *of, const struct rules *rules, u64 from, u64 to, bool on);
void set_tps(struct consumer *of, const struct rules *rules, unsigned int tps);
void save(const struct consumer *c);
/* A descriptor of a ring's `data` or `info`, for the caller to close. */
int memory(const struct consumer *c, int cpu, const char *kind);
/* Makes that file all zeros, and closes it. */
int set_size(int fd, size_t bytes);
/* Adds a line to the log and returns `result`. */
long report(const char *folder, const char *call, const struct consumer *c, int cpu, long nr, unsigned long arg, long result);
