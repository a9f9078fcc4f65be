#include "sink/sqlite_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "sink/ddl.h"
#include "sink/sqlite_schema.h"

namespace turntable {
namespace {

// What is wrong with the tables before the file has been touched.
Status check_tables(const std::vector<SinkTable>& tables) {
  std::vector<std::string> faults;
  std::set<std::string> names;
  for (const SinkTable& table : tables) {
    for (std::string& fault : check_table(table, Dialect::sqlite))
      faults.push_back(std::move(fault));
    // SQLite takes names that differ in case for the same.
    if (!names.insert(lowercase(table.name)).second)
      faults.push_back(fmt::format("the table {} stands twice", table.name));
  }
  if (faults.empty()) return {};
  return fail(ErrorKind::usage, fmt::format("{}", fmt::join(faults, "\n")));
}

}  // namespace

Result<std::unique_ptr<SqliteFile>> SqliteFile::open(const SqliteSinkOptions& options) {
  CHECK(!options.tables.empty());
  RETURN_IF_ERROR(check_tables(options.tables));
  ASSIGN_OR_RETURN(std::shared_ptr<sqlite::WriterLock> lock,
                   sqlite::WriterLock::take(options.path));
  ASSIGN_OR_RETURN(sqlite::Database opened,
                   sqlite::Database::open(options.path, sqlite::Database::Mode::write));
  std::unique_ptr<SqliteFile> file(
      new SqliteFile(options.path, std::move(lock), std::move(opened)));
  sqlite::Database& db = file->db_;
  RETURN_IF_ERROR(apply_sqlite_schema(db, options.path, options.tables, options.clock->wall()));
  ASSIGN_OR_RETURN(file->id_, file_id(db));
  for (const SinkTable& table : options.tables) {
    ASSIGN_OR_RETURN(SqliteTable written,
                     SqliteTable::open(db, options.path, table, file->lock_->id()));
    file->tables_.push_back(std::move(written));
  }
  if (!options.topic.empty()) {
    ASSIGN_OR_RETURN(
        file->positions_,
        SqlitePositions::begin(db, options.path, {options.group, options.topic}, options.tables));
  }
  ASSIGN_OR_RETURN(file->read_version_, db.prepare("PRAGMA schema_version"));
  ASSIGN_OR_RETURN(file->files_, sqlite::FileWatch::begin(db, options.path, file->lock_));
  db.set_busy_timeout(options.lock_wait);
  return file;
}

SqliteFile::~SqliteFile() {
  // Else the end would carry it over, with what is missing as zeros.
  if (files_ && !files_->log_whole(db_)) db_.leave_log_on_close();
}

int64_t SqliteFile::highest_write_time() const {
  int64_t highest = kNoWriteTime;
  for (const SqliteTable& table : tables_) highest = std::max(highest, table.highest_write_time());
  return highest;
}

SqliteOutcome SqliteFile::write(SqliteJob job) {
  SqliteOutcome outcome;
  job.rows.tables.resize(tables_.size());
  outcome.status = in_place_or(write_all(job, outcome.refusals));
  if (outcome.status) {
    for (size_t table = 0; table < tables_.size(); ++table)
      tables_[table].committed(job.rows.tables[table]);
    if (positions_) outcome.moved = positions_->committed();
    outcome.highest_write_time_us = highest_write_time();
  }
  outcome.job = std::move(job);
  return outcome;
}

Status SqliteFile::write_all(const SqliteJob& job, std::vector<SqliteOutcome::Refusal>& refusals) {
  RETURN_IF_ERROR(db_.begin());
  RETURN_IF_ERROR(check_unchanged());
  for (uint32_t table = 0; table < tables_.size(); ++table) {
    ASSIGN_OR_RETURN(std::vector<SqliteTable::Refusal> refused,
                     tables_[table].write(job.rows.tables[table]));
    for (SqliteTable::Refusal& row : refused)
      refusals.push_back({table, row.row, std::move(row.reason)});
  }
  if (positions_) {
    std::vector<Position> positions = job.positions.in_any_case;
    if (refusals.empty())
      positions.insert(positions.end(), job.positions.if_all_written.begin(),
                       job.positions.if_all_written.end());
    RETURN_IF_ERROR(positions_->write(positions, job.topic_id));
  }
  for (SqliteTable& table : tables_) RETURN_IF_ERROR(table.count_transaction());
  return db_.commit();
}

// At the beginning of a transaction.
Status SqliteFile::check_unchanged() {
  RETURN_IF_ERROR(files_->whole(db_));
  RETURN_IF_ERROR(check_tables_unchanged());
  if (positions_) RETURN_IF_ERROR(positions_->check());
  for (SqliteTable& table : tables_) RETURN_IF_ERROR(table.check_transactions());
  return {};
}

Status SqliteFile::check_tables_unchanged() {
  ASSIGN_OR_RETURN([[maybe_unused]] const bool row, read_version_->step());
  const int64_t version = read_version_->int64(0);
  read_version_->reset();
  if (version == schema_version_) return {};
  // Each statement that changes the schema makes the version higher by 1: to drop a table, or
  // rename it, and to create another takes two. Rows alone may be deleted.
  const bool maybe_another = schema_version_ && version - *schema_version_ != 1;
  for (SqliteTable& table : tables_) RETURN_IF_ERROR(table.check_form(db_, maybe_another));
  schema_version_ = version;
  return {};
}

// What became of a transaction: where the file is not in its place that is the cause of any
// failure, and what was committed counts for nothing.
Status SqliteFile::in_place_or(Status outcome) {
  // The whole transaction is undone; its refusals will be found again.
  if (!outcome) db_.rollback();
  if (Status there = files_->in_place(db_); !there) {
    // A log without a name goes with its last reader, and what it has goes into the file before.
    if (files_->log_whole(db_)) {
      [[maybe_unused]] const Status saved = db_.execute("PRAGMA wal_checkpoint");
    }
    return there;
  }
  if (outcome) db_.checkpoint_if_due();
  return outcome;
}

}  // namespace turntable
