// A whole file in memory.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace turntable {

// Bytes that are given back to the machine piece by piece, as soon as they have been worked on.
class FileBytes {
 public:
  FileBytes() = default;
  FileBytes(FileBytes&& from) noexcept
      : bytes_(std::exchange(from.bytes_, nullptr)),
        size_(std::exchange(from.size_, 0)),
        capacity_(std::exchange(from.capacity_, 0)) {}
  FileBytes& operator=(FileBytes&& from) noexcept {
    std::swap(bytes_, from.bytes_);
    std::swap(size_, from.size_);
    std::swap(capacity_, from.capacity_);
    return *this;
  }
  ~FileBytes();

  [[nodiscard]] std::string_view view() const { return {bytes_, size_}; }

  // The bytes of [begin, end) will not be looked at again. Thread-safe.
  void release(size_t begin, size_t end) const;

 private:
  friend class FileReader;
  char* bytes_ = nullptr;  // A mapping without a file.
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// Of a catalogue: a pipe without end must not take all memory there is.
inline constexpr size_t kCatalogueBytesLimit = size_t{4} << 30;

// Reads, rather than maps: a file that is cut short under a map is a crash, under a read it is an
// error. So is one that changes while it is read, and one of more than `limit` bytes. Pipes are
// read to their end.
[[nodiscard]] Result<FileBytes> read_file_bytes(const std::string& path,
                                                size_t limit = kCatalogueBytesLimit);

}  // namespace turntable
