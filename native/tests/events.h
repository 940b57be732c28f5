// Records of the driver's shape, made and taken apart.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "../balance/distributor.h"
#include "check.h"

namespace sysring {

inline std::string Bytes(int64_t value, size_t size = 8) { return {reinterpret_cast<const char*>(&value), size}; }

// struct ppm_evt_hdr, the lengths of the parameters, the parameters.
inline std::vector<uint8_t> Event(uint64_t ts, uint64_t tid, uint16_t type, const std::vector<std::string>& params) {
  std::vector<uint8_t> event(RecordView::kHeader);
  for (const auto& param : params) event.insert(event.end(), {static_cast<uint8_t>(param.size()), static_cast<uint8_t>(param.size() >> 8)});
  for (const auto& param : params) event.insert(event.end(), param.begin(), param.end());
  const uint32_t len = static_cast<uint32_t>(event.size()), count = static_cast<uint32_t>(params.size());
  memcpy(&event[0], &ts, 8);
  memcpy(&event[8], &tid, 8);
  memcpy(&event[16], &len, 4);
  memcpy(&event[20], &type, 2);
  memcpy(&event[22], &count, 4);
  return event;
}

// All parameters; the record must consist of them and its header, and nothing else.
inline std::vector<std::string> Params(const uint8_t* event, uint32_t len) {
  const RecordView record(event, len);
  uint32_t own;
  memcpy(&own, event + 16, 4);
  CHECK(own == len && record.nparams() <= len / 2);
  uint32_t end = RecordView::kHeader + 2 * record.nparams();
  std::vector<std::string> params;
  for (uint32_t i = 0; i < record.nparams(); i++) {
    const auto param = record.Param(static_cast<int>(i));
    CHECK(param);
    params.emplace_back(*param);
    end += static_cast<uint32_t>(param->size());
  }
  CHECK(end == len);
  return params;
}

// Types of this test's own, with parameters res, fd, data, tuple and so on where the traits say.
enum : uint16_t { kRead = 0, kReadReturns, kClone, kCloneReturns, kSwitch, kExit = 6, kClose = 8, kCloseReturns, kDup = 10, kDupReturns, kConnect = 12, kConnectReturns };

inline TraitsTable Traits() {
  TraitsTable traits{};
  for (auto& each : traits) each = EventTraits{};
  traits[kRead].fd = 0;
  traits[kReadReturns].res = 0, traits[kReadReturns].data = 1;
  traits[kCloneReturns] = {kChangesState | kMakesThread, -1, -1, 0, 1, 2, -1, 0};
  traits[kExit].traits = kChangesState | kEndsThread;
  traits[kClose].fd = 0;
  traits[kCloseReturns].traits = kChangesState | kCloses, traits[kCloseReturns].res = 0;
  traits[kDup].fd = 0;
  traits[kDupReturns].traits = kChangesState | kDuplicates, traits[kDupReturns].res = 0;
  traits[kConnect].fd = 0;
  traits[kConnectReturns].traits = kChangesState, traits[kConnectReturns].res = 0, traits[kConnectReturns].tuple = 1;
  return traits;
}

inline Entry EntryOf(const std::vector<uint8_t>& record, uint16_t flags = 0) { return {record.data(), static_cast<uint32_t>(record.size()), flags}; }

// A parameter of type socktuple.
inline std::string Tuple(const std::string& from, uint16_t from_port, const std::string& to, uint16_t to_port) {
  return (from.size() == 16 ? "\n" : "\2") + from + Bytes(from_port, 2) + to + Bytes(to_port, 2);
}

}  // namespace sysring
