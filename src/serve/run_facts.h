// What is known of a run once its pipeline is loaded, and does not change: the pipeline as a graph,
// and the names by which figures are shown. Secrets are not in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace turntable {

struct PlanColumn {
  std::string name;
  std::string type;
  std::string key;  // "partition", "clustering", or empty.
};

struct PlanNode {
  std::string id;    // "source:plays", "filter:0", "lookup:songs", "table:history".
  std::string kind;  // "source", "filter", "lookup" or "table".
  std::string name;
  std::string connector = {};
  std::string detail = {};
  std::string join = {};                 // Of a lookup: "inner" or "left".
  std::vector<std::string> tables = {};  // Of a filter or a lookup: in whose INSERTs it is.
  std::vector<PlanColumn> columns = {};  // Of a table.
};

struct PlanEdge {
  std::string from;
  std::string to;

  friend bool operator==(const PlanEdge&, const PlanEdge&) = default;
};

struct LookupFacts {
  std::string name;
  uint64_t rows = 0;
  std::string version;  // When its file was last changed.
  int64_t loaded_at_us = 0;
  double load_seconds = 0;
};

struct RunFacts {
  std::string pipeline;  // The file's name without its folder and ending.
  int64_t started_at_us = 0;
  std::vector<PlanNode> nodes;
  std::vector<PlanEdge> edges;
  std::string source;                     // The table's name in the file.
  std::string source_name;                // "topic plays at …", a file's path.
  std::string topic;                      // Or the file's path.
  std::vector<std::string> tables;        // By INSERT: its name in the file.
  std::vector<std::string> stores;        // By store: its name for messages, …
  std::vector<size_t> store_first_table;  // … and the first INSERT that goes there.
  std::vector<LookupFacts> lookups;
  std::string dead_letters_connector = "none";  // "kafka", "file" or "none".
  std::string dead_letters;                     // "topic t", a path, "nowhere".
};

// The answer of /api/plan.
[[nodiscard]] std::string plan_json(const RunFacts& facts);

}  // namespace turntable
