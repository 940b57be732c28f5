#include "packet_sender.h"

#include <arpa/inet.h>
#include <endian.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "socket_failure.h"

namespace sysring {

namespace {
// Frames a system call takes: at most UIO_MAXIOV, and more gain nothing.
constexpr size_t kBatch = 256;
}  // namespace

PacketSender::PacketSender(const std::string& name, bool bypass_qdisc) : messages_(kBatch), pieces_(kBatch) {
  const Interface interface = FindInterface(name);
  if (interface.Linktype() != 1) throw Failure{"ERR_CAPTURE_NO_DEVICE", name + " takes no Ethernet frames", "send to an Ethernet interface, or to a veth or dummy one"};
  // Protocol 0: it receives nothing.
  socket_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) throw SocketFailure("no packet socket for " + name);
  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = interface.index;
  int on = bypass_qdisc ? 1 : 0;
  Failure failure;
  if (!interface.up) {
    failure = {"ERR_CAPTURE_NO_DEVICE", name + " is down", "ip link set " + name + " up"};
  } else if (bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
             setsockopt(socket_, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0) {
    failure = SocketFailure("cannot send to " + name);
  } else {
    return;
  }
  close(socket_);
  throw failure;
}

PacketSender::~PacketSender() { close(socket_); }

size_t PacketSender::Send(uint8_t* frames, const uint32_t* lengths, const uint8_t* numbered, size_t count) {
  size_t done = 0;
  uint8_t* at = frames;
  while (done < count) {
    size_t batch = std::min(count - done, kBatch);
    uint8_t* end = at;
    uint32_t sequence = sequence_;
    for (size_t i = 0; i < batch; i++) {
      if (numbered[done + i] != 0 && lengths[done + i] >= sizeof sequence) {
        uint32_t little = htole32(sequence++);
        memcpy(end + lengths[done + i] - sizeof little, &little, sizeof little);
      }
      pieces_[i] = {end, lengths[done + i]};
      messages_[i] = {};
      messages_[i].msg_hdr.msg_iov = &pieces_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      end += lengths[done + i];
    }
    int sent = sendmmsg(socket_, messages_.data(), static_cast<unsigned>(batch), 0);
    if (sent < 0) {
      if (errno == EINTR) continue;
      // The socket's own buffer, or the device's queue.
      if (errno == EAGAIN || errno == ENOBUFS) return done;
      // It is about the first of them only.
      CountFailure(errno);
      sent = 1;
    } else {
      counters_.sent += static_cast<uint64_t>(sent);
      for (int i = 0; i < sent; i++) {
        counters_.sent_bytes += pieces_[i].iov_len;
        if (numbered[done + static_cast<size_t>(i)] != 0) sequence_++;
      }
    }
    for (int i = 0; i < sent; i++) at += pieces_[i].iov_len;
    done += static_cast<size_t>(sent);
  }
  return done;
}

bool PacketSender::Notify(const uint8_t* frame, size_t length) { return send(socket_, frame, length, 0) == static_cast<ssize_t>(length); }

void PacketSender::CountFailure(int error) {
  switch (error) {
    case EMSGSIZE: counters_.too_long++; break;
    case EINVAL: counters_.too_short++; break;
    case ENETDOWN:
    case ENXIO:
    case ENODEV: counters_.down++; break;
    default: counters_.other++;
  }
}

}  // namespace sysring
