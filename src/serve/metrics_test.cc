// The metrics are as docs/METRICS.md says: that page is made here. UPDATE_GOLDEN=1 writes it.
#include "serve/metrics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "base/source_dir.h"

namespace turntable {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHead =
    R"(# Metrics

<!-- src/serve/metrics_test.cc makes this page of the program's table, and compares; UPDATE_GOLDEN=1 writes it. -->

What `turntable run --http [ADDR:]PORT` says at `/metrics`, in the text format of Prometheus, and in OpenMetrics where the client asks for it.
The names and labels are an API: they change with a note in the changelog only. Each answer is one look at the run, made once a second, so that
in every scrape and for every pipeline, in whole numbers,

    turntable_records_consumed_total = sum of turntable_records_total over all outcomes + turntable_records_in_flight

and the same of `turntable_table_records_…` in each table. The outcomes are written, deleted, filtered, tombstone, unmatched, rejected and
returned ([DELIVERY.md](DELIVERY.md)). Alerts on these are in [turntable.rules.yml](../packaging/prometheus/turntable.rules.yml), a
dashboard in [turntable.json](../packaging/grafana/turntable.json), and what to do in [RUNBOOK.md](RUNBOOK.md).

)";

std::string_view type_text(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return "";
}

RunFacts facts_of_one_run() {
  return {.pipeline = "my\"pipe\nline\\",
          .started_at_us = 1'500'000,
          .source = "plays",
          .source_name = "topic t at localhost:9092",
          .topic = "t",
          .tables = {"history", "by_song"},
          .stores = {"spotify.history and spotify.by_song"},
          .store_first_table = {0},
          .lookups = {{.name = "songs", .rows = 3, .version = "v1", .loaded_at_us = 2'000'000}}};
}

LaneFigures figures_of_one_lane() {
  LaneFigures lane;
  lane.state = LaneState::running;
  lane.turns = 1;
  lane.counts = {.consumed = 10, .written = 6, .unmatched = 1, .rejected = 1};
  lane.in_flight = 2;
  lane.inserts = {{lane.counts, 2}, {{.consumed = 10, .written = 5, .filtered = 5}, 0}};
  lane.latencies.add(150);
  lane.latencies.add(4'000'000'000);
  auto details = std::make_shared<LaneDetails>();
  details->partitions = {
      {.partition = 3, .position = 7, .next = 9, .end = 20, .last_record_ms = 9'000}};
  details->lookups = {{.name = "songs", .hits = 8, .misses = 1}};
  details->store_troubles = {""};
  lane.details = details;
  return lane;
}

std::string rendered(MetricsFormat format) {
  const RunFacts facts = facts_of_one_run();
  const Observation now =
      observe({figures_of_one_lane()}, facts, 10'000'000, figures_of_one_lane().turned_at);
  return metrics_text(now, facts, true, format);
}

TEST(MetricsPage, SaysWhatTheProgramDoes) {
  std::string made(kHead);
  made += "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricFamily& family : metric_families())
    made +=
        fmt::format("| `{}` | {} | {} | {}. |\n", family.name, type_text(family.type),
                    family.labels.empty() ? "" : fmt::format("`{}`", family.labels), family.help);
  const std::string page = source_path("docs/METRICS.md");
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(page) << made;
  std::ostringstream there;
  there << std::ifstream(page).rdbuf();
  EXPECT_EQ(there.str(), made) << "UPDATE_GOLDEN=1 writes the page";
}

TEST(MetricsTest, NamesAreAsPrometheusWantsThem) {
  std::set<std::string_view> names;
  for (const MetricFamily& family : metric_families()) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
    EXPECT_TRUE(family.name.starts_with("turntable_")) << family.name;
    EXPECT_EQ(family.name.ends_with("_total"), family.type == MetricType::counter) << family.name;
    EXPECT_FALSE(family.help.ends_with('.')) << family.name;
  }
  // OpenMetrics takes the ending away: then, too, no two have one name.
  for (const MetricFamily& family : metric_families())
    if (family.type == MetricType::counter) {
      const std::string_view stem = family.name.substr(0, family.name.size() - 6);
      EXPECT_FALSE(names.contains(stem)) << family.name;
    }
}

TEST(MetricsTest, EachSampleHasTheLabelsThatThePageSays) {
  const std::string text = rendered(MetricsFormat::prometheus);
  for (const MetricFamily& family : metric_families()) {
    std::string expected;
    for (const char c : family.labels)
      if (c != ' ') expected += c == ',' ? "=[^,]*," : std::string(1, c);
    if (!expected.empty()) expected = "\\{" + expected + "=.*\\}";
    const std::string suffix = family.type == MetricType::histogram ? "_count" : "";
    const std::regex sample(
        fmt::format("(^|\n){}{}{} [0-9.e+-]+\n", family.name, suffix, expected));
    EXPECT_TRUE(std::regex_search(text, sample)) << family.name << "\n" << text;
  }
}

TEST(MetricsTest, CountersAreWholeNumbers) {
  RunFacts facts = facts_of_one_run();
  LaneFigures lane = figures_of_one_lane();
  lane.counts.consumed = 12'345'678'901'234'567;
  const Observation now = observe({lane}, facts, 1, {});
  EXPECT_THAT(metrics_text(now, facts, true, MetricsFormat::prometheus),
              HasSubstr("turntable_records_consumed_total{pipeline=\"my\\\"pipe\\nline\\\\\"} "
                        "12345678901234567\n"));
}

TEST(MetricsTest, BucketsAreCumulativeAndEndWithAll) {
  const std::string text = rendered(MetricsFormat::prometheus);
  EXPECT_THAT(text, HasSubstr("le=\"0.0001\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("le=\"0.0002\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("le=\"3600.0\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("le=\"+Inf\"} 2\n"));
  EXPECT_THAT(text,
              HasSubstr("turntable_event_to_row_seconds_count{pipeline=\"my\\\"pipe\\nline\\\\"
                        "\"} 2\n"));
}

TEST(MetricsTest, OpenMetricsNamesCountersWithoutTheirEnding) {
  const std::string text = rendered(MetricsFormat::open_metrics);
  EXPECT_THAT(text, HasSubstr("# TYPE turntable_records counter\n"));
  EXPECT_THAT(text, HasSubstr("\nturntable_records_total{"));
  EXPECT_TRUE(text.ends_with("# EOF\n"));
}

}  // namespace
}  // namespace turntable
