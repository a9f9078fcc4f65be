// A whole file in memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace turntable {

struct FileBytes {
  std::unique_ptr<char[]> bytes;
  size_t size = 0;

  [[nodiscard]] std::string_view view() const { return {bytes.get(), size}; }
};

// Of a catalogue: a pipe without end must not take all memory there is.
inline constexpr size_t kCatalogueBytesLimit = size_t{4} << 30;

// Reads, rather than maps: a file that is cut short under a map is a crash, under a read it is an
// error. So is one that changes while it is read, and one of more than `limit` bytes. Pipes are
// read to their end.
[[nodiscard]] Result<FileBytes> read_file_bytes(const std::string& path,
                                                size_t limit = kCatalogueBytesLimit);

}  // namespace turntable
