#include "catalogue/left_out_rows.h"

#include <cstring>
#include <string_view>
#include <utility>

namespace turntable {
namespace {

template <class T>
std::string bytes_of(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string key_bytes(const Column& keys, size_t row) {
  return with_cpp_type(keys.type(), [&]<class T>() {
    if constexpr (std::is_same_v<T, std::string_view>) {
      return std::string(keys.get<T>(row));
    } else {
      return bytes_of(keys.get<T>(row));
    }
  });
}

}  // namespace

void LeftOutRows::add(const Column& keys, size_t row, std::string why) {
  if (keys.state(row) != State::value) return add_unknown(1, why);
  std::string key = key_bytes(keys, row);
  const size_t bytes = key.size() + why.size();
  if (reasons_.contains(key)) return;
  if (reasons_.size() == kKeysLimit || bytes_ + bytes > kBytesLimit) return add_unknown(1, why);
  bytes_ += bytes;
  reasons_.emplace(std::move(key), std::move(why));
}

void LeftOutRows::add_unknown(uint64_t count, const std::string& why) {
  if (unknown_ == 0) unknown_example_ = why;
  unknown_ += count;
}

const std::string* LeftOutRows::find(const Column& keys, size_t row) const {
  if (reasons_.empty() || keys.state(row) != State::value) return nullptr;
  const auto found = reasons_.find(key_bytes(keys, row));
  return found == reasons_.end() ? nullptr : &found->second;
}

}  // namespace turntable
