#include "sink/sqlite_transactions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "sqlite/random_id.h"

namespace turntable {
namespace {

// One number, which may be NULL.
Result<int64_t> time_of(sqlite::Statement& select) {
  ASSIGN_OR_RETURN(const bool row, select.step());
  const bool none = !row || select.storage(0) != sqlite::Storage::integer;
  const int64_t time = none ? kNoWriteTime : select.int64(0);
  select.reset();
  return time;
}

}  // namespace

Result<SqliteTransactions> SqliteTransactions::begin(sqlite::Database& db, const std::string& path,
                                                     const SinkTable& table,
                                                     const std::string& run) {
  RETURN_IF_ERROR(db.execute(
      "CREATE TABLE IF NOT EXISTS turntable_transactions (target text NOT NULL, run text NOT NULL, "
      "lane text NOT NULL, number int NOT NULL, write_time int, PRIMARY KEY (target, run, lane)) "
      "WITHOUT ROWID"));
  ASSIGN_OR_RETURN(sqlite::Statement read, db.prepare("SELECT number FROM turntable_transactions "
                                                      "WHERE (target, run, lane) = (?1, ?2, ?3)"));
  ASSIGN_OR_RETURN(sqlite::Statement write,
                   db.prepare("INSERT INTO turntable_transactions VALUES (?1, ?2, ?3, ?4, ?5) ON "
                              "CONFLICT DO UPDATE SET number = excluded.number, write_time = "
                              "excluded.write_time"));
  ASSIGN_OR_RETURN(
      sqlite::Statement remove_earlier,
      db.prepare("DELETE FROM turntable_transactions WHERE target = ?1 AND run <> ?2"));
  const std::string lane = sqlite::random_id();
  for (sqlite::Statement* statement : {&read, &write, &remove_earlier}) {
    statement->bind_copy(1, table.name);
    statement->bind_copy(2, run);
  }
  read.bind_copy(3, lane);
  write.bind_copy(3, lane);
  SqliteTransactions transactions(path, std::move(read), std::move(write),
                                  std::move(remove_earlier));
  RETURN_IF_ERROR(transactions.load(db, table));
  return transactions;
}

Status SqliteTransactions::load(sqlite::Database& db, const SinkTable& table) {
  if (!table.has_write_times()) return {};
  ASSIGN_OR_RETURN(
      sqlite::Statement kept,
      db.prepare("SELECT max(write_time) FROM turntable_transactions WHERE target = ?1"));
  kept.bind_copy(1, table.name);
  ASSIGN_OR_RETURN(highest_us_, time_of(kept));
  if (highest_us_ != kNoWriteTime) return {};
  ASSIGN_OR_RETURN(
      sqlite::Statement highest,
      db.prepare(fmt::format("SELECT max({}) FROM {}", sqlite::quote_name(kWriteTimeColumn),
                             sqlite::quote_name(table.name))));
  ASSIGN_OR_RETURN(highest_us_, time_of(highest));
  return {};
}

Status SqliteTransactions::check() {
  if (number_ == 0) return {};
  const Result<bool> there = read_.step();
  // A copy that is older than the run may not even have the table.
  if (!there && there.error().message.find("no such table") == std::string::npos)
    return tl::unexpected(there.error());
  const int64_t found = there && *there ? read_.int64(0) : 0;
  read_.reset();
  if (found >= number_) return {};
  return fail(
      ErrorKind::failed,
      fmt::format("{}: the file has {} of the {} transactions that this run has written: an "
                  "older copy was put in its place while the run wrote to it, and rows are "
                  "gone with it. Start again to write what is missing",
                  path_, grouped(static_cast<uint64_t>(found)),
                  grouped(static_cast<uint64_t>(number_))));
}

Status SqliteTransactions::write(int64_t write_time_us) {
  if (number_ == 0) {
    ASSIGN_OR_RETURN([[maybe_unused]] const bool more, remove_earlier_.step());
  }
  next_highest_us_ = std::max(highest_us_, write_time_us);
  write_.bind(4, number_ + 1);
  if (next_highest_us_ == kNoWriteTime) {
    write_.bind_null(5);
  } else {
    write_.bind(5, next_highest_us_);
  }
  ASSIGN_OR_RETURN([[maybe_unused]] const bool more, write_.step());
  return {};
}

void SqliteTransactions::committed() {
  ++number_;
  highest_us_ = next_highest_us_;
}

}  // namespace turntable
