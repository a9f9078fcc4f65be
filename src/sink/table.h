// A sink's table as the pipeline wants it: what DDL is made of, what a live table is compared with,
// and what the stores prepare their statements from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "row/types.h"
#include "row/write_time.h"

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

  [[nodiscard]] bool has(std::string_view column) const {
    return std::any_of(partition.begin(), partition.end(),
                       [column](const std::string& name) { return name == column; }) ||
           std::any_of(clustering.begin(), clustering.end(),
                       [column](const ClusteringColumn& one) { return one.name == column; });
  }

  // All key columns in key order: partition first. None of them may be NULL.
  [[nodiscard]] std::vector<std::string> columns() const {
    std::vector<std::string> names = partition;
    for (const ClusteringColumn& column : clustering) names.push_back(column.name);
    return names;
  }
};

// What a value that is NULL does to the column of a row that is there already.
enum class Nulls : uint8_t {
  null,   // The column is NULL. In Cassandra that is a tombstone.
  unset,  // The column stays as it is.
};

struct SinkTable {
  // In SQLite only what queries know the file by: its tables are named without it.
  std::string keyspace;
  std::string name;
  Schema columns;  // All, in their order.
  TableKey key = {};
  // Columns of the key whose times may have microseconds. Some stores keep milliseconds.
  std::vector<std::string> microsecond_keys = {};
  // The columns that are never written, because INSERT INTO … (…) does not list them.
  std::set<std::string> unwritten = {};
  std::optional<Nulls> nulls = {};  // Nothing: what is right for the key (sink/row_rules.h).
  WriteTimeRule write_times = WriteTimeRule::none;
  bool named_with_keyspace = true;
  // Rows may be deletions (RowKind). They have write times then, for a row that was written before
  // must not come back.
  bool deletes = false;
  // Cassandra only: rows go after so long; 0: they stay.
  int64_t ttl_seconds = 0;
  // Or the SELECT has a value for each row, as an output of this name, which is none of the table's
  // columns; empty: it has none.
  std::string ttl_column = {};

  // Cassandra only: columns that have another type there than the usual one, by their names; the
  // types are canonical (canonical_cql_type()).
  std::map<std::string, std::string> cql_types = {};

  // Rows have a write time, as their last cell (RowForm::write_time).
  [[nodiscard]] bool has_write_times() const { return write_times != WriteTimeRule::none; }

  // As its store knows it: "spotify.listening_history", or "listening_history".
  [[nodiscard]] std::string full_name() const {
    return keyspace.empty() || !named_with_keyspace ? name : keyspace + "." + name;
  }

  // Those of `columns` that are written, in the order in which rows have their cells.
  [[nodiscard]] Schema written() const {
    Schema schema;
    for (const ColumnDef& column : columns)
      if (!unwritten.contains(column.name)) schema.push_back(column);
    return schema;
  }
};

// The column in which an SQLite table has its rows' write times.
inline constexpr std::string_view kWriteTimeColumn = "_write_time";

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
