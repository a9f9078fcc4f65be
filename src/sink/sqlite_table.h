// A table of an SQLite file that a run has open: the INSERT into it, and what was looked at when it
// was opened and is compared again when the file's schema has changed. Belongs to the thread that
// uses the connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "row/row_batch.h"
#include "sink/sqlite_deletions.h"
#include "sink/sqlite_schema.h"
#include "sink/sqlite_transactions.h"
#include "sink/table.h"
#include "sqlite/database.h"

namespace turntable {

class SqliteTable {
 public:
  // After apply_sqlite_schema(). `run`: SqliteTransactions. The Database must outlive this.
  [[nodiscard]] static Result<SqliteTable> open(sqlite::Database& db, const std::string& path,
                                                SinkTable table, const std::string& run);

  // The steps of a transaction. First, before it has changed anything: an error where the table is
  // not the one that was opened. Only after a change of the schema; `maybe_another`: by which the
  // table may have been made anew.
  [[nodiscard]] Status check_form(sqlite::Database& db, bool maybe_another);
  // An error where the file lacks transactions that were committed.
  [[nodiscard]] Status check_transactions() { return transactions_.check(); }

  // Second: the rows. Those that SQLite will never take are given back with the reason, in their
  // order; their neighbours are written.
  struct Refusal {
    size_t row = 0;
    std::string reason;
  };
  [[nodiscard]] Result<std::vector<Refusal>> write(const RowBatch& rows);
  // Third: its count, with the highest write time of its rows.
  [[nodiscard]] Status count_transaction() { return transactions_.write(highest_us_); }
  // After it was committed.
  void committed(const RowBatch& rows);

  // The highest of the table's rows; kNoWriteTime where none has one.
  [[nodiscard]] int64_t highest_write_time() const { return transactions_.highest_write_time(); }

 private:
  SqliteTable(std::string path, SinkTable table, sqlite::Statement insert, KeptTimes times,
              std::optional<SqliteDeletions> deletions, SqliteTransactions transactions);
  Status write_row(std::string_view row, RowKind kind);
  Status run(sqlite::Statement& statement, std::string_view row);

  std::string path_;
  SinkTable table_;
  std::vector<Type> cell_types_;  // Of a row.
  Schema written_;                // The columns of its cells; of a write time there is none.
  sqlite::Statement insert_;
  KeptTimes times_;                           // Of each cell of a row.
  std::optional<SqliteDeletions> deletions_;  // Where the table has some.
  SqliteTransactions transactions_;
  std::string last_row_;  // Its cells, of what was written last; empty: nothing was.

  // Of the transaction at hand.
  size_t rows_written_ = 0;  // Up to the last row that was not refused.
  int64_t highest_us_ = kNoWriteTime;
};

}  // namespace turntable
