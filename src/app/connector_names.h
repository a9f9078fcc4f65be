// What `connector` may be in a pipeline. What each of them is opened with is in connectors.cc,
// which does not compile where one of these is missing there, and src/app/matrix_test.cc runs every
// source into every sink.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace turntable {

struct ConnectorName {
  std::string_view name;
  std::string_view one_lane =
      {};  // Why it has one lane only; empty where it has as many as asked for.
};

inline constexpr ConnectorName kSourceConnectors[] = {
    {"kafka"},
    {"ndjson", "a file is read by one lane"},
};

inline constexpr ConnectorName kSinkConnectors[] = {
    {"cassandra"},
    {"sqlite", "SQLite has one writer, so one lane"},
    {"console"},
    {"null"},
};

// In the table's order.
[[nodiscard]] inline std::vector<std::string> names_of(std::span<const ConnectorName> connectors) {
  std::vector<std::string> names;
  for (const ConnectorName& connector : connectors) names.emplace_back(connector.name);
  return names;
}

}  // namespace turntable
