// A descriptor that one thread makes readable and another waits on with poll(2): Linux's eventfd.
#pragma once

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/result.h"

namespace turntable {

class EventFd {
 public:
  // An error of kind failed where the process has no descriptors left.
  [[nodiscard]] static Result<EventFd> open() {
    const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0) return fail(ErrorKind::failed, fmt::format("eventfd: {}", std::strerror(errno)));
    return EventFd(fd);
  }
  EventFd(EventFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  EventFd& operator=(EventFd&&) = delete;
  ~EventFd() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int fd() const { return fd_; }

  // From any thread. Readable until clear().
  void signal() const {
    constexpr uint64_t kOne = 1;
    // Full is as good: it is readable.
    [[maybe_unused]] const auto bytes = ::write(fd_, &kOne, sizeof kOne);
  }
  void clear() const {
    uint64_t count = 0;
    [[maybe_unused]] const auto bytes = ::read(fd_, &count, sizeof count);
  }

 private:
  explicit EventFd(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace turntable
