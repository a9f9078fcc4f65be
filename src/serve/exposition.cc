#include "serve/exposition.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace turntable {
namespace {

constexpr std::string_view kTotal = "_total";

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return "unknown";
}

// As a label's value; both formats have the same escapes, and want UTF-8.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        out += c;
    }
  }
  return is_utf8(out) ? out : "?";
}

// OpenMetrics wants a point or an exponent in a bound: "1.0".
std::string bound_text(double bound) {
  std::string text = fmt::to_string(bound);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string_view content_type(MetricsFormat format) {
  return format == MetricsFormat::prometheus
             ? "text/plain; version=0.0.4; charset=utf-8"
             : "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

// OpenMetrics names a counter's family without its ending.
void Exposition::family(const MetricFamily& family) {
  name_ = family.name;
  std::string_view named = family.name;
  if (format_ == MetricsFormat::open_metrics && family.type == MetricType::counter)
    named.remove_suffix(kTotal.size());
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", named, family.help, named,
                       type_name(family.type));
}

void Exposition::line(std::string_view suffix, std::span<const Label> labels,
                      std::string_view value, std::string_view bound) {
  text_ += name_;
  text_ += suffix;
  std::string inside;
  for (const auto& [name, text] : labels)
    inside += fmt::format("{}{}=\"{}\"", inside.empty() ? "" : ",", name, escaped(text));
  if (!bound.empty()) inside += fmt::format("{}le=\"{}\"", inside.empty() ? "" : ",", bound);
  if (!inside.empty()) text_ += fmt::format("{{{}}}", inside);
  text_ += fmt::format(" {}\n", value);
}

void Exposition::sample(std::span<const Label> labels, uint64_t value) {
  line("", labels, fmt::to_string(value));
}

void Exposition::sample(std::span<const Label> labels, int64_t value) {
  line("", labels, fmt::to_string(value));
}

void Exposition::sample(std::span<const Label> labels, double value) {
  line("", labels, fmt::to_string(value));
}

void Exposition::histogram(std::span<const Label> labels, std::span<const int64_t> bounds,
                           std::span<const uint64_t> counts, uint64_t sum, double unit) {
  uint64_t below = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    below += counts[i];
    const std::string bound =
        i == bounds.size() ? "+Inf" : bound_text(static_cast<double>(bounds[i]) / unit);
    line("_bucket", labels, fmt::to_string(below), bound);
  }
  line("_sum", labels, fmt::to_string(static_cast<double>(sum) / unit));
  line("_count", labels, fmt::to_string(below));
}

std::string Exposition::finish() && {
  if (format_ == MetricsFormat::open_metrics) text_ += "# EOF\n";
  return std::move(text_);
}

}  // namespace turntable
