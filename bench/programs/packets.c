/* Sends frames of one size out of an interface as fast as it can, or so many a second.
 *
 * Usage: packets INTERFACE BYTES COUNT [RATE]. Prints "ready", waits for a byte on standard input, and at the end prints
 * {"sent":…,"wallNs":…}. Past the queueing discipline, in batches; the frames are UDP datagrams to nobody, numbered, of 256 flows. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static unsigned short checksum(const void *header, int words)
{
	const unsigned short *word = header;
	unsigned int sum = 0;

	while (words-- > 0)
		sum += *word++;
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void make(unsigned char *frame, int bytes)
{
	struct ether_header *ether = (void *)frame;
	struct iphdr *ip = (void *)(ether + 1);
	struct udphdr *udp = (void *)(ip + 1);

	memset(frame, 'x', bytes);
	memset(ether->ether_dhost, 2, ETH_ALEN);
	memset(ether->ether_shost, 6, ETH_ALEN);
	ether->ether_type = htons(ETHERTYPE_IP);
	memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 1;
	ip->protocol = IPPROTO_UDP;
	ip->tot_len = htons(bytes - sizeof(*ether));
	ip->saddr = inet_addr("198.51.100.1");
	ip->daddr = inet_addr("198.51.100.2");
	ip->check = checksum(ip, sizeof(*ip) / 2);
	udp->source = udp->dest = htons(9);
	udp->len = htons(bytes - sizeof(*ether) - sizeof(*ip));
	udp->check = 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	int bytes = atoi(argv[2]), on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	long long count = atoll(argv[3]), rate = argc > 4 ? atoll(argv[4]) : 0, sent = 0;
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(argv[1]) };
	static unsigned char frames[BATCH][2048];
	struct mmsghdr messages[BATCH] = {};
	struct iovec pieces[BATCH];
	char byte;

	if (bytes < 60 || bytes > 2048)
		return 2;
	if (fd < 0 || bind(fd, (void *)&to, sizeof(to)) != 0 || setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) != 0) {
		perror(argv[1]);
		return 1;
	}
	for (int i = 0; i < BATCH; i++) {
		make(frames[i], bytes);
		pieces[i] = (struct iovec){ frames[i], bytes };
		messages[i].msg_hdr.msg_iov = &pieces[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	puts("ready");
	fflush(stdout);
	if (read(0, &byte, 1) != 1)
		return 1;

	long long start = now();

	while (sent < count) {
		int batch = count - sent < BATCH ? count - sent : BATCH;

		for (int i = 0; i < batch; i++) {
			unsigned int number = htonl(sent + i);

			/* Behind the headers of Ethernet, IP and UDP. */
			memcpy(frames[i] + 42, &number, sizeof(number));
			frames[i][35] = sent + i; /* of the source port */
		}
		int done = sendmmsg(fd, messages, batch, 0);

		if (done < 0) {
			perror("sendmmsg");
			return 1;
		}
		sent += done;
		while (rate > 0 && now() - start < sent * 1000000000ll / rate)
			;
	}
	printf("{\"sent\":%lld,\"wallNs\":%lld}\n", sent, now() - start);
	return 0;
}
