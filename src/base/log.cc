#include "base/log.h"

#include <fmt/chrono.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <string_view>

#include "base/output.h"
#include "base/text.h"

namespace turntable::log {
namespace {

constexpr size_t kMessageLimit = 4096;

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

const char* colour_of(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return "\x1b[1;31m";   // Bold red.
  if (level == spdlog::level::warn) return "\x1b[1;33m";  // Bold yellow.
  return "\x1b[32m";                                      // Green.
}

// Set before other threads start.
std::atomic<bool> json_format{false};

std::string json_line(const spdlog::details::log_msg& message) {
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch())
          .count();
  const auto level = message.level == spdlog::level::warn   ? "warning"
                     : message.level >= spdlog::level::err  ? "error"
                     : message.level == spdlog::level::info ? "info"
                                                            : "debug";
  return fmt::format(
      "{{\"time\": \"{:%Y-%m-%dT%H:%M:%S}.{:03}Z\", \"level\": \"{}\", \"message\": {}}}\n",
      fmt::gmtime(static_cast<std::time_t>(millis / 1000)), millis % 1000, level,
      json_quote(std::string_view(message.payload.data(), message.payload.size())));
}

// spdlog's own waits for whoever reads standard error, and its lanes with it.
class ErrorSink final : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string text;
    if (json_format) {
      text = json_line(message);
    } else {
      spdlog::memory_buf_t line;
      formatter_->format(message, line);
      text.assign(line.data(), line.size());
    }
    if (!json_format && error_output().has_colour() &&
        message.color_range_end > message.color_range_start) {
      text.insert(message.color_range_end, "\x1b[m");
      text.insert(message.color_range_start, colour_of(message.level));
    }
    error_output().forget_failure();
    error_output().show(text);
  }
  void flush_() override {}
};

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>("turntable", std::make_shared<ErrorSink>());
    made->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
    made->set_level(spdlog::level::warn);
    return made;
  }();
  return *instance;
}

}  // namespace

void open(Level level, Format format) {
  logger().set_level(spdlog_level(level));
  json_format = format == Format::json;
}

bool is_json() {
  return json_format;
}

void write(Level level, const std::string& message) {
  const auto wanted = spdlog_level(level);
  if (!logger().should_log(wanted)) return;
  logger().log(wanted, printable(message, kMessageLimit));
}

}  // namespace turntable::log
