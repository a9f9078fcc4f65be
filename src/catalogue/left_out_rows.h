// Why rows of a catalogue's file were left out, by their keys: so that whoever looks for such a row
// is told that it is there and what is wrong with it, and not that there is none.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "row/column.h"

namespace turntable {

// Of one index. Filled while the catalogue is loaded, by one thread at a time; then immutable.
class LeftOutRows {
 public:
  // Of what is kept. A row beyond that counts as one whose key is not known.
  static constexpr size_t kKeysLimit = 10'000;
  static constexpr size_t kBytesLimit = size_t{4} << 20;

  // The row with the key keys[row], in the form that the index has; the first of a key counts.
  // `why` begins with its line. A key that is NULL is not known: what it is made of cannot be read.
  void add(const Column& keys, size_t row, std::string why);
  // A row whose key is not known, or many.
  void add_unknown(uint64_t count, const std::string& why);

  // Why the row with that key was left out, or null.
  [[nodiscard]] const std::string* find(const Column& keys, size_t row) const;

  // How many there are whose keys are not known, and why one of them was left out.
  [[nodiscard]] uint64_t unknown() const { return unknown_; }
  [[nodiscard]] const std::string& unknown_example() const { return unknown_example_; }

 private:
  std::unordered_map<std::string, std::string> reasons_;  // By the key's bytes.
  size_t bytes_ = 0;
  uint64_t unknown_ = 0;
  std::string unknown_example_;
};

}  // namespace turntable
