// An SQLite file that a run writes, without the thread on which it does: tables, positions and the
// transactions that have rows of all tables and the positions together.
//
// Other programs may change or replace the file while the run writes to it. So each transaction
// checks, before it changes anything:
//   - where the schema has changed, the tables are compared again, for SQLite prepares the INSERTs
//     again without saying so; and the row that was written last must still be in each table that
//     may have been dropped and made again;
//   - no position may be lower than before, and none of the sink's own transactions be missing
//     (sqlite_transactions.h): both happen where an older copy was put in the file's place.
// After the commit, and before its outcome is reported, the path must still lead to the open file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/result.h"
#include "row/row_batch.h"
#include "sink/sink.h"
#include "sink/sqlite_positions.h"
#include "sink/sqlite_table.h"
#include "sink/table.h"
#include "sqlite/database.h"
#include "sqlite/file_watch.h"

namespace turntable {

struct SqliteSinkOptions {
  std::string path;
  std::vector<SinkTable> tables = {};  // By their number; at least one.
  // Whose positions the file keeps; without a topic none.
  std::string group = {};
  std::string topic = {};
  // How long one attempt may wait for another program's transaction.
  Millis lock_wait{50};
  Backoff::Options backoff{.first = Millis(50), .limit = Millis(5'000)};
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
};

// What one transaction is to write. Without rows it keeps positions only.
struct SqliteJob {
  RowBatches rows;
  Accompaniment positions;
  std::string topic_id;  // Of the positions' topic; empty: not known.
};

// What became of it.
struct SqliteOutcome {
  // On an error nothing of the job is written: the transaction was rolled back, or was committed to
  // a file that the path does not lead to any more. Of kind transient where it may be tried again.
  Status status;
  SqliteJob job;  // As it was given.
  struct Refusal {
    uint32_t table = 0;
    size_t row = 0;
    std::string reason;
  };
  std::vector<Refusal> refusals;  // In the order of tables and their rows.
  std::vector<Position> moved;    // Positions as the file has them now.
  int64_t highest_write_time_us = kNoWriteTime;
};

// Belongs to one thread at a time.
class SqliteFile {
 public:
  // As SqliteSink::open().
  [[nodiscard]] static Result<std::unique_ptr<SqliteFile>> open(const SqliteSinkOptions& options);
  ~SqliteFile();

  // One transaction. Waits for the disk, and up to lock_wait for another program.
  [[nodiscard]] SqliteOutcome write(SqliteJob job);

  // Which the file was given when it was made; a copy has the same.
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] bool keeps_positions() const { return positions_.has_value(); }
  [[nodiscard]] std::map<PartitionId, Position> positions() const {
    return positions_ ? positions_->kept() : std::map<PartitionId, Position>();
  }
  [[nodiscard]] std::set<std::string> topic_ids() const {
    return positions_ ? positions_->topic_ids() : std::set<std::string>();
  }
  [[nodiscard]] int64_t highest_write_time() const;

 private:
  SqliteFile(std::string path, std::shared_ptr<sqlite::WriterLock> lock, sqlite::Database db)
      : path_(std::move(path)), lock_(std::move(lock)), db_(std::move(db)) {}
  Status check_unchanged();
  Status check_tables_unchanged();
  Status write_all(const SqliteJob& job, std::vector<SqliteOutcome::Refusal>& refusals);
  Status in_place_or(Status outcome);

  const std::string path_;
  std::string id_;
  // Released after the database is closed, for closing may write. The file has one writer: one
  // lane.
  std::shared_ptr<sqlite::WriterLock> lock_;
  sqlite::Database db_;  // Before the statements, which must go first.
  std::vector<SqliteTable> tables_;
  std::optional<SqlitePositions> positions_;  // Where the file keeps them.
  std::optional<sqlite::Statement> read_version_;
  std::optional<int64_t> schema_version_;   // With which the tables were last compared.
  std::optional<sqlite::FileWatch> files_;  // From open() on.
};

}  // namespace turntable
