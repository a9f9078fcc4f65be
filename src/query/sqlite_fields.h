// Fields of composite columns in a statement for an SQLite file. Cassandra reads features.tempo as
// a field of the column features; SQLite would look for a table features. The file has a column for
// each field, which is called "features.tempo" (sink/composite_ddl.h): that name is put in its
// place.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "sqlite/database.h"

namespace turntable {

struct FieldNames {
  std::string text;  // The statement with the names of the columns.

  // The byte of the statement as it was written that a byte of `text` stands for.
  [[nodiscard]] size_t written_at(size_t byte) const;

  // Where a name was put, in `text`: its end, and how much longer it is than what it replaced.
  std::vector<std::pair<size_t, size_t>> places = {};
};

// `keyspace`: under which the file is attached. What is a table's or an alias's column as well is
// left as it is.
[[nodiscard]] FieldNames with_field_columns(sqlite::Database& db, const std::string& keyspace,
                                            const std::string& text);

}  // namespace turntable
