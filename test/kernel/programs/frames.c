/* Sends the frames on standard input, a line of hexadecimal digits each, out of the interface that is named. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = argc > 1 ? if_nametoindex(argv[1]) : 0 };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	char line[8192];

	if (fd < 0 || bind(fd, (void *)&to, sizeof(to)) != 0) {
		perror("frames");
		return 1;
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		unsigned char frame[4096];
		size_t length = 0;

		while (sscanf(line + 2 * length, "%2hhx", &frame[length]) == 1)
			length++;
		if (send(fd, frame, length, 0) != (ssize_t)length) {
			perror("send");
			return 1;
		}
	}
	return 0;
}
