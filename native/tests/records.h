// Records that show where they were torn, and what reads them from a queue.
#pragma once

#include <cstring>
#include <vector>

#include "../cluster/queue.h"
#include "check.h"

namespace sysring {

// A record of `len` bytes that shows where it was torn: its number, then bytes made of it.
inline std::vector<uint8_t> Record(uint32_t number, uint32_t len) {
  std::vector<uint8_t> record(len);
  for (uint32_t i = 4; i < len; i++) record[i] = static_cast<uint8_t>(number * 31 + i);
  memcpy(record.data(), &number, 4);
  return record;
}

// Checks the record and returns its number.
inline uint32_t CheckRecord(const uint8_t* record, uint32_t len) {
  uint32_t number;
  memcpy(&number, record, 4);
  for (uint32_t i = 4; i < len; i++) CHECK(record[i] == static_cast<uint8_t>(number * 31 + i));
  return number;
}

// Short ones mostly, as records are.
inline uint32_t Length(Random& random) { return 4 + random(random(20) == 0 ? 60000 : 300); }

// Calls `take` with each entry between the reader's tail and its head, and returns the head.
template <typename Take>
uint32_t Walk(QueueReader& reader, Take take) {
  const uint32_t head = reader.Head();
  for (uint32_t at = reader.tail(); at != head;) {
    const uint8_t* bytes = reader.data()->data() + (at & (reader.size() - 1));
    queue_entry entry;
    memcpy(&entry, bytes, sizeof entry);
    CHECK(entry.size % 8 == 0 && entry.size <= head - at && sizeof entry + entry.len + entry.note <= entry.size);
    at += entry.size;
    take(entry, bytes + sizeof entry, at);
  }
  return head;
}

// A wake-up that is lost would last longer than any test may.
constexpr uint32_t kForever = 600'000;

}  // namespace sysring
