// A file for results that appears under its name only when it is complete.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace turntable {

// Without commit() a file is as it was before.
class OutputFile {
 public:
  // What is there and no regular file (a pipe, /dev/null) is written directly.
  [[nodiscard]] static Result<std::unique_ptr<OutputFile>> open(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  [[nodiscard]] Status write(std::string_view text);
  // Everything is on disk, and the name is its own.
  [[nodiscard]] Status commit();

 private:
  OutputFile(std::string path, std::string beside, std::FILE* file)
      : path_(std::move(path)), beside_(std::move(beside)), file_(file) {}
  [[nodiscard]] Error error(int cause) const;

  std::string path_;    // For messages, and what `beside_` becomes.
  std::string beside_;  // Empty where the file is written directly.
  std::FILE* file_;
};

}  // namespace turntable
