// The log: one line per event to stderr, through spdlog. Nothing is logged per record.
#pragma once

#include <fmt/format.h>

#include <string>

namespace turntable::log {

enum class Level { debug, info, warn, error };

// Call once from main before other threads start. Without it, warnings and errors are shown.
void open(Level level);

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
