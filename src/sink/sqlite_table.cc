#include "sink/sqlite_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "row/cell.h"
#include "sink/ddl.h"
#include "sqlite/composite_json.h"
#include "sqlite/values.h"

namespace turntable {

Result<SqliteTable> SqliteTable::open(sqlite::Database& db, const std::string& path,
                                      SinkTable table, const std::string& run) {
  // A pipeline that deletes no more may still have letters of records that are older than
  // deletions.
  ASSIGN_OR_RETURN(const bool has_deletions, has_deletions_table(db, table));
  table.deletes = has_deletions && table.has_write_times();
  ASSIGN_OR_RETURN(sqlite::Statement insert, db.prepare(insert_dml(table, Dialect::sqlite)));
  std::optional<SqliteDeletions> deletions;
  if (table.deletes) {
    ASSIGN_OR_RETURN(deletions, SqliteDeletions::open(db, table));
  }
  ASSIGN_OR_RETURN(KeptTimes times, kept_times(db, table));
  ASSIGN_OR_RETURN(SqliteTransactions transactions,
                   SqliteTransactions::begin(db, path, table, run));
  return SqliteTable(path, std::move(table), std::move(insert), std::move(times),
                     std::move(deletions), std::move(transactions));
}

SqliteTable::SqliteTable(std::string path, SinkTable table, sqlite::Statement insert,
                         KeptTimes times, std::optional<SqliteDeletions> deletions,
                         SqliteTransactions transactions)
    : path_(std::move(path)),
      table_(std::move(table)),
      insert_(std::move(insert)),
      times_(std::move(times)),
      deletions_(std::move(deletions)),
      transactions_(std::move(transactions)) {
  written_ = table_.written();
  for (const ColumnDef& column : written_) cell_types_.push_back(column.type);
  if (table_.has_write_times()) cell_types_.push_back(Type::int64);
}

Status SqliteTable::check_form(sqlite::Database& db, bool maybe_another) {
  RETURN_IF_ERROR(check_open_table(db, path_, table_, times_));
  if (!maybe_another || last_row_.empty()) return {};
  ASSIGN_OR_RETURN(bool there, has_row_of(db, table_, times_, last_row_));
  // It was a deletion, or older than one.
  if (!there && deletions_) {
    ASSIGN_OR_RETURN(there, deletions_->has(last_row_, cell_types_, times_));
  }
  if (there) return {};
  return fail(ErrorKind::schema,
              fmt::format("{}: the table {} was dropped and made anew while the run wrote to it, "
                          "and what was written before is gone: start again to write to the "
                          "new one",
                          path_, table_.name));
}

Result<std::vector<SqliteTable::Refusal>> SqliteTable::write(const RowBatch& rows) {
  std::vector<Refusal> refusals;
  rows_written_ = 0;
  highest_us_ = kNoWriteTime;
  for (size_t row = 0; row < rows.size(); ++row) {
    Status status = write_row(rows.row(row), rows.kind(row));
    if (status) {
      rows_written_ = row + 1;
      continue;
    }
    // Only the row's own statement is undone.
    if (status.error().kind != ErrorKind::row) return tl::unexpected(std::move(status.error()));
    refusals.push_back({row, std::move(status.error().message)});
  }
  return refusals;
}

Status SqliteTable::write_row(std::string_view row, RowKind kind) {
  if (kind == RowKind::write) {
    RETURN_IF_ERROR(run(insert_, row));
    return deletions_ && deletions_->any() ? run(deletions_->forget(), row) : Status();
  }
  CHECK(deletions_);
  RETURN_IF_ERROR(run(deletions_->remove(), row));
  return run(deletions_->remember(), row);
}

// All statements about a row have its cells as their parameters.
Status SqliteTable::run(sqlite::Statement& statement, std::string_view row) {
  CellReader cells(row);
  CellView cell = {};
  for (size_t i = 0; i < cell_types_.size(); ++i) {
    cell = cells.next();
    if (cell_types_[i] == Type::composite) {
      sqlite::bind_column(statement, static_cast<int>(i) + 1, cell, written_[i], times_[i]);
    } else {
      sqlite::bind_cell(statement, static_cast<int>(i) + 1, cell, cell_types_[i], times_[i]);
    }
  }
  if (table_.has_write_times()) highest_us_ = std::max(highest_us_, cell.int64());
  ASSIGN_OR_RETURN([[maybe_unused]] const bool more, statement.step());
  return {};
}

void SqliteTable::committed(const RowBatch& rows) {
  transactions_.committed();
  if (rows_written_ > 0) last_row_ = rows.row(rows_written_ - 1);
}

}  // namespace turntable
