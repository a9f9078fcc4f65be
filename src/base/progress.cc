#include "base/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/output.h"
#include "base/text.h"

namespace turntable {
namespace {

constexpr Millis kFirstDrawing{500};
constexpr Millis kBetweenDrawings{200};
constexpr Millis kBetweenRates{1'000};

std::string bar_text(double share) {
  constexpr size_t kWidth = 20;
  const auto full = static_cast<size_t>(share * static_cast<double>(kWidth));
  const bool tip = full < kWidth;
  return fmt::format("[{:=<{}}{}{: <{}}] ", "", full, tip ? ">" : "", "",
                     kWidth - full - (tip ? 1 : 0));
}

double seconds_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string time_left_text(double seconds) {
  const auto whole = static_cast<uint64_t>(std::ceil(std::clamp(seconds, 0.0, 1e9)));
  if (whole < 100) return fmt::format("{} s", whole);
  const uint64_t minutes = (whole + 59) / 60;
  if (minutes < 100) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", grouped(minutes / 60), minutes % 60);
}

std::string progress_text(uint64_t done, const std::string& unit, double share, double rate,
                          double seconds, size_t columns) {
  std::vector<std::string> parts;
  share = std::min(share, 1.0);
  if (share >= 0) parts.push_back(fmt::format("{:.0f} %", std::floor(share * 100)));
  // Without a sum the time that it has taken tells more than nothing.
  if (share > 0) parts.push_back(time_left_text(seconds * (1 - share) / share) + " left");
  parts.push_back(fmt::format("{} {}", grouped(done), unit));
  parts.push_back(fmt::format("{}/s", grouped(static_cast<uint64_t>(std::llround(rate)))));
  const auto joined = [&parts] { return fmt::format("{}", fmt::join(parts, ", ")); };
  const std::string bar = share >= 0 ? bar_text(share) : "";
  const std::string all = bar + joined();
  if (columns == 0 || display_width(all) <= columns) return all;
  while (parts.size() > 1 && display_width(joined()) > columns) parts.pop_back();
  return cut_to(joined(), columns);
}

Progress::Progress(std::string unit)
    : unit_(std::move(unit)),
      shown_(error_output().is_terminal() && !log::is_json()),
      began_(std::chrono::steady_clock::now()),
      drawn_at_(began_ + kFirstDrawing - kBetweenDrawings),
      rated_at_(began_) {}

Progress::~Progress() {
  if (shown_) error_output().show_status("");
}

void Progress::at(uint64_t done, double share) {
  if (!shown_) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now - drawn_at_ < kBetweenDrawings) return;
  drawn_at_ = now;
  if (now - rated_at_ >= kBetweenRates || rate_ == 0) {
    rate_ = static_cast<double>(done - std::min(done, rated_)) / seconds_between(rated_at_, now);
    rated_at_ = now;
    rated_ = done;
  }
  // In the last column some terminals go on to the next line.
  const size_t columns = error_output().columns();
  error_output().show_status(progress_text(done, unit_, share, rate_, seconds_between(began_, now),
                                           columns > 1 ? columns - 1 : columns));
}

}  // namespace turntable
