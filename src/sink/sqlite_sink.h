// A sink that keeps rows in tables of an SQLite file. Each submit() is one transaction with the
// rows of all tables, on disk before its rows are acknowledged. A row whose key is there already
// replaces it, so that a replay changes nothing; where rows have write times, one with a higher
// time stays (the column _write_time). The transaction keeps the source's positions too, in the
// table turntable_positions: the next run reads on there, whatever was committed elsewhere, so that
// every record is in the file exactly once.
//
// Transactions run on a thread of the sink's own (sqlite_writer.h), one at a time, while the lane
// reads and makes the rows of the next: full() is true for as long.
//
// A file that is locked by another program or a disk that is full holds the rows back: full() stays
// true, and reap() has them tried again with backoff until they are in or the lane gives up.
// Nothing is lost, nothing is written twice.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/retry.h"
#include "sink/sink.h"
#include "sink/sqlite_file.h"
#include "sink/sqlite_writer.h"

namespace turntable {

class SqliteSink final : public Sink {
 public:
  // Creates file and tables where they are missing. Errors: another process writes the file, the
  // path cannot be written (failed), a table is not as wanted (schema, naming each column), the
  // tables make no sense (usage).
  [[nodiscard]] static Result<std::unique_ptr<SqliteSink>> open(SqliteSinkOptions options);
  // Waits for the transaction that runs, whose rows are then in the file and not reported.
  ~SqliteSink() override = default;

  [[nodiscard]] Status submit(RowBatches& rows) override;
  // Until the outcome is reported: with the next rows go the positions of all that has one.
  [[nodiscard]] bool full() const override { return in_flight() > 0; }
  [[nodiscard]] Result<Acks> reap(Millis wait) override;
  [[nodiscard]] size_t in_flight() const override;
  [[nodiscard]] SinkTries tries() const override { return tries_; }
  [[nodiscard]] std::string trouble() const override { return waiting_ ? trouble_ : std::string(); }
  [[nodiscard]] int wait_fd() const override { return writer_->outcome_fd(); }
  [[nodiscard]] std::string name() const override { return options_.path; }
  [[nodiscard]] std::string id() const override { return id_; }
  void accompany(Accompaniment positions) override { accompanying_ = std::move(positions); }
  [[nodiscard]] Status give_back(std::span<const PartitionId> partitions) override;
  [[nodiscard]] Status keep_positions(std::span<const Position> positions) override;
  [[nodiscard]] std::optional<Position> kept_position(PartitionId partition) const override;
  [[nodiscard]] bool keeps_positions() const override { return keeps_positions_; }
  [[nodiscard]] Status keep_positions_of(const std::string& topic_id) override;
  [[nodiscard]] int64_t highest_write_time() const override { return highest_write_time_us_; }

 private:
  SqliteSink(SqliteSinkOptions options, const SqliteFile& file);
  void hand_over(SqliteJob job);
  // Waits for the end of the transaction that runs, if one does, at most so long. An error is one
  // that trying again does not mend.
  Status take_back(Millis wait);
  Status take(SqliteOutcome outcome);
  void remember(const SqliteOutcome& outcome);
  void report(SqliteOutcome& outcome);

  SqliteSinkOptions options_;
  const std::string id_;
  // As in the file, by the last outcome.
  bool keeps_positions_ = false;
  std::map<PartitionId, Position> kept_;
  int64_t highest_write_time_us_ = kNoWriteTime;

  std::set<std::string> kept_topic_ids_;  // Those of kept_ at the beginning, as far as it had any.
  std::string topic_id_;
  Accompaniment accompanying_;        // To be written with the next rows.
  size_t handed_over_ = 0;            // Rows that the writer has.
  std::optional<SqliteJob> waiting_;  // For its next attempt.
  Retry retry_;
  std::string trouble_;  // Why the last attempt failed.
  SinkTries tries_;
  RowBatches spare_;  // Empty; for its memory.
  TakenRows taken_;
  std::vector<Acks::Refused> refused_;
  TakenRows reported_;
  std::vector<Acks::Refused> reported_refused_;
  std::unique_ptr<SqliteWriter> writer_;  // From open() on.
};

}  // namespace turntable
