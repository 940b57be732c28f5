/* What one release of the driver does and does not do: the file `driver` of the stand-in's folder. */
#pragma once

#include <stdbool.h>

typedef unsigned long long u64;

struct rules {
	u64 possible, online;       /* bit sets of CPUs */
	u64 ring;                   /* bytes; 0: the module parameter says it */
	u64 ioctls;                 /* bit set of the numbers that exist */
	u64 single;                 /* before 0.1.99: one consumer, whatever thread it opens from */
	u64 max_consumers;
	u64 api, schema;
	u64 mask_bits;              /* events or system calls that the mask has */
	u64 set_limit, unset_limit; /* the first value that is refused */
	u64 mask_full;              /* an opened device starts with everything in the mask */
	u64 global_mask, global_tps;
	u64 tps;                    /* tracepoints attached at the start */
	u64 enabled;                /* captures from open() on, without ENABLE_CAPTURE */
	u64 snaplen_max;
	char version[32], module[32];
	struct { char step[8]; int cpu, nr, error; } faults[8];
};

/* Read again at each call, so that a test may change its mind. False without such a file. */
bool rules_read(const char *folder, struct rules *rules);
/* The errno that the test wants this step to fail with, or 0: a line `fail STEP CPU NR ERRNO`, −1 for every CPU. */
int rules_fault(const struct rules *rules, const char *step, int cpu, int nr);
