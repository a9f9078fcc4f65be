// What a command prints for its caller: standard output, or another descriptor.
//
// The first write that fails is remembered, and what comes after it is passed over: a disk that is
// full does not become free in the middle of a listing, and half a line would be worse than none.
// The caller decides what a failure means. Where the text is the result (`query`, `schema print`),
// it ends with finish(); progress beside the work (`run`, `produce`) is given to show().
//
// A reader may also stop reading without going away (`… | less`, Ctrl-S). Results wait for it until
// the user wants to stop. Progress waits for a moment only, and is then passed over until the
// reader goes on, so that nobody holds up the work by not looking at it.
//
// It writes to the descriptor itself and not through stdio, whose buffers would send a failed piece
// again later, and does not use fmt::print(), which throws.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/stop.h"

namespace turntable {

// Thread-safe: a text that is given in one call is not torn apart by others.
class Output {
 public:
  // The descriptor stays the caller's and outlives this. `name`: for messages.
  explicit Output(int fd = STDOUT_FILENO, std::string name = "standard output")
      : fd_(fd), name_(std::move(name)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Gives up on a reader that does not read, a second after `stop` was requested; without this it
  // waits for ever. Call before other threads start. `stop` outlives this.
  void give_up_after(const StopToken& stop) { stop_ = &stop; }

  // Held back until flush(), or until there is much of it. False where it cannot be written any
  // more, so that long listings can end early.
  bool write(std::string_view text);
  template <class... Args>
  bool print(fmt::format_string<Args...> format, Args&&... args) {
    return write(fmt::format(format, std::forward<Args>(args)...));
  }
  // Appears as soon as its reader takes it, without waiting for that. False as above.
  bool add(std::string_view text);
  // The descriptor has everything. False as above.
  bool flush();
  // Hands over what is held, as much as there is room for within `wait`. True where that is all.
  // An Error of kind failed where it cannot be written any more, or its reader takes nothing for a
  // second after the wish to stop.
  [[nodiscard]] Result<bool> hand_over(Millis wait);

  // Progress beside the work: appears at once, whole or not at all. Where it cannot, that is said
  // once, in the log, and the work goes on.
  void show(std::string_view text);

  // What the work came to, which is no progress: waits for the reader as results do. Where it
  // cannot appear, that is said in the log, unless show() has said so.
  void show_last(std::string_view text);

  // A line about how the work is doing, for a terminal. It is drawn over the one before, and is
  // gone before anything else appears; an empty line only takes it away. Not held back: where the
  // reader does not take it, it is passed over as by show().
  void show_status(std::string_view line);
  // What is shown here takes away the status line of `other`, which is on the same terminal and
  // outlives this. Call before other threads start.
  void share_terminal_with(Output& other) { on_same_terminal_ = &other; }
  // How many columns the terminal has now; 0 where that is not known, or it is none.
  [[nodiscard]] size_t columns() const;

  // The next text is tried anew: a log may outlive a disk that was full for a while.
  void forget_failure();

  // Flushes. The first failure, of kind failed; but a reader that went away (`… | head`) has had
  // enough, and that is no failure.
  [[nodiscard]] Status finish();
  // Flushes. The first failure, also where the reader went away.
  [[nodiscard]] Status written();
  // Something could not be written, and not because its reader went away or did not read.
  [[nodiscard]] bool failed() const;
  // The reader of a pipe or a socket went away.
  [[nodiscard]] bool reader_gone() const;
  [[nodiscard]] bool is_terminal() const { return ::isatty(fd_) == 1; }
  // A terminal that shows colours, whose user has not asked for none: NO_COLOR (no-color.org).
  [[nodiscard]] bool has_colour() const;

 private:
  void append(std::string_view text);
  void show_locked(std::string_view text);
  [[nodiscard]] size_t left() const { return held_.size() - taken_; }
  // How many bytes of what is held were taken now.
  size_t push();
  // The same once there is room, for which it waits. False where nothing was taken.
  bool push_with_room(Millis wait);
  // Waits for room, and counts how long nobody took anything since the wish to stop.
  void await_reader(Millis wait);
  bool flush_locked();
  void say_once(int error, std::string_view what_follows);
  [[nodiscard]] Status failure(int error) const;

  const int fd_;
  const std::string name_;
  const StopToken* stop_ = nullptr;
  mutable std::mutex mutex_;
  std::string held_;
  size_t taken_ = 0;             // How many bytes of held_ the descriptor has taken.
  int error_ = 0;                // errno of the first write that failed.
  bool stalled_ = false;         // The reader was waited for in vain, and has taken nothing since.
  Millis unread_since_stop_{0};  // How long the reader has taken nothing since the stop.
  uint64_t passed_over_ = 0;     // Pieces of progress since the last that is shown.
  bool said_ = false;            // It has been said that showing fails.
  bool has_status_ = false;      // A status line stands where the next text would begin.
  Output* on_same_terminal_ = nullptr;
};

// The text, or as much of it as has room in so many columns, with a mark where it was cut.
[[nodiscard]] std::string cut_to(std::string_view text, size_t columns);

// Standard error, for messages and the log. Where it fails there is nobody left to be told.
[[nodiscard]] Output& error_output();
void print_error(std::string_view text);

// Opens those of the descriptors 0, 1 and 2 that the caller has closed on /dev/null, so that no
// file gets such a number and is written to by what is meant for standard output. Reading and
// writing them goes on to fail, as it does for closed ones. Call first in main().
void reserve_standard_descriptors();

}  // namespace turntable
