// Which file a path leads to, or a descriptor has: two are the same where device and inode are. A
// file that is written to may lose its name meanwhile, or another file may take the name over.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

namespace turntable {

struct FileId {
  dev_t device = 0;
  ino_t inode = 0;

  bool operator==(const FileId&) const = default;
};

// Symbolic links are followed. Nothing where the path leads nowhere, or cannot be looked at.
[[nodiscard]] inline std::optional<FileId> file_at(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return std::nullopt;
  return FileId{about.st_dev, about.st_ino};
}

[[nodiscard]] inline std::optional<FileId> file_of(int descriptor) {
  struct stat about {};
  if (::fstat(descriptor, &about) != 0) return std::nullopt;
  return FileId{about.st_dev, about.st_ino};
}

// Whether two paths lead to one regular file, or would once it is made. Devices and pipes may be
// used for several things at once. False where that cannot be looked at.
[[nodiscard]] inline bool is_same_file(const std::string& one, const std::string& other) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const bool there = fs::exists(one, ignored);
  if (there != fs::exists(other, ignored)) return false;
  if (there) return fs::is_regular_file(one, ignored) && file_at(one) == file_at(other);
  const fs::path path = fs::weakly_canonical(fs::absolute(one, ignored), ignored);
  return !path.empty() && path == fs::weakly_canonical(fs::absolute(other, ignored), ignored);
}

// Bytes of the file that the path leads to.
[[nodiscard]] inline std::optional<int64_t> size_at(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return std::nullopt;
  return about.st_size;
}

}  // namespace turntable
