// Writing to a descriptor whose reader may stop reading, as `less` does and a terminal after Ctrl-S.
#pragma once

#include <cerrno>
#include <cstddef>
#include <string_view>

#include "base/clock.h"

namespace turntable {

// Writes what fits at once, and never waits for the reader. Returns how many bytes were taken,
// fewer than all where there is no room now; `error` becomes the errno of a failure, else 0.
// Where neither /proc nor the owner of a pipe lets it be opened once more, it may wait after all if
// another process fills the same pipe at the same moment.
[[nodiscard]] size_t write_now(int fd, std::string_view text, int& error);

// Waits until there is room, or a failure to be told by write_now(). False after `wait`.
[[nodiscard]] bool await_room(int fd, Millis wait);

// Writes the last message of a process that is ending to standard error, and gives up where nobody
// reads there for a second. Allocates nothing; safe in a signal handler.
void write_last_words(const char* text);

}  // namespace turntable
