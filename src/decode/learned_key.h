// Records that are alike have the same key at the same position: it is compared, not looked up.
// Inside decode/ only.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "json/json_walk.h"

namespace turntable {

inline constexpr int kUndeclared = -1;  // In the place of a column's number.

// The key that stood at one position of the last record, with its closing quote, and its column.
struct LearnedKey {
  static constexpr size_t kBytes = 48;

  void learn(std::string_view name, int of_column) {
    size = 0;
    if (name.size() >= kBytes) return;
    std::memcpy(text.data(), name.data(), name.size());
    text[name.size()] = '"';
    size = name.size() + 1;
    column = of_column;
  }
  [[nodiscard]] bool is_at(const char* key) const {
    return size != 0 && std::memcmp(key, text.data(), size) == 0;
  }

  std::array<char, kBytes> text{};
  size_t size = 0;  // 0: nothing learned.
  int column = kUndeclared;
};
static_assert(LearnedKey::kBytes <= simdjson::SIMDJSON_PADDING,
              "a comparison may read beyond the record's end");

}  // namespace turntable
