#include "base/descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace turntable {
namespace {

// What write() does where there is no room. What cannot be written never waits.
enum class Kind { waits, socket, never_waits };

Kind kind_of(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY) return Kind::never_waits;
  struct stat about {};
  if (::fstat(fd, &about) != 0) return Kind::never_waits;
  if (S_ISSOCK(about.st_mode)) return Kind::socket;
  const bool terminal = S_ISCHR(about.st_mode) && ::isatty(fd) == 1;
  return terminal || S_ISFIFO(about.st_mode) ? Kind::waits : Kind::never_waits;
}

// The same pipe or terminal, opened once more for one write. O_NONBLOCK belongs to how a file was
// opened, and is thereby not set for the programs that share the descriptor with this one.
class Reopened {
 public:
  explicit Reopened(int fd)
      : fd_(::open(fmt::format("/proc/self/fd/{}", fd).c_str(),
                   O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) {}
  ~Reopened() {
    if (fd_ >= 0) ::close(fd_);
  }
  Reopened(const Reopened&) = delete;
  Reopened& operator=(const Reopened&) = delete;
  [[nodiscard]] int fd() const { return fd_; }  // -1: refused.

 private:
  const int fd_;
};

bool has_room(int fd) {
  pollfd room{fd, POLLOUT, 0};
  return ::poll(&room, 1, 0) > 0;
}

// As write(), with EAGAIN where there is no room.
ssize_t write_piece(int fd, Kind kind, int reopened, std::string_view text) {
  if (kind == Kind::socket) return ::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (kind == Kind::never_waits) return ::write(fd, text.data(), text.size());
  if (reopened >= 0) return ::write(reopened, text.data(), text.size());
  if (!has_room(fd)) {
    errno = EAGAIN;
    return -1;
  }
  // A pipe with room takes so much without waiting (pipe(7)).
  return ::write(fd, text.data(), std::min<size_t>(text.size(), PIPE_BUF));
}

}  // namespace

size_t write_now(int fd, std::string_view text, int& error) {
  error = 0;
  const Kind kind = kind_of(fd);
  const Reopened reopened(kind == Kind::waits ? fd : -1);
  size_t taken = 0;
  while (taken < text.size()) {
    const ssize_t count = write_piece(fd, kind, reopened.fd(), text.substr(taken));
    if (count >= 0) {
      taken += static_cast<size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != EINTR) {
      error = errno;
      break;
    }
  }
  return taken;
}

bool await_room(int fd, Millis wait) {
  pollfd room{fd, POLLOUT, 0};
  const int ready = ::poll(&room, 1, static_cast<int>(wait.count()));
  return ready > 0 || (ready < 0 && errno != EINTR);
}

void write_last_words(const char* text) {
  constexpr int kWaitMs = 1'000;
  pollfd room{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&room, 1, kWaitMs) > 0)
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
}

}  // namespace turntable
