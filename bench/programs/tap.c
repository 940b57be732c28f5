/* Writes frames of one size to a TAP as fast as it can: what the kernel allows.
 *
 * Usage: tap NAME BYTES COUNT. Makes the interface, prints "ready", waits for a byte on standard input, writes, prints
 * {"written":…,"wallNs":…,"cpuNs":…} and stays until standard input ends. O_NONBLOCK is the driver's shorter way (tun_build_skb). */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	static unsigned char frame[2048] = { 2, 's', 'y', 's', 0, 2, 2, 's', 'y', 's', 0, 1, 0x88, 0xb5, 1 };
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int bytes, fd, any;
	long long count, written = 0, start, start_cpu;
	char path[100], byte;
	FILE *ipv6;

	if (argc < 4)
		return 2;
	bytes = atoi(argv[2]);
	count = atoll(argv[3]);
	if (bytes < 60 || bytes > 2048)
		return 2;
	strncpy(request.ifr_name, argv[1], IFNAMSIZ - 1);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	any = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
		perror(argv[1]);
		return 1;
	}
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", argv[1]);
	ipv6 = fopen(path, "w");
	if (ipv6) {
		fputs("1", ipv6);
		fclose(ipv6);
	}
	request.ifr_flags = IFF_NOARP | IFF_UP;
	if (ioctl(any, SIOCSIFFLAGS, &request) != 0) {
		perror(argv[1]);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	if (read(0, &byte, 1) != 1)
		return 1;

	start = now(CLOCK_MONOTONIC);
	start_cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	for (; written < count; written++) {
		if (write(fd, frame, bytes) != bytes) {
			perror("write");
			return 1;
		}
	}
	printf("{\"written\":%lld,\"wallNs\":%lld,\"cpuNs\":%lld}\n", written, now(CLOCK_MONOTONIC) - start, now(CLOCK_PROCESS_CPUTIME_ID) - start_cpu);
	fflush(stdout);
	return read(0, &byte, 1) != 0;
}
