#include "packet_ring.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "socket_failure.h"

namespace sysring {

namespace {

constexpr uint32_t kBlockBytes = 1 << 20;
// So that some are free while others are read, also in a small ring.
constexpr uint32_t kLeastBlocks = 8;
// Only the product of size and number matters, and that the size divides a block: packets in a block are as long as they are.
constexpr uint32_t kFrameBytes = 2048;
// Linux 6.2, include/uapi/linux/if_packet.h: a group has a hook of its own, which PACKET_IGNORE_OUTGOING does not reach. Kernels before
// that pass over it; the filter then leaves out what is sent, but it takes part in sharing out.
constexpr uint16_t kFanoutIgnoreOutgoing = 0x4000;

}  // namespace

PacketRing::PacketRing(const PacketRingOptions& options) : interface_(FindInterface(options.interface)), snaplen_(options.snaplen), retire_ms_(options.retire_ms) {
  const std::string& name = interface_.name;
  if (interface_.Linktype() == 0) {
    throw Failure{"ERR_CAPTURE_NO_DEVICE", name + " has neither Ethernet frames nor IP packets (ARPHRD type " + std::to_string(interface_.arphrd) + ")",
                  "record it with tcpdump, and read the file: tcpdump -i " + name + " -w FILE"};
  }
  // Protocol 0: until bind() names one, nothing is received that would have passed no filter.
  socket_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (socket_ < 0) throw SocketFailure("no packet socket for " + name);
  try {
    if (!interface_.up) throw Failure{"ERR_CAPTURE_NO_DEVICE", name + " is down", "ip link set " + name + " up"};
    filter_ = options.filter ? CompileFilterFor(interface_, *options.filter, snaplen_) : CutTo(snaplen_);
    Configure(options);
  } catch (...) {
    close(socket_);
    throw;
  }
}

PacketRing::~PacketRing() { close(socket_); }

void PacketRing::Set(int option, const void* value, size_t size, const char* what) {
  if (setsockopt(socket_, SOL_PACKET, option, value, static_cast<socklen_t>(size)) != 0) throw SocketFailure(interface_.name + ": " + what);
}

void PacketRing::Configure(const PacketRingOptions& options) {
  // Nothing passes before Start(): the socket has to be bound before it can join a group, and would see all packets in between.
  Attach(CutTo(0));

  int version = TPACKET_V3, on = 1;
  Set(PACKET_VERSION, &version, sizeof version, "no TPACKET_V3");
  block_bytes_ = std::min(kBlockBytes, options.ring_bytes / kLeastBlocks);
  blocks_ = options.ring_bytes / block_bytes_;
  tpacket_req3 request = {};
  request.tp_block_size = block_bytes_;
  request.tp_block_nr = blocks_;
  request.tp_frame_size = kFrameBytes;
  request.tp_frame_nr = options.ring_bytes / kFrameBytes;
  request.tp_retire_blk_tov = options.retire_ms;
  Set(PACKET_RX_RING, &request, sizeof request, "no ring");
  ring_ = Mapping::TryOnce(socket_, options.ring_bytes, 0, true);
  shown_ = Mapping::TryOnce(socket_, options.ring_bytes, 0, false);
  if (ring_ == nullptr || shown_ == nullptr) throw SocketFailure("cannot map the ring of " + interface_.name);

  // On loopback each packet comes as it is sent and as it is received. What does not come at all costs less than what is filtered.
  if (interface_.loopback) {
    filter_ = ReceivedOnly(filter_);
    Set(PACKET_IGNORE_OUTGOING, &on, sizeof on, "no way to leave out what is sent");
  }
  // The stack then stamps packets where they enter it, the same for all who listen; otherwise it is when this ring gets its turn.
  setsockopt(socket_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);

  sockaddr_ll address = {};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = interface_.index;
  if (bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw SocketFailure("cannot listen to " + interface_.name);
  if (options.promiscuous) {
    packet_mreq membership = {};
    membership.mr_ifindex = interface_.index;
    membership.mr_type = PACKET_MR_PROMISC;
    Set(PACKET_ADD_MEMBERSHIP, &membership, sizeof membership, "not to be made promiscuous");
  }
  if (options.fanout) Join(*options.fanout);
}

void PacketRing::Join(const Fanout& fanout) {
  uint16_t flags = interface_.loopback ? kFanoutIgnoreOutgoing : 0;
  uint32_t value = fanout.group | static_cast<uint32_t>(fanout.mode | flags) << 16;
  if (setsockopt(socket_, SOL_PACKET, PACKET_FANOUT, &value, sizeof value) == 0) return;
  if (errno == EINVAL || errno == EALREADY) {
    throw Failure{"ERR_CAPTURE_OPTION", "fanout group " + std::to_string(fanout.group) + " on " + interface_.name + ": " + strerror(errno),
                  "all members need the same mode and interface; take another group number"};
  }
  throw SocketFailure(interface_.name + ": no fanout group " + std::to_string(fanout.group));
}

void PacketRing::Attach(const BpfFilter& filter) {
  if (filter.size() > BPF_MAXINSNS) {
    throw Failure{"ERR_CAPTURE_FILTER", "the filter has " + std::to_string(filter.size()) + " instructions, more than the kernel takes", "ask for less: tcpdump -d FILTER shows them"};
  }
  sock_fprog program = {static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())};
  if (setsockopt(socket_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0) return;
  throw Failure{"ERR_CAPTURE_FILTER", std::string("the kernel does not take the filter: ") + strerror(errno), "see what it becomes: tcpdump -d FILTER"};
}

void PacketRing::Start() { Attach(filter_); }

void PacketRing::Stop() { Attach(CutTo(0)); }

uint32_t* PacketRing::Status() const {
  return &reinterpret_cast<tpacket_block_desc*>(ring_->data() + offset())->hdr.bh1.block_status;
}

const PacketBlock* PacketRing::Next() {
  if (ready_) return &block_;
  // What the kernel wrote into the block comes before this.
  if ((__atomic_load_n(Status(), __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0) return nullptr;
  if (const char* wrong = block_.Check(ring_->data() + offset(), block_bytes_, snaplen_)) {
    throw Failure{"ERR_CAPTURE_FORMAT", "the ring of " + interface_.name + ": " + wrong + " in block " + std::to_string(current_), "open the capture again"};
  }
  ready_ = true;
  return &block_;
}

void PacketRing::Release() {
  if (!ready_) return;
  ready_ = false;
  // Reads of the packets come before the kernel may write over them.
  __atomic_store_n(Status(), uint32_t{TP_STATUS_KERNEL}, __ATOMIC_RELEASE);
  current_ = current_ + 1 == blocks_ ? 0 : current_ + 1;
}

PacketCounters PacketRing::ReadCounters() {
  std::lock_guard lock(counters_mutex_);
  tpacket_stats_v3 read = {};
  socklen_t size = sizeof read;
  if (getsockopt(socket_, SOL_PACKET, PACKET_STATISTICS, &read, &size) == 0) {
    counters_.packets += read.tp_packets;
    counters_.dropped += read.tp_drops;
    counters_.freezes += read.tp_freeze_q_cnt;
  }
  return counters_;
}

int PacketRing::Error() {
  socklen_t size = sizeof error_;
  if (error_ == 0) getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error_, &size);
  return error_;
}

}  // namespace sysring
