// WriterLock: flock() on a file beside the database. A lock on the database itself would not do:
// closing any descriptor of it would drop the POSIX locks by which this process's SQLite
// connections exclude others.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/file_id.h"
#include "base/text.h"
#include "sqlite/database.h"

namespace turntable::sqlite {
namespace {

constexpr int kTakeAttempts = 100;

// The process that wrote its number into the lock file, for the message.
std::string holder(int fd) {
  char number[32] = {};
  const ssize_t read = ::pread(fd, number, sizeof number - 1, 0);
  if (read <= 0) return "another process";
  return fmt::format("process {}", trim(std::string_view(number, static_cast<size_t>(read))));
}

// Two ways to write one path lead to one file.
std::string real_path(const std::string& path) {
  std::error_code error;
  const auto canonical = std::filesystem::weakly_canonical(path, error);
  return error ? path : canonical.string();
}

}  // namespace

std::array<std::string, 4> files_of(const std::string& path) {
  const std::string real = real_path(path);
  return {path, real + "-wal", real + "-shm", real + "-journal"};
}

std::string lock_path_of(const std::string& path) {
  return real_path(path) + "-lock";
}

Result<std::shared_ptr<WriterLock>> WriterLock::take(const std::string& path) {
  const std::string lock_path = lock_path_of(path);
  for (int attempt = 0; attempt < kTakeAttempts; ++attempt) {
    const int fd = ::open(lock_path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (fd < 0 && errno == ENOENT) {
      return fail(ErrorKind::failed,
                  fmt::format("{}: the directory {} does not exist: create it first", path,
                              std::filesystem::path(lock_path).parent_path().string()));
    }
    if (fd < 0) {
      const bool full = errno == ENOSPC || errno == EDQUOT;
      return fail(full ? ErrorKind::transient : ErrorKind::failed,
                  fmt::format("{}: the lock file {} cannot be opened: {}", path, lock_path,
                              std::strerror(errno)));
    }
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      const int cause = errno;
      const std::string who = holder(fd);
      ::close(fd);
      if (cause == EINTR) continue;
      if (cause != EWOULDBLOCK) {
        return fail(ErrorKind::failed, fmt::format("{}: locking {} failed: {}", path, lock_path,
                                                   std::strerror(cause)));
      }
      return fail(ErrorKind::failed,
                  fmt::format("{}: {} is writing it already: stop that one, or write another file",
                              path, who));
    }
    // Its last owner may have removed it in between.
    if (file_at(lock_path) != file_of(fd)) {
      ::close(fd);
      continue;
    }
    const std::string number = fmt::format("{}\n", ::getpid());
    // The number is for messages only: a full disk must not keep the lock from being taken.
    if (::ftruncate(fd, 0) == 0) {
      [[maybe_unused]] const ssize_t written = ::pwrite(fd, number.data(), number.size(), 0);
    }
    return std::shared_ptr<WriterLock>(new WriterLock(lock_path, fd));
  }
  return fail(ErrorKind::transient, path + ": its lock file comes and goes: try again");
}

bool WriterLock::held() const {
  return file_at(lock_path_) == file_of(fd_);
}

WriterLock::~WriterLock() {
  // Removed while it is still locked, so that whoever waits for it sees that it is gone. Another's
  // stays, who has made it where somebody had removed ours.
  if (held()) ::unlink(lock_path_.c_str());
  ::close(fd_);
}

}  // namespace turntable::sqlite
