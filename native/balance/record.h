// A record of the driver's, read in place: see lib/event/record.ts. Whoever holds one has checked that its header is there.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace sysring {

class RecordView {
 public:
  static constexpr uint32_t kHeader = 26, kOldHeader = 22;

  RecordView(const uint8_t* data, uint32_t len, bool old_header = false) : data_(data), len_(len), old_(old_header) {}

  uint64_t ts() const { return Load<uint64_t>(0); }
  uint64_t tid() const { return Load<uint64_t>(8); }
  uint16_t type() const { return Load<uint16_t>(20); }
  // Parameters of a record with a 22-byte header cannot be counted here.
  uint32_t nparams() const { return old_ ? 0 : Load<uint32_t>(22); }

  // The bytes of parameter `index`; none if there is no such parameter or it does not lie within the record.
  std::optional<std::string_view> Param(int index) const {
    const uint32_t count = nparams();
    if (index < 0 || static_cast<uint32_t>(index) >= count || count > (len_ - kHeader) / sizeof(uint16_t)) return std::nullopt;
    uint64_t at = kHeader + count * sizeof(uint16_t);
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

  uint16_t Length(int index) const { return Load<uint16_t>(kHeader + static_cast<uint32_t>(index) * sizeof(uint16_t)); }

 private:
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
  bool old_;
};

}  // namespace sysring
