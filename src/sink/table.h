// A sink's table as the pipeline wants it: what DDL is made of, what a live table is compared with,
// and what the stores prepare their statements from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "row/types.h"

namespace turntable {

// A part of the key by which rows are ordered within their partition.
struct ClusteringColumn {
  std::string name;
  bool descending = false;
};

// PRIMARY KEY ((partition…), clustering…). Names are columns of the table. Empty where the sink has
// no key.
struct TableKey {
  std::vector<std::string> partition;
  std::vector<ClusteringColumn> clustering = {};

  [[nodiscard]] bool empty() const { return partition.empty(); }

  // All key columns in key order: partition first. None of them may be NULL.
  [[nodiscard]] std::vector<std::string> columns() const {
    std::vector<std::string> names = partition;
    for (const ClusteringColumn& column : clustering) names.push_back(column.name);
    return names;
  }
};

struct SinkTable {
  std::string keyspace;
  std::string name;
  Schema columns;  // In the order in which rows have their cells.
  TableKey key = {};
  // Cassandra only:
  int64_t ttl_seconds = 0;         // Rows go after so long; 0: they stay.
  bool record_timestamps = false;  // Rows have the write time of their last cell (RowForm).

  // "spotify.listening_history".
  [[nodiscard]] std::string full_name() const {
    return keyspace.empty() ? name : keyspace + "." + name;
  }

  // The column's place in `columns`, and with it the place of its cell in a row.
  [[nodiscard]] std::optional<size_t> find(const std::string& column) const {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].name == column) return i;
    }
    return std::nullopt;
  }
};

// A column of a table as a store describes it.
struct LiveColumn {
  enum class Kind { partition, clustering, regular, fixed /* CQL: static */ };
  std::string name;
  std::string type;  // In the store's words: "float", "real".
  Kind kind = Kind::regular;
  int position = 0;  // Among the columns of its kind; only the key's are ordered.
  bool descending = false;
  bool required = false;  // Not NULL and without a default: a row that lacks it is refused.
};

}  // namespace turntable
