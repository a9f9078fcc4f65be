// Takes the bytes of a fuzz target's input apart. Only fuzz targets (x_fuzz.cc) use it.
//
// Parts are told apart by bytes that stand for themselves, not by lengths: so inputs can be written
// by hand, and what a mutation changes stays near the place where it was changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace turntable {

// Views point into the input.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  // 0 where the input has ended.
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto taken = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return taken;
  }

  // Eight bytes, the highest first.
  uint64_t number() {
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return value;
  }

  // What stands before the next `end`, which is taken too; all that is left where there is none.
  std::string_view until(char end) {
    const size_t found = rest_.find(end);
    const std::string_view taken = rest_.substr(0, found);
    rest_.remove_prefix(found == std::string_view::npos ? rest_.size() : found + 1);
    return taken;
  }

  // `size` bytes, or as many as are left.
  std::string_view bytes(size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest() {
    const std::string_view taken = rest_;
    rest_ = {};
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace turntable
