// The report as text: tables and bars that fit a terminal.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "query/history.h"

namespace turntable {
namespace {

constexpr size_t kNarrowest = 40;
constexpr size_t kWidest = 100;
constexpr size_t kNamesWidest = 44;
constexpr size_t kGap = 2;
constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

// The text, cut or filled up to so many columns.
std::string fitted(const std::string& text, size_t columns) {
  std::string shown = printable(text, 1'000);
  if (display_width(shown) > columns) shown = cut_to(shown, columns);
  shown.append(columns - std::min(display_width(shown), columns), ' ');
  return shown;
}

std::string without_blanks_at_end(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

// A bar of so many columns at most, in eighths of one.
std::string block_bar(double share, size_t columns) {
  const double whole = std::clamp(share, 0.0, 1.0) * static_cast<double>(columns);
  auto eighths = static_cast<size_t>(std::lround(whole * 8));
  if (eighths == 0 && share > 0) eighths = 1;  // Something is there.
  std::string bar;
  for (size_t i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + kEighths[eighths % 8];
}

class TextReport {
 public:
  TextReport(const HistoryReport& report, size_t columns, bool colour)
      : report_(report), columns_(std::clamp(columns, kNarrowest, kWidest)), colour_(colour) {}

  std::string print() && {
    heading(history_heading(report_));
    line(fmt::format("{}: {}", report_.table, sums()));
    if (report_.plays == 0) {
      line(
          "There are no such plays: names are compared letter by letter, days as they stand in "
          "the table.");
      return std::move(text_);
    }
    latest();
    counted("Played most", report_.songs);
    features();
    if (!report_.hour) hours();
    if (report_.person.empty()) counted("Who plays most", report_.people);
    return std::move(text_);
  }

 private:
  static std::string many(uint64_t count, const std::string& one, const std::string& more) {
    return fmt::format("{} {}", grouped(count), count == 1 ? one : more);
  }

  [[nodiscard]] std::string sums() const {
    return fmt::format("{} of {} by {}", many(report_.plays, "play", "plays"),
                       many(report_.different_songs, "song", "songs"),
                       many(report_.different_people, "person", "people"));
  }

  // Cut at blanks to what has room.
  void line(const std::string& words) {
    std::string rest = printable(words, 1'000);
    while (display_width(rest) > columns_) {
      size_t blank = rest.rfind(' ');
      while (blank != std::string::npos && blank > 0 &&
             display_width(rest.substr(0, blank)) > columns_)
        blank = rest.rfind(' ', blank - 1);
      if (blank == std::string::npos || blank == 0) break;
      text_ += rest.substr(0, blank) + "\n";
      rest.erase(0, blank + 1);
    }
    text_ += cut_to_columns(rest) + "\n";
  }
  [[nodiscard]] std::string cut_to_columns(const std::string& text) const {
    return display_width(text) > columns_ ? cut_to(text, columns_) : text;
  }

  void heading(const std::string& words) {
    if (!text_.empty()) text_ += "\n";
    const std::string shown = cut_to_columns(printable(words, 1'000));
    text_ += colour_ ? fmt::format("\x1b[1m{}\x1b[m\n", shown) : shown + "\n";
  }

  void latest() {
    heading("Played last");
    size_t time = 0;
    for (const auto& play : report_.latest) time = std::max(time, display_width(play.time));
    time = std::min<size_t>(time, 19);
    const bool with_person = report_.person.empty();
    const size_t texts = with_person ? 3 : 2;
    const size_t room = columns_ - 2 - time - texts * kGap;
    const size_t person = with_person ? room / 4 : 0;
    const size_t artists = (room - person) * 2 / 5;
    const size_t song = room - person - artists;
    for (const auto& play : report_.latest) {
      std::string row = "  " + fitted(play.time, time) + "  ";
      if (with_person) row += fitted(play.person, person) + "  ";
      row += fitted(play.song, song) + "  " + fitted(play.artists, artists);
      text_ += without_blanks_at_end(row) + "\n";
    }
  }

  // A name, a bar, a number.
  void bar_row(const std::string& name, size_t names, double share, size_t bars,
               const std::string& number) {
    const std::string bar = block_bar(share, bars);
    const std::string filled = bar + std::string(bars - std::min(display_width(bar), bars), ' ');
    text_ += fmt::format("  {}  {}{}{}  {}\n", fitted(name, names), colour_ ? "\x1b[36m" : "",
                         filled, colour_ ? "\x1b[m" : "", number);
  }

  void counted(const std::string& title, const std::vector<HistoryReport::Counted>& counts) {
    heading(title);
    size_t names = 0;
    for (const auto& one : counts)
      names = std::max(names, display_width(printable(one.name, 1'000)));
    const std::string most = grouped(counts.empty() ? 0 : counts.front().plays);
    const size_t room = columns_ - 2 - 2 * kGap - most.size();
    names = std::min({names, kNamesWidest, room - room / 3});
    for (const auto& one : counts)
      bar_row(one.name, names,
              static_cast<double>(one.plays) / static_cast<double>(counts.front().plays),
              room - names, fmt::format("{:>{}}", grouped(one.plays), most.size()));
  }

  void features() {
    heading("On average");
    constexpr size_t kNames = 12;
    constexpr size_t kNumbers = 7;
    for (const auto& feature : report_.features) {
      const size_t bars = columns_ - 2 - 2 * kGap - kNames - kNumbers;
      bar_row(feature.name, kNames, feature.count == 0 ? 0 : feature.mean / feature.full, bars,
              feature.count == 0 ? "   none" : fmt::format("{:>{}.3f}", feature.mean, kNumbers));
    }
  }

  void hours() {
    heading("By hour");
    const uint64_t most = *std::max_element(report_.hours.begin(), report_.hours.end());
    const size_t numbers = grouped(most).size();
    for (size_t hour = 0; hour < report_.hours.size(); ++hour) {
      const uint64_t plays = report_.hours[hour];
      if (plays == 0) continue;
      bar_row(fmt::format("{:02}", hour), 2, static_cast<double>(plays) / static_cast<double>(most),
              columns_ - 2 - 2 * kGap - 2 - numbers,
              fmt::format("{:>{}}", grouped(plays), numbers));
    }
  }

  const HistoryReport& report_;
  const size_t columns_;
  const bool colour_;
  std::string text_;
};

}  // namespace

std::string history_text(const HistoryReport& report, size_t columns, bool colour) {
  return TextReport(report, columns, colour).print();
}

}  // namespace turntable
