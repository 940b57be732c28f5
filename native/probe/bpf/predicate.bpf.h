/* What has to be so of a record that is wanted: all that the reader has asked for. What it has not asked for is a constant
 * that the verifier knows, and costs nothing.
 */
#pragma once

#include "record.bpf.h"

const volatile bool match_pids = false;
const volatile bool match_tids = false;
const volatile bool match_comms = false;
const volatile bool match_failed = false;

/* Sets; the loader makes them as large as they have to be. */
#define SET(name, key_type)                      \
	struct {                                 \
		__uint(type, BPF_MAP_TYPE_HASH); \
		__uint(max_entries, 1);          \
		__type(key, key_type);           \
		__type(value, __u8);             \
	} name SEC(".maps")

struct comm {
	char text[COMM_SIZE]; /* zeros behind its end */
};

SET(matching_pids, __u32);
SET(matching_tids, __u32);
SET(matching_comms, struct comm);

/* `task` is the calling thread. */
static __always_inline bool predicate(struct task_struct *task, bool failed)
{
	if (match_failed && !failed)
		return false;
	if (match_pids) {
		__u32 tgid = task->tgid;

		if (!bpf_map_lookup_elem(&matching_pids, &tgid))
			return false;
	}
	if (match_tids) {
		__u32 tid = task->pid;

		if (!bpf_map_lookup_elem(&matching_tids, &tid))
			return false;
	}
	if (match_comms) {
		struct comm comm = {};

		bpf_get_current_comm(&comm, sizeof(comm));
		if (!bpf_map_lookup_elem(&matching_comms, &comm))
			return false;
	}
	return true;
}
