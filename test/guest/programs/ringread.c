/* A plain reader of the sysdig module's rings, to compare with: all that it does with a record is to check it.
 *
 *     ringread [-t MS] [-w MS] [-c COUNT] [-f] [-o FILE]
 *
 *     -t MS     reads for that long; without it, until SIGINT, SIGTERM or -c
 *     -c COUNT  reads until so many records came or were dropped
 *     -w MS     enables the capture and then waits before it reads: the rings fill
 *     -f        has only the setns calls of flood recorded
 *     -o FILE   writes each record, preceded by its CPU as u16, once the capture is over
 *
 * It says "ready" on standard error when the capture runs, and ends with a line of JSON. `bad` counts records whose lengths do
 * not add up, that are older than the one before them on the CPU, or that lie outside what the ring holds; `gaps` the
 * calls of flood that are missing between those that came. `seconds` is the time from the first to the last read that found
 * something, `busy` what these took of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define RING (8u << 20)
#define MAX_CPUS 64
#define KEEP (512ul << 20)

enum { DISABLE_CAPTURE = 0x7300, ENABLE_CAPTURE = 0x7301, MASK_ZERO = 0x7305, MASK_SET = 0x7306 };
enum { SETNS_E = 240, SETNS_X = 241 };

struct record {
	uint64_t ts, tid;
	uint32_t len;
	uint16_t type;
	uint32_t nparams;
	uint16_t lengths[];
} __attribute__((packed));

struct info {
	_Atomic uint32_t head, tail;
	uint64_t n_evts, drops_buffer, drops_pf, preemptions, switches;
};

static struct ring {
	int fd, cpu;
	struct info *info;
	const uint8_t *data;
	uint64_t events, bytes, last, flood;
	int64_t previous;
} rings[MAX_CPUS];

static int count;
static uint64_t events, bad, gaps, first_ns, last_ns, busy_ns;
static uint8_t *kept, *keep;
static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = signal;
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void rest(long us)
{
	nanosleep(&(struct timespec){ us / 1000000, us % 1000000 * 1000 }, NULL);
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void open_rings(void)
{
	char path[32];

	/* A CPU that is offline has a device, too. */
	for (int cpu = 0; cpu < MAX_CPUS; cpu++) {
		struct ring *ring = &rings[count];

		snprintf(path, sizeof path, "/dev/scap%d", cpu);
		ring->fd = open(path, O_RDWR | O_CLOEXEC);
		if (ring->fd < 0 && (errno == ENODEV || errno == ENOENT))
			continue;
		if (ring->fd < 0)
			die(path);
		ring->data = mmap(NULL, 2 * RING, PROT_READ, MAP_SHARED, ring->fd, 0);
		ring->info = mmap(NULL, sizeof *ring->info, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
		if (ring->data == MAP_FAILED || ring->info == MAP_FAILED)
			die("mmap");
		ring->cpu = cpu;
		count++;
	}
	if (count == 0) {
		fprintf(stderr, "there is no /dev/scap0\n");
		exit(1);
	}
}

static void check_flood(struct ring *ring, const struct record *record)
{
	int64_t fd;

	memcpy(&fd, (const uint8_t *)(record->lengths + record->nparams), sizeof fd);
	/* -1 begins another run of flood. */
	if (ring->flood++ > 0 && fd < ring->previous)
		gaps += ring->previous - fd - 1;
	ring->previous = fd;
}

static int check(struct ring *ring, const struct record *record, uint32_t room)
{
	uint64_t sum = sizeof *record;

	if (room < sizeof *record || record->len > room || record->len < sizeof *record + 2 * record->nparams)
		return 0;
	for (uint32_t i = 0; i < record->nparams; i++)
		sum += 2 + record->lengths[i];
	if (sum != record->len || record->ts < ring->last)
		return 0;
	ring->last = record->ts;
	return 1;
}

static uint32_t drain(struct ring *ring)
{
	uint32_t tail = ring->info->tail, head = ring->info->head, held = (head - tail) & (RING - 1);
	const uint8_t *at = ring->data + tail, *end = at + held;

	while (at < end) {
		const struct record *record = (const void *)at;

		if (!check(ring, record, end - at)) {
			bad++;
			break; /* where the next one begins is not known */
		}
		if (record->type == SETNS_E)
			check_flood(ring, record);
		if (keep != NULL && keep + record->len + 2 <= kept + KEEP) {
			*(uint16_t *)keep = ring->cpu;
			memcpy(keep + 2, record, record->len);
			keep += 2 + record->len;
		}
		ring->events++;
		events++;
		at += record->len;
	}
	ring->bytes += held;
	ring->info->tail = (tail + held) & (RING - 1);
	return held;
}

static uint32_t drain_all(void)
{
	uint64_t start = now();
	uint32_t held = 0;

	for (int i = 0; i < count; i++)
		held += drain(&rings[i]);
	if (held > 0) {
		last_ns = now();
		busy_ns += last_ns - start;
		if (first_ns == 0)
			first_ns = start;
	}
	return held;
}

static uint64_t dropped(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += rings[i].info->drops_buffer + rings[i].info->drops_pf + rings[i].info->preemptions;
	return sum;
}

static void all(unsigned long request)
{
	for (int i = 0; i < count; i++)
		if (ioctl(rings[i].fd, request, 0) != 0)
			die("ioctl");
}

static void print(void)
{
	uint64_t bytes = 0, wraps = 0;
	double seconds = (last_ns - first_ns) / 1e9, busy = busy_ns / 1e9;

	for (int i = 0; i < count; i++) {
		bytes += rings[i].bytes;
		wraps += rings[i].bytes / RING;
	}
	printf("{\"events\":%lu,\"bytes\":%lu,\"wraps\":%lu,\"bad\":%lu,\"gaps\":%lu,\"seconds\":%.6f,\"busy\":%.6f,\"cpus\":[",
	       events, bytes, wraps, bad, gaps, seconds, busy);
	for (int i = 0; i < count; i++) {
		struct ring *ring = &rings[i];
		struct info *info = ring->info;

		printf("%s{\"cpu\":%d,\"events\":%lu,\"flood\":%lu,\"n_evts\":%lu,\"drops_buffer\":%lu,\"drops_pf\":%lu,\"preemptions\":%lu}",
		       i > 0 ? "," : "", ring->cpu, ring->events, ring->flood, info->n_evts, info->drops_buffer, info->drops_pf, info->preemptions);
	}
	printf("]}\n");
}

int main(int argc, char **argv)
{
	uint64_t until = UINT64_MAX, wanted = UINT64_MAX;
	long wait_ms = 0, flood_only = 0;
	const char *path = NULL;
	int option;

	while ((option = getopt(argc, argv, "t:w:c:fo:")) != -1) {
		switch (option) {
		case 't': until = atol(optarg) * 1000000ul; break;
		case 'w': wait_ms = atol(optarg); break;
		case 'c': wanted = atol(optarg); break;
		case 'f': flood_only = 1; break;
		case 'o': path = optarg; break;
		default: return 2;
		}
	}
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	if (path != NULL) {
		/* In memory until the end: writing would be recorded, and written, and recorded. */
		kept = keep = mmap(NULL, KEEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (kept == MAP_FAILED)
			die("mmap");
	}
	open_rings();
	if (flood_only && (ioctl(rings[0].fd, MASK_ZERO, 0) | ioctl(rings[0].fd, MASK_SET, SETNS_E) | ioctl(rings[0].fd, MASK_SET, SETNS_X)) != 0)
		die("mask");
	all(ENABLE_CAPTURE);
	fprintf(stderr, "ready\n");
	if (until != UINT64_MAX)
		until += now();
	rest(wait_ms * 1000);
	while (!stopped && now() < until && events + dropped() < wanted && bad == 0)
		if (drain_all() == 0)
			rest(500);
	all(DISABLE_CAPTURE);
	drain_all();
	print();
	if (path != NULL) {
		FILE *file = fopen(path, "w");

		if (file == NULL || fwrite(kept, 1, keep - kept, file) != (size_t)(keep - kept) || fclose(file) != 0)
			die(path);
	}
	return bad > 0;
}
