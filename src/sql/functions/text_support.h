// What the functions that make texts share.
#pragma once

#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "row/arena.h"
#include "sql/builtins.h"

namespace turntable::sql {

using Text = std::string_view;

inline Reason too_long() {
  return {RejectCode::too_large,
          fmt::format("a text has more than {} bytes", grouped(kResultBytesLimit))};
}

inline Reason bad_value(std::string message) {
  return {RejectCode::bad_value, std::move(message)};
}

// lower(): what ILIKE compares too.
[[nodiscard]] Text lowered(Text text, Arena& arena);

// Writes a text of a size that is known; one that is empty is not looked at.
class TextWriter {
 public:
  TextWriter(Arena& arena, size_t size)
      : begin_(size == 0 ? nullptr : arena.allocate(size)), next_(begin_) {}
  void put(Text text) {
    if (text.empty()) return;
    std::memcpy(next_, text.data(), text.size());
    next_ += text.size();
  }
  void put(char c) { *next_++ = c; }
  // For who writes by itself.
  [[nodiscard]] char* next() const { return next_; }
  void advance(size_t bytes) { next_ += bytes; }
  [[nodiscard]] Text text() const {
    return begin_ == nullptr ? Text("") : Text(begin_, static_cast<size_t>(next_ - begin_));
  }

 private:
  char* begin_;
  char* next_;
};

}  // namespace turntable::sql
