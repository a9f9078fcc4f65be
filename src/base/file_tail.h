// The last bytes that were read from a file, or written to it, and where they end: by them it shows
// whether somebody has written the file anew in place since. A file that has only grown is the
// same.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>

namespace turntable {

class FileTail {
 public:
  static constexpr size_t kBytes = 4096;  // So many are remembered.

  // `bytes` stand in front of `end` in the file.
  void set(std::string_view bytes, off_t end) {
    bytes_ = bytes.substr(bytes.size() - std::min(bytes.size(), kBytes));
    end_ = end;
  }
  // `bytes` follow on what was there.
  void add(std::string_view bytes) {
    if (bytes.size() < kBytes) {
      bytes_.erase(0, bytes_.size() - std::min(bytes_.size(), kBytes - bytes.size()));
      bytes_ += bytes;
    } else {
      bytes_ = bytes.substr(bytes.size() - kBytes);
    }
    end_ += static_cast<off_t>(bytes.size());
  }
  // Nothing is known yet of what lies before `end`, where add() goes on.
  void start_at(off_t end) { set({}, end); }
  void forget() { set({}, 0); }
  // Nothing was remembered, or it was forgotten.
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] off_t end() const { return end_; }

  enum class Found {
    same,
    shorter,     // The file ends before end().
    other,       // There are other bytes.
    unreadable,  // errno says why.
  };
  // A pipe or a device cannot be looked at again, and is the same.
  [[nodiscard]] Found in(int file) const {
    struct stat about {};
    if (::fstat(file, &about) != 0) return Found::unreadable;
    if (empty() || !S_ISREG(about.st_mode)) return Found::same;
    if (about.st_size < end_) return Found::shorter;
    std::array<char, kBytes> now{};
    for (size_t have = 0; have < bytes_.size();) {
      const off_t at = end_ - static_cast<off_t>(bytes_.size() - have);
      const ssize_t got = ::pread(file, now.data() + have, bytes_.size() - have, at);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Found::unreadable;
      if (got == 0) return Found::shorter;
      have += static_cast<size_t>(got);
    }
    return std::string_view(now.data(), bytes_.size()) == bytes_ ? Found::same : Found::other;
  }

 private:
  std::string bytes_;
  off_t end_ = 0;
};

}  // namespace turntable
