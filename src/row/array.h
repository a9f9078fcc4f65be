// Arrays of one level, as bytes: a big-endian int32 count, then the elements as cells (row/cell.h):
// Cassandra's wire form of a list, but that elements may be NULL, and that times count
// microseconds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "row/cell.h"
#include "row/types.h"

namespace turntable {

// Walks the elements of an array. CHECKs that it is well formed: it is our own.
class ArrayReader {
 public:
  explicit ArrayReader(std::string_view array)
      : size_(read_be32(checked(array).data())), elements_(array.substr(4)) {}

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool done() const { return elements_.done(); }
  [[nodiscard]] CellView next() { return elements_.next(); }

 private:
  // Before a byte of it is read.
  static std::string_view checked(std::string_view array) {
    CHECK(array.size() >= sizeof(uint32_t));
    return array;
  }

  size_t size_;
  CellReader elements_;
};

// Collects the elements of an array. Elements are appended as cells to elements().
class ArrayWriter {
 public:
  // Calls must alternate: append one cell, then count it.
  [[nodiscard]] std::string& elements() { return bytes_; }
  void count_element() { ++size_; }

  // The array; the writer is empty again.
  [[nodiscard]] std::string finish() {
    std::string array;
    append_be32(array, size_);
    array += bytes_;
    bytes_.clear();
    size_ = 0;
    return array;
  }

 private:
  std::string bytes_;
  uint32_t size_ = 0;
};

}  // namespace turntable
