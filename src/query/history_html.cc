// The report as one page: no script, nothing loaded, light and dark.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "query/history.h"

namespace turntable {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5a6478; --line: #d9dee8; --paper: #fff; --bar: #2f6fde; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf4; --soft: #a3adc2; --line: #333c4f; --paper: #141926; --bar: #6ea2ff; }
}
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: 0; color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; font-weight: normal; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
thead th { color: var(--soft); font-size: .85rem; }
td.time, td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.number { text-align: right; padding-right: 0; }
td.bar { width: 40%; }
td.bar span { display: block; height: .8rem; min-width: 2px; border-radius: 2px; background: var(--bar); }
)";

std::string html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        // Control characters are not allowed in HTML.
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          escaped += "\xef\xbf\xbd";
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

std::string table_of_html(const std::string& title, const std::string& head,
                          const std::string& body) {
  return fmt::format(
      "<h2>{}</h2>\n<div class=\"wide\"><table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n"
      "</table></div>\n",
      html(title), head, body);
}

std::string head_cells(const std::vector<std::string>& names) {
  std::string cells;
  for (const std::string& name : names)
    cells += fmt::format("<th scope=\"col\">{}</th>", html(name));
  return cells;
}

// A bar is an ornament: the number behind it says the same.
std::string html_bar_row(const std::string& name, double share, const std::string& number) {
  const double percent = std::clamp(share, 0.0, 1.0) * 100;
  const std::string bar =
      percent > 0 ? fmt::format("<span style=\"width:{:.1f}%\"></span>", percent) : "";
  return fmt::format(
      "<tr><th scope=\"row\">{}</th><td class=\"bar\" aria-hidden=\"true\">{}</td><td "
      "class=\"number\">{}</td></tr>\n",
      html(name), bar, html(number));
}

std::string latest_in_html(const HistoryReport& report) {
  const bool with_person = report.person.empty();
  std::string body;
  for (const auto& play : report.latest)
    body += fmt::format("<tr><td class=\"time\">{}</td>{}<td>{}</td><td>{}</td></tr>\n",
                        html(play.time),
                        with_person ? fmt::format("<td>{}</td>", html(play.person)) : "",
                        html(play.song), html(play.artists));
  return table_of_html("Played last",
                       with_person ? head_cells({"time", "person", "song", "artists"})
                                   : head_cells({"time", "song", "artists"}),
                       body);
}

std::string counted_in_html(const std::string& title, const std::string& what,
                            const std::vector<HistoryReport::Counted>& counts) {
  std::string body;
  for (const auto& one : counts)
    body += html_bar_row(one.name,
                         static_cast<double>(one.plays) / static_cast<double>(counts.front().plays),
                         grouped(one.plays));
  return table_of_html(title, head_cells({what, "", "plays"}), body);
}

std::string features_in_html(const HistoryReport& report) {
  std::string body;
  for (const auto& feature : report.features)
    body += html_bar_row(feature.name, feature.count == 0 ? 0 : feature.mean / feature.full,
                         feature.count == 0 ? "none" : fmt::format("{:.3f}", feature.mean));
  return table_of_html("On average", head_cells({"feature", "", "mean"}), body);
}

std::string hours_in_html(const HistoryReport& report) {
  const uint64_t most = *std::max_element(report.hours.begin(), report.hours.end());
  std::string body;
  for (size_t hour = 0; hour < report.hours.size(); ++hour)
    if (report.hours[hour] > 0)
      body += html_bar_row(fmt::format("{:02}:00", hour),
                           static_cast<double>(report.hours[hour]) / static_cast<double>(most),
                           grouped(report.hours[hour]));
  return table_of_html("By hour", head_cells({"hour", "", "plays"}), body);
}

}  // namespace

std::string history_html(const HistoryReport& report) {
  const std::string heading = html(history_heading(report));
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n"
      "<h1>{}</h1>\n<p>{}: {} plays, {} different songs, {} people</p>\n",
      heading, kStyle, heading, html(report.table), grouped(report.plays),
      grouped(report.different_songs), grouped(report.different_people));
  if (report.plays == 0) {
    page += "<p>There are no such plays.</p>\n";
  } else {
    page += latest_in_html(report) + counted_in_html("Played most", "song", report.songs) +
            features_in_html(report);
    if (!report.hour) page += hours_in_html(report);
    if (report.person.empty()) page += counted_in_html("Who plays most", "person", report.people);
  }
  return page + "</main>\n</body>\n</html>\n";
}

}  // namespace turntable
