// A sink that keeps rows in a table of an SQLite file. Each submit() is one transaction, on disk
// before its rows are acknowledged. A row whose key is there already replaces it, so that a replay
// changes nothing; where rows have write times, one with a higher time stays (the column
// _write_time). The transaction keeps the source's positions too, in the table
// turntable_positions: the next run reads on there, whatever was committed elsewhere, so that every
// record is in the file exactly once.
//
// Transactions run on a thread of the sink's own, one at a time, while the lane reads and makes the
// rows of the next: full() is true for as long. Who is at work on the connection, and on the batch
// and its positions, is always one of the two threads, and attempting_ says which.
//
// What was looked at when the file was opened may change under the run. Before a transaction
// changes anything, the table is compared again where the schema has changed (SQLite prepares the
// INSERT anew in silence), with the last row where the table may have been made anew. No position
// may have gone back, and no transaction of the sink's own be missing (sqlite_transactions.h), as
// in an older copy of the file. After its commit, and before anything of it is reported, the path
// must still lead to the open file.
//
// A file that is locked by another program or a disk that is full holds the batch back: full()
// stays true, and reap() has it tried again with backoff until the rows are in or the lane gives
// up. Nothing is lost, nothing is written twice.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/event_fd.h"
#include "base/retry.h"
#include "sink/sink.h"
#include "sink/sqlite_schema.h"
#include "sink/sqlite_transactions.h"
#include "sink/table.h"
#include "sqlite/database.h"
#include "sqlite/file_watch.h"

namespace turntable {

struct SqliteSinkOptions {
  std::string path;
  SinkTable table = {};
  // Whose positions the file keeps; without a topic none.
  std::string group = {};
  std::string topic = {};
  // How long one attempt may wait for another program's transaction.
  Millis lock_wait{50};
  Backoff::Options backoff{.first = Millis(50), .limit = Millis(5'000)};
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
};

class SqliteSink final : public Sink {
 public:
  // Creates file and table where they are missing. Errors: another process writes the file, the
  // path cannot be written (failed), the table is not as wanted (schema, naming each column), the
  // table makes no sense (usage).
  [[nodiscard]] static Result<std::unique_ptr<SqliteSink>> open(SqliteSinkOptions options);
  // Waits for the transaction that runs, whose rows are then in the file and not reported.
  ~SqliteSink() override;

  [[nodiscard]] Status submit(RowBatch& rows) override;
  // Until the outcome is reported: with the next rows go the positions of all that has one.
  [[nodiscard]] bool full() const override { return in_flight() > 0; }
  [[nodiscard]] Result<Acks> reap(Millis wait) override;
  [[nodiscard]] size_t in_flight() const override {
    return pending_.size() + written_.size() + refused_.size();
  }
  [[nodiscard]] int wait_fd() const override { return attempt_over_.fd(); }
  [[nodiscard]] std::string name() const override { return options_.path; }
  void accompany(Accompaniment positions) override { accompanying_ = std::move(positions); }
  [[nodiscard]] Status give_back(std::span<const PartitionId> partitions) override;
  [[nodiscard]] Status keep_positions(std::span<const Position> positions) override;
  [[nodiscard]] std::optional<Position> kept_position(PartitionId partition) const override;
  [[nodiscard]] bool keeps_positions() const override { return keep_.has_value(); }
  [[nodiscard]] Status keep_positions_of(const std::string& topic_id) override;
  [[nodiscard]] int64_t highest_write_time() const override {
    return transactions_->highest_write_time();
  }

 private:
  SqliteSink(SqliteSinkOptions options, std::shared_ptr<sqlite::WriterLock> lock,
             sqlite::Database db, sqlite::Statement insert, EventFd attempt_over);
  Status load_positions();
  [[nodiscard]] Position kept_or_beginning(PartitionId partition) const;
  [[nodiscard]] bool is_kept(const Position& position) const;
  Result<std::map<PartitionId, Position>> read_positions();
  Status check_unchanged();
  Status check_table_unchanged();
  Status check_positions();
  Status in_place_or(Status outcome);
  Status write_positions(std::span<const Position> positions);
  void remember(std::span<const Position> positions);
  void begin_attempt();
  // Waits for the end of the attempt that runs, if one does, at most so long. An error is one that
  // trying again does not mend.
  Status end_attempt(Millis wait);
  Status take(Status outcome);
  void report_pending();
  void keep_last_row();

  // The sink's own thread.
  void write_when_asked();
  Status write_pending();
  Status write_row(size_t row);

  SqliteSinkOptions options_;
  std::vector<Type> cell_types_;  // Of a row.
  // Let go of after the database is closed, which may write. The file has one writer: one lane.
  std::shared_ptr<sqlite::WriterLock> lock_;
  sqlite::Database db_;  // Before the statement, which must go first.
  sqlite::Statement insert_;
  KeptTimes times_;  // Of each cell of a row.
  std::optional<sqlite::Statement> keep_;
  std::optional<sqlite::Statement> read_positions_;
  std::optional<sqlite::Statement> read_version_;
  std::optional<SqliteTransactions> transactions_;  // From open() on.
  std::optional<int64_t> schema_version_;           // With which the table was last compared.
  std::string last_row_;  // Its cells, of what was written last; empty: nothing was.
  std::optional<sqlite::FileWatch> files_;  // From open() on.
  std::map<PartitionId, Position> kept_;    // As in the file.
  std::set<std::string> kept_topic_ids_;    // Those of kept_, as far as they have any.
  Accompaniment accompanying_;              // To be written with pending_.
  RowBatch pending_;                        // Taken, and not known to be written.
  struct Refusal {
    size_t row;
    std::string reason;
  };
  std::vector<Refusal> refusals_;      // Of the transaction at hand, in the order of its rows.
  int64_t highest_us_ = kNoWriteTime;  // Of its write times.
  Retry retry_;
  std::vector<Origin> written_;
  std::vector<Acks::Refused> refused_;
  std::vector<Origin> reported_written_;
  std::vector<Acks::Refused> reported_refused_;

  bool attempting_ = false;  // The lane's thread's: the other has been asked, and not heard yet.
  EventFd attempt_over_;
  std::mutex mutex_;  // Of what follows.
  std::condition_variable changed_;
  enum class Attempt { none, wanted, over } attempt_ = Attempt::none;
  Status outcome_;
  bool closing_ = false;
  std::thread writer_;  // The last: it uses all of the others.
};

}  // namespace turntable
