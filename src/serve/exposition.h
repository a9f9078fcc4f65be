// The text formats in which Prometheus reads metrics: its own 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/), and OpenMetrics 1.0
// (https://prometheus.io/docs/specs/om/open_metrics_spec/).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace turntable {

enum class MetricType { counter, gauge, histogram };

// What is said of a metric. Names are an API: tests/golden has them.
struct MetricFamily {
  std::string_view name;  // A counter's ends with _total.
  MetricType type = MetricType::gauge;
  std::string_view labels;  // "pipeline, outcome": for the docs.
  std::string_view help;    // A sentence without a full stop.
};

enum class MetricsFormat { prometheus, open_metrics };
[[nodiscard]] std::string_view content_type(MetricsFormat format);

using Label = std::pair<std::string_view, std::string_view>;

// One family after another, each with all of its samples.
class Exposition {
 public:
  explicit Exposition(MetricsFormat format) : format_(format) {}

  void family(const MetricFamily& family);
  // Of the family that was begun last.
  void sample(std::span<const Label> labels, uint64_t value);
  void sample(std::span<const Label> labels, int64_t value);
  void sample(std::span<const Label> labels, double value);
  // `bounds` ascend, `counts` are of one bucket each, the last above all bounds. Values are divided
  // by `unit`.
  void histogram(std::span<const Label> labels, std::span<const int64_t> bounds,
                 std::span<const uint64_t> counts, uint64_t sum, double unit);

  // The whole text. Nothing may follow.
  [[nodiscard]] std::string finish() &&;

 private:
  void line(std::string_view suffix, std::span<const Label> labels, std::string_view value,
            std::string_view bound = {});

  const MetricsFormat format_;
  std::string_view name_;
  std::string text_;
};

}  // namespace turntable
