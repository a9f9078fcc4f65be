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

// Reads, rather than maps: a file that is cut short under a map is a crash, under a read it is an
// error. So is one that changes while it is read. Pipes are read to their end.
[[nodiscard]] Result<FileBytes> read_file_bytes(const std::string& path);

}  // namespace turntable
