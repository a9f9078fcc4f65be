#include "app/status.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/output.h"
#include "base/text.h"

namespace turntable {
namespace {

constexpr Millis kTerminalInterval{500};
constexpr Millis kLogInterval{5'000};

}  // namespace

std::string status_line(std::vector<StatusPart> parts, size_t columns) {
  const auto joined = [&parts] {
    std::string line;
    for (const StatusPart& part : parts) line += (line.empty() ? "" : ", ") + part.text;
    return line;
  };
  if (columns == 0 || cut_to(joined(), columns) == joined()) return joined();
  std::stable_partition(parts.begin(), parts.end(),
                        [](const StatusPart& part) { return part.urgent; });
  while (parts.size() > 1 && cut_to(joined(), columns) != joined()) parts.pop_back();
  return cut_to(joined(), columns);
}

StatusReporter::StatusReporter(std::vector<const Lane*> lanes, Millis interval,
                               std::vector<std::string> tables)
    : lanes_(std::move(lanes)),
      interval_(interval),
      tables_(std::move(tables)),
      thread_([this] { run(); }) {}

StatusReporter::~StatusReporter() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

// "rows: history 12, by_song 9".
std::string StatusReporter::rows_by_table(const std::vector<LaneFigures>& lanes) const {
  std::string text = "rows:";
  for (size_t insert = 0; insert < tables_.size(); ++insert) {
    uint64_t rows = 0;
    for (const LaneFigures& lane : lanes) rows += lane.inserts[insert].counts.written;
    text +=
        fmt::format("{} {} {}", insert == 0 ? "" : ",", printable(tables_[insert]), grouped(rows));
  }
  return text;
}

void StatusReporter::run() {
  const bool terminal = error_output().is_terminal() && !log::is_json();
  const Millis usual = terminal ? kTerminalInterval : kLogInterval;
  const Millis interval = interval_.count() > 0 ? interval_ : usual;
  uint64_t before = 0;
  SteadyTime then = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, interval, [this] { return end_; })) {
    Counts counts;
    int64_t lag = -1;
    int64_t lost = 0;
    std::string stalled;
    std::vector<LaneFigures> figures;
    for (const Lane* lane : lanes_) {
      const LaneFigures& of_lane = figures.emplace_back(lane->figures());
      counts += of_lane.counts;
      if (stalled.empty() && of_lane.stalled_store)
        stalled = lane->store_names()[*of_lane.stalled_store];
      lost += of_lane.lost;
      if (of_lane.lag >= 0) lag = std::max<int64_t>(lag, 0) + of_lane.lag;
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - then).count();
    const auto rate =
        static_cast<uint64_t>(static_cast<double>(counts.consumed - before) / seconds);
    before = counts.consumed;
    then = now;
    std::vector<StatusPart> parts{
        {fmt::format("{} records/s", grouped(rate))},
        {fmt::format("lag {}", lag < 0 ? "unknown" : grouped(static_cast<uint64_t>(lag)))},
        {fmt::format("written {}", grouped(counts.written))},
        {fmt::format("unmatched {}", grouped(counts.unmatched))},
        {fmt::format("rejected {}", grouped(counts.rejected))}};
    if (tables_.size() > 1) parts.back().text += "; " + rows_by_table(figures) + ";";
    if (counts.filtered > 0)
      parts.push_back({fmt::format("filtered {}", grouped(counts.filtered))});
    if (counts.deleted > 0) parts.push_back({fmt::format("deleted {}", grouped(counts.deleted))});
    if (counts.tombstones > 0)
      parts.push_back({fmt::format("tombstones {}", grouped(counts.tombstones))});
    if (!stalled.empty()) parts.push_back({fmt::format("waiting for {}", stalled), true});
    if (lost > 0)
      parts.push_back({fmt::format("LOST {}", grouped(static_cast<uint64_t>(lost))), true});
    if (terminal) {
      // In the last column some terminals go on to the next line.
      const size_t columns = error_output().columns();
      error_output().show_status(
          status_line(std::move(parts), columns > 1 ? columns - 1 : columns));
    } else {
      log::info("{}", status_line(std::move(parts), 0));
    }
  }
  if (terminal) error_output().show_status("");
}

}  // namespace turntable
