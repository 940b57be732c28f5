/* A cluster's memory: what a producer and the consumers of its queues agree on, whatever process, thread or machine they are.
 *
 * One file: a header, then of each queue a page that only the producer writes, and its data. What only the consumer of a queue
 * writes is a page too; it lies in a small file of its own, so that who may consume one queue can write nothing else, or in
 * the same file, where that is one that can be named. All numbers are little endian.
 *
 *     header | producer page 0 … n−1 | consumer page 0 … n−1 (named files only) | data 0 … n−1
 *
 * A queue is a ring of bytes with one producer and one consumer. Positions count bytes and run on over 2^32; the place in the
 * data is the position modulo the size, a power of two. Data is mapped twice in a row, so that no entry is ever split.
 */
#pragma once

#include <cstddef>
#include <cstdint>

namespace sysring {

constexpr uint64_t kClusterMagic = 0x31474e4952535953;  // "SYSRING1"
constexpr uint32_t kClusterVersion = 1;
constexpr uint32_t kMaxQueues = 128;
// Bytes of JSON that say what is in the queues: see lib/cluster/description.ts.
constexpr uint32_t kMaxDescription = 48 << 10;
constexpr uint32_t kMinQueueBytes = 128 << 10, kMaxQueueBytes = 1 << 30;

constexpr bool IsQueueSize(uint32_t bytes) { return bytes >= kMinQueueBytes && bytes <= kMaxQueueBytes && (bytes & (bytes - 1)) == 0; }

enum class ClusterState : uint32_t {
  kMaking = 0,
  kRunning = 1,
  kEnded = 2,   // the producer has ended: what is in the queues is all there will be
  kFailed = 3,  // it has ended with an error, which is in `reason`
};

struct queue_layout {
  uint64_t producer;  // offset of its page
  uint64_t consumer;  // 0: in a file of its own
  uint64_t data;
  uint32_t size;  // of the data; a power of two
  uint32_t reserved;
};

struct cluster_header {
  uint64_t magic;  // written last
  uint32_t version;
  uint32_t page;  // alignment of everything, in bytes
  uint64_t size;  // of the file
  uint32_t queues;
  uint32_t description;  // bytes of it, behind the layouts
  uint32_t state;        // enum ClusterState
  uint32_t beat;         // counts up at least ten times a second while the producer lives
  uint64_t started;      // ns since the epoch: tells one producer from the next in the same file
  uint32_t made_file;    // 1: the producer made the file, and removes it when it ends
  uint32_t reserved;
  char reason[128];      // of kFailed, with its NUL
  queue_layout layout[kMaxQueues];
  char json[kMaxDescription];
};

// Written by the producer. Each group is a cache line of its own.
struct queue_producer {
  alignas(64) uint32_t head;  // everything before it is complete
  alignas(64) uint64_t received;  // records placed; = delivered + those between tail and head
  uint64_t dropped;               // no room
  uint64_t filtered;              // not wanted in this queue
  uint64_t bytes;                 // of those, without entries' and packets' headers and padding
  uint64_t state_received;        // copies of records that went elsewhere, for what follows from them; not in `received`
  uint64_t state_dropped;
  uint32_t high_watermark;  // most bytes that were ever waiting
  uint32_t faults;          // how often the consumer's page was nonsense
};

// Written by the consumer, and believed by nobody: the producer checks `tail`, the rest costs it a system call at most.
struct queue_consumer {
  alignas(64) uint32_t tail;  // what lies before it may be overwritten
  alignas(64) uint32_t sleeping;  // 1 while it sleeps on this word (a futex); the producer sets it to 0 and wakes it …
  uint32_t wake_at;               // … when the head is there
};

enum queue_flags : uint16_t {
  kStateOnly = 1,  // a copy, for what follows from it: the record itself went to another queue
  kPacket = 2,     // packet_header and the packet's bytes; otherwise a record of the driver's
  kOldHeader = 4,  // the record's header has 22 bytes
};

// Before each record in a queue, at a multiple of 8 bytes.
struct queue_entry {
  uint32_t size;  // of the entry with this header and what fills it up to 8 bytes
  uint32_t len;   // of the record
  uint16_t flags;
  uint16_t iface;  // index into the interfaces of the description
  uint16_t cpu;
  uint16_t note;  // bytes of text behind the record: what a stage has to say of it
};

// Before the bytes of a packet.
struct packet_header {
  uint64_t ts;   // ns since the epoch
  uint32_t len;  // on the wire
  uint32_t reserved;
};

static_assert(sizeof(queue_entry) == 16 && sizeof(packet_header) == 16 && sizeof(queue_layout) == 32);
static_assert(offsetof(cluster_header, reason) == 56 && offsetof(cluster_header, layout) % 8 == 0);
static_assert(offsetof(queue_producer, received) == 64 && offsetof(queue_consumer, sleeping) == 64);

}  // namespace sysring
