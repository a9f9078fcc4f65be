#include "query/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace turntable {

Result<std::unique_ptr<OutputFile>> OutputFile::open(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    return fail(ErrorKind::failed, path + ": it is a directory, not a file");
  const bool direct = fs::exists(path, ignored) && !fs::is_regular_file(path, ignored);
  // A name of this process, in the same directory, so that renaming it is one step.
  const std::string beside = direct ? "" : fmt::format("{}.{}.part", path, ::getpid());
  const std::string& target = direct ? path : beside;
  const int fd = ::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  std::FILE* file = fd < 0 ? nullptr : ::fdopen(fd, "w");
  if (file == nullptr)
    return fail(ErrorKind::failed,
                fmt::format("{} cannot be written: {}", path, std::strerror(errno)));
  return std::unique_ptr<OutputFile>(new OutputFile(path, beside, file));
}

OutputFile::~OutputFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  if (!beside_.empty()) ::unlink(beside_.c_str());
}

Error OutputFile::error(int cause) const {
  return {ErrorKind::failed, fmt::format("writing to {} failed: {}", path_, std::strerror(cause))};
}

Status OutputFile::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size())
    return tl::unexpected(error(errno));
  return {};
}

Status OutputFile::commit() {
  if (std::fflush(file_) != 0) return tl::unexpected(error(errno));
  if (beside_.empty()) return {};
  if (::fsync(::fileno(file_)) != 0) return tl::unexpected(error(errno));
  if (std::rename(beside_.c_str(), path_.c_str()) != 0) return tl::unexpected(error(errno));
  beside_.clear();
  return {};
}

}  // namespace turntable
