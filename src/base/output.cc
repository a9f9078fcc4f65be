#include "base/output.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "base/descriptor.h"
#include "base/log.h"

namespace turntable {
namespace {

// Small enough to appear soon, large enough to cost nothing.
constexpr size_t kHeldLimit = size_t{64} << 10;

// How often the wish to stop is looked at.
constexpr Millis kSlice{50};
// How long a reader that takes nothing is waited for: with progress, and with results after the
// wish to stop.
constexpr Millis kMoment{200};
constexpr Millis kAfterStop{1'000};

// To the beginning of the line, and nothing stands in it.
constexpr std::string_view kEraseLine = "\r\x1b[K";

}  // namespace

// What was passed over leaves a mark, so that nobody takes what is shown for all.
void Output::append(std::string_view text) {
  if (std::exchange(has_status_, false)) held_ += kEraseLine;
  if (on_same_terminal_ != nullptr) on_same_terminal_->show_status("");
  if (passed_over_ > 0)
    held_ += fmt::format("[{} pieces are not shown here: nobody read]\n",
                         std::exchange(passed_over_, 0));
  held_ += text;
}

bool Output::write(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (error_ != 0) return false;
  append(text);
  return left() < kHeldLimit || flush_locked();
}

bool Output::add(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (error_ != 0) return false;
  append(text);
  push();
  return error_ == 0;
}

bool Output::flush() {
  const std::lock_guard lock(mutex_);
  return flush_locked();
}

size_t Output::push() {
  const size_t taken = write_now(fd_, std::string_view(held_).substr(taken_), error_);
  taken_ += taken;
  if (taken > 0) unread_since_stop_ = Millis(0);
  if (error_ != 0) taken_ = held_.size();
  // What is left moves to the front when it is the smaller part.
  if (taken_ > held_.size() / 2 || left() == 0) {
    held_.erase(0, taken_);
    taken_ = 0;
  }
  return taken;
}

bool Output::push_with_room(Millis wait) {
  if (!await_room(fd_, wait)) return false;
  if (push() > 0 || error_ != 0) return true;
  // poll() and write() are of two minds about the room. Nobody is to spin.
  std::this_thread::sleep_for(Millis(1));
  return false;
}

void Output::await_reader(Millis wait) {
  const SteadyTime begun = std::chrono::steady_clock::now();
  if (push_with_room(wait)) return;
  if (stop_ == nullptr || !stop_->requested()) return;
  unread_since_stop_ += std::chrono::ceil<Millis>(std::chrono::steady_clock::now() - begun);
  if (unread_since_stop_ < kAfterStop) return;
  error_ = ETIMEDOUT;
  held_.clear();
  taken_ = 0;
}

bool Output::flush_locked() {
  while (error_ == 0 && left() > 0)
    if (push() == 0 && error_ == 0) await_reader(kSlice);
  return error_ == 0;
}

Result<bool> Output::hand_over(Millis wait) {
  const std::lock_guard lock(mutex_);
  const SteadyTime until = std::chrono::steady_clock::now() + wait;
  while (error_ == 0 && left() > 0) {
    if (push() > 0 || error_ != 0) continue;
    const auto time = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
    await_reader(std::clamp(time, Millis(0), kSlice));
    if (time.count() <= 0) break;
  }
  if (error_ != 0) return tl::unexpected<Error>(failure(error_).error());
  return left() == 0;
}

void Output::show(std::string_view text) {
  const std::lock_guard lock(mutex_);
  show_locked(text);
}

void Output::show_status(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (line.empty() && !has_status_) return;
  if (!line.empty()) has_status_ = true;  // An empty line is erased and cleared by append().
  show_locked(line);
  has_status_ = !line.empty();
}

size_t Output::columns() const {
  winsize size{};
  return ::ioctl(fd_, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool Output::has_colour() const {
  const char* refused = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  return is_terminal() && !dumb && (refused == nullptr || *refused == '\0');
}

void Output::show_locked(std::string_view text) {
  const bool passed_over = stalled_ && left() + text.size() > kHeldLimit;
  if (passed_over) ++passed_over_;
  if (error_ == 0 && !passed_over) append(text);
  const SteadyTime until = std::chrono::steady_clock::now() + kMoment;
  while (error_ == 0 && left() > 0) {
    if (push() > 0) {
      stalled_ = false;
      continue;
    }
    const auto time = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
    if (stalled_ || error_ != 0 || time.count() <= 0) break;
    push_with_room(time);
  }
  stalled_ = left() > 0;
  if (error_ != 0 || passed_over)
    say_once(error_ != 0 ? error_ : ETIMEDOUT, "the work goes on, its progress is not shown");
}

void Output::show_last(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (error_ == 0) append(text);
  if (!flush_locked()) say_once(error_, "what the work came to is not shown");
}

void Output::say_once(int error, std::string_view what_follows) {
  // The log goes to standard error: where that one fails, nobody can be told.
  if (said_ || fd_ == STDERR_FILENO) return;
  said_ = true;
  log::warn("{}; {}", failure(error).error().message, what_follows);
}

void Output::forget_failure() {
  const std::lock_guard lock(mutex_);
  error_ = 0;
}

Status Output::finish() {
  const std::lock_guard lock(mutex_);
  if (flush_locked() || error_ == EPIPE) return {};
  return failure(error_);
}

Status Output::written() {
  const std::lock_guard lock(mutex_);
  if (flush_locked()) return {};
  return failure(error_);
}

bool Output::failed() const {
  const std::lock_guard lock(mutex_);
  return error_ != 0 && error_ != EPIPE && error_ != ETIMEDOUT;
}

bool Output::reader_gone() const {
  const std::lock_guard lock(mutex_);
  return error_ == EPIPE;
}

Status Output::failure(int error) const {
  const std::string why = error == EBADF       ? "it is closed"
                          : error == EPIPE     ? "its reader has gone"
                          : error == ETIMEDOUT ? "its reader does not read"
                                               : std::strerror(error);
  return fail(ErrorKind::failed, fmt::format("cannot write to {}: {}", name_, why));
}

std::string cut_to(std::string_view text, size_t columns) {
  // Characters beyond ASCII take one column or two, and are counted as two.
  constexpr size_t kWide = 2;
  constexpr std::string_view kMark = "…";
  const auto width_of = [](char c) -> size_t {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) return 1;
    return byte >= 0xc0 ? kWide : 0;  // The first byte of a character counts for all of it.
  };
  size_t width = 0;
  for (const char c : text) width += width_of(c);
  if (width <= columns) return std::string(text);
  if (columns == 0) return "";
  size_t bytes = 0;
  for (width = 0; bytes < text.size(); ++bytes) {
    if (width + width_of(text[bytes]) + 1 > columns) break;  // One is left for the mark.
    width += width_of(text[bytes]);
  }
  return std::string(text.substr(0, bytes)).append(kMark);
}

Output& error_output() {
  static Output output(STDERR_FILENO, "standard error");
  return output;
}

void print_error(std::string_view text) {
  error_output().forget_failure();
  error_output().write(text);
  error_output().flush();
}

void reserve_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is given: this one. Opened the wrong way round, so that use fails.
    [[maybe_unused]] const int opened =
        ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace turntable
