// Which keys of an SQLite table were deleted, and when.
//
// Of two records with one key the later one stands, in whichever order they come. A row has its
// write time beside it; where a row was deleted nothing is left that has one, and the dead letter
// of an older record that is replayed would bring the row back. So the table
// turntable_deletions_<name> remembers each key that was deleted and has no row, with the
// deletion's write time:
//
//   a deletion  removes the row, unless that is newer, and is remembered where no row is left
//   a write     is left out where a deletion is remembered that is as old or newer; else the row
//               says when, and the deletion is forgotten
//
// All of it is in the transaction of the rows. A key is remembered until it is written again.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "row/types.h"
#include "sink/sqlite_schema.h"
#include "sink/table.h"
#include "sqlite/database.h"

namespace turntable {

[[nodiscard]] Status create_deletions_table(sqlite::Database& db, const SinkTable& table);
[[nodiscard]] Status drop_deletions_table(sqlite::Database& db, const SinkTable& table);
[[nodiscard]] Result<bool> has_deletions_table(sqlite::Database& db, const SinkTable& table);

// The statements have the cells of a row as their parameters, from 1 on, the write time last. The
// Database must outlive this.
class SqliteDeletions {
 public:
  // There must be a table of them.
  [[nodiscard]] static Result<SqliteDeletions> open(sqlite::Database& db, const SinkTable& table);

  // For a deletion, one after the other.
  [[nodiscard]] sqlite::Statement& remove() { return remove_; }
  [[nodiscard]] sqlite::Statement& remember() {
    any_ = true;
    return remember_;
  }
  // Behind a write (insert_dml()), where there are any.
  [[nodiscard]] sqlite::Statement& forget() { return forget_; }
  [[nodiscard]] bool any() const { return any_; }

  // Whether a deletion of their key is remembered that is as old as these cells, or newer.
  [[nodiscard]] Result<bool> has(std::string_view cells, const std::vector<Type>& types,
                                 const KeptTimes& kept);

 private:
  SqliteDeletions(sqlite::Statement remove, sqlite::Statement remember, sqlite::Statement forget,
                  sqlite::Statement find, bool any)
      : remove_(std::move(remove)),
        remember_(std::move(remember)),
        forget_(std::move(forget)),
        find_(std::move(find)),
        any_(any) {}

  sqlite::Statement remove_;
  sqlite::Statement remember_;
  sqlite::Statement forget_;
  sqlite::Statement find_;
  bool any_;  // False: none is remembered.
};

}  // namespace turntable
