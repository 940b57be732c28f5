// A record of the driver's, read in place: see lib/event/record.ts. Whoever holds one has checked that its header is there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace sysring {

class RecordView {
 public:
  static constexpr uint32_t kHeader = 26, kOldHeader = 22;

  RecordView(const uint8_t* data, uint32_t len) : data_(data), len_(len) {}

  // With a header of 22 bytes, which does not say how many parameters there are: as many of at most `params` as make the length come
  // out exactly, as paramsInV1() of lib/event/validate.ts finds them.
  static RecordView Old(const uint8_t* data, uint32_t len, uint32_t params) {
    RecordView record(data, len);
    record.header_ = kOldHeader;
    for (record.params_ = std::min<uint32_t>(params, (len - kOldHeader) / sizeof(uint16_t)); record.params_ > 0; record.params_--) {
      if (record.End() == len) break;
    }
    return record;
  }

  uint64_t ts() const { return Load<uint64_t>(0); }
  uint64_t tid() const { return Load<uint64_t>(8); }
  uint16_t type() const { return Load<uint16_t>(20); }
  uint32_t header() const { return header_; }
  uint32_t nparams() const { return header_ == kOldHeader ? params_ : Load<uint32_t>(22); }

  // The bytes of parameter `index`; none if there is no such parameter or it does not lie within the record.
  std::optional<std::string_view> Param(int index) const {
    const uint32_t count = nparams();
    if (index < 0 || static_cast<uint32_t>(index) >= count || count > (len_ - header_) / sizeof(uint16_t)) return std::nullopt;
    uint64_t at = header_ + count * sizeof(uint16_t);
    for (int i = 0; i < index; i++) at += Length(i);
    const uint16_t length = Length(index);  // once: whoever wrote the record could still change it
    if (at + length > len_) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(data_ + at), length);
  }

  // An integer parameter of 4 or 8 bytes (results, fds, pids).
  std::optional<int64_t> Integer(int index) const {
    auto bytes = Param(index);
    if (!bytes) return std::nullopt;
    if (bytes->size() == 8) return Value<int64_t>(*bytes);
    if (bytes->size() == 4) return Value<int32_t>(*bytes);
    return std::nullopt;
  }

  uint16_t Length(int index) const { return Load<uint16_t>(header_ + static_cast<uint32_t>(index) * sizeof(uint16_t)); }

 private:
  // Where the last parameter of an old record ends.
  uint64_t End() const {
    uint64_t at = header_ + params_ * sizeof(uint16_t);
    for (uint32_t i = 0; i < params_; i++) at += Length(static_cast<int>(i));
    return at;
  }
  template <typename T>
  T Load(uint32_t at) const {
    T value;
    memcpy(&value, data_ + at, sizeof value);
    return value;
  }
  template <typename T>
  static T Value(std::string_view bytes) {
    T value;
    memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  const uint8_t* data_;
  uint32_t len_;
  uint32_t header_ = kHeader;
  uint32_t params_ = 0;  // of one with an old header
};

}  // namespace sysring
