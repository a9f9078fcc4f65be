// What the columns of an SQLite statement are called and typed on Cassandra, and in which order its
// rows come.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "query/row_stream.h"
#include "query/statements.h"
#include "row/cell.h"
#include "row/composite.h"
#include "row/types.h"
#include "sqlite/database.h"

namespace turntable {

// One column of a result: where SQLite has it, and what it is.
struct SqliteColumn {
  int index = 0;
  std::string name;
  // Nothing: an expression, whose type its values tell.
  std::optional<Type> type;
  TimeUnit kept = TimeUnit::micros;                          // Where it is a time.
  std::shared_ptr<const CompositeType> composite = nullptr;  // Where it is of such a type.
};

// In the order in which Cassandra gives them. `text` is the statement's text; tables without a
// schema are looked for in `keyspace`.
[[nodiscard]] std::vector<SqliteColumn> columns_of(sqlite::Database& db,
                                                   const sqlite::Statement& statement,
                                                   std::string_view text,
                                                   const std::string& keyspace);

// The statement with an ORDER BY of the table's key, where it says nothing about order itself:
// SQLite would give the rows as they were written.
[[nodiscard]] std::string in_key_order(sqlite::Database& db, const std::string& text,
                                       const std::string& keyspace);

}  // namespace turntable
