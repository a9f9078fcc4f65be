// The log: one line per event to stderr, through spdlog, as text or as JSON. Nothing is logged per
// record.
#pragma once

#include <fmt/format.h>

#include <string>

namespace turntable::log {

enum class Level { debug, info, warn, error };

// A line of JSON is an object of `time` (ISO 8601, UTC, milliseconds), `level` (info, warning,
// error) and `message`.
enum class Format { text, json };

// Call once from main before other threads start. Without it, warnings and errors are shown, as
// text.
void open(Level level, Format format = Format::text);

// Lines are JSON: then all that goes to standard error has to be, and no status line is drawn
// there.
[[nodiscard]] bool is_json();

// Thread-safe. Control characters in the message are escaped.
void write(Level level, const std::string& message);

template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace turntable::log
