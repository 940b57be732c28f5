/* The rings, from the producer's side: reserve, write in place, commit.
 *
 * A CPU's ring has one producer, the programs running on that CPU, and they do not interrupt each other: tracepoint
 * programs run with preemption off. The one exception, a page fault raised while an argument is read, is caught by
 * `busy` and counted.
 */
#pragma once

#include "../../abi.h"

/* Set by the loader before the program is loaded: constants to the verifier. */
const volatile __u32 ring_size = 8u << 20;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the loader sets one per online CPU */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, RING_INFO_STRIDE);
} ring_infos SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, (8u << 20) + RING_SLACK);
} ring_data SEC(".maps");

/* CPU number to index in the two maps. A CPU that came online after the start has none. */
__u16 slot_of_cpu[MAX_CPUS];
/* Hits on such CPUs. */
__u64 n_drops_no_ring;

struct ring {
	struct ring_info *info;
	__u32 slot;
};

static __always_inline bool ring_here(struct ring *ring)
{
	__u32 cpu = bpf_get_smp_processor_id();

	ring->slot = slot_of_cpu[cpu & (MAX_CPUS - 1)];
	ring->info = bpf_map_lookup_elem(&ring_infos, &ring->slot);
	if (ring->info)
		return true;
	__sync_fetch_and_add(&n_drops_no_ring, 1);
	return false;
}

/* Where the next record begins: RING_RESERVE bytes may be written from there on. Null when they may not; that is counted
 * here. The tail is the consumer's word: it is only ever used as a number to subtract. */
static __always_inline __u8 *ring_reserve(struct ring *ring)
{
	struct ring_info *info = ring->info;

	info->n_evts++;
	if (info->busy) {
		info->n_preemptions++;
		return 0;
	}

	__u32 head = info->head;
	__u32 tail = *(volatile __u32 *)&info->tail;
	__u32 used = (head - tail) & (ring_size - 1);
	__u8 *data = bpf_map_lookup_elem(&ring_data, &ring->slot);

	if (!data || ring_size - used <= RING_RESERVE) {
		info->n_drops_buffer++;
		return 0;
	}
	info->busy = 1;
	return data + (head & (ring_size - 1));
}

/* The place that is reserved at the moment, for a function that the verifier checks on its own: it cannot be handed a
 * pointer into the ring. */
static __always_inline __u8 *ring_reserved(__u32 slot)
{
	struct ring_info *info = bpf_map_lookup_elem(&ring_infos, &slot);
	__u8 *data = bpf_map_lookup_elem(&ring_data, &slot);

	return info && data ? data + (info->head & (ring_size - 1)) : 0;
}

/* Hands the record that was written at the reserved place to the consumer. */
static __always_inline void ring_commit(struct ring *ring, __u32 len)
{
	struct ring_info *info = ring->info;
	__u32 head = (info->head & (ring_size - 1)) + len;

	if (head >= ring_size) {
		__u8 *data = bpf_map_lookup_elem(&ring_data, &ring->slot);

		head -= ring_size;
		if (data && head > 0)
			bpf_probe_read_kernel(data, head & (RING_RESERVE - 1), data + ring_size);
	}
	info->busy = 0;
#ifdef __TARGET_ARCH_x86
	/* Stores are not reordered on x86: it is enough to hold the compiler back. */
	barrier();
	*(volatile __u32 *)&info->head = head;
#else
	__sync_lock_test_and_set(&info->head, head);
#endif
}
