/* Watches which BPF programs the kernel takes, until its standard input ends, and then prints one line for each, in the order in
 * which they were loaded:
 *
 *     NAME TYPE INSTRUCTIONS VERIFIED
 *
 * NAME is what the kernel keeps of it, 15 characters; TYPE an enum bpf_prog_type; INSTRUCTIONS how many it has, VERIFIED how
 * many the verifier went through. Programs that were there before are left out; those that go again are not missed, since
 * their descriptor is kept, unless they live for less than a millisecond. "ready" comes first.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_PROGRAMS 256
#define INSTRUCTION_BYTES 8

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof *attr);
}

/* The next program behind `id`; 0 when there is none. */
static uint32_t next_after(uint32_t id)
{
	union bpf_attr attr = { .start_id = id };

	return bpf(BPF_PROG_GET_NEXT_ID, &attr) == 0 ? attr.next_id : 0;
}

static int print(int fd)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { .info = { .bpf_fd = fd, .info_len = sizeof info, .info = (uintptr_t)&info } };

	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) != 0) {
		perror("BPF_OBJ_GET_INFO_BY_FD");
		return 1;
	}
	printf("%s %u %u %u\n", info.name[0] ? info.name : "-", info.type, info.xlated_prog_len / INSTRUCTION_BYTES, info.verified_insns);
	return 0;
}

int main(void)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };
	int programs[MAX_PROGRAMS], count = 0, wrong = 0;
	uint32_t last = 0;

	for (uint32_t id; (id = next_after(last)) != 0; last = id)
		;
	puts("ready");
	fflush(stdout);
	while (poll(&input, 1, 1) == 0) {
		for (uint32_t id; count < MAX_PROGRAMS && (id = next_after(last)) != 0; last = id) {
			union bpf_attr attr = { .prog_id = id };
			int fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);

			if (fd >= 0)
				programs[count++] = fd;
		}
	}
	for (int i = 0; i < count; i++)
		wrong |= print(programs[i]);
	return wrong;
}
