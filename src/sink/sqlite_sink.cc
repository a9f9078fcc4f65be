#include "sink/sqlite_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace turntable {
namespace {

// How long the group may wait for a transaction that runs.
constexpr Millis kGiveBackWait{5'000};

// A position without a row takes as long as the disk takes.
constexpr Millis kKeepWait{1'000};

}  // namespace

Result<std::unique_ptr<SqliteSink>> SqliteSink::open(SqliteSinkOptions options) {
  ASSIGN_OR_RETURN(std::unique_ptr<SqliteFile> file, SqliteFile::open(options));
  std::unique_ptr<SqliteSink> sink(new SqliteSink(std::move(options), *file));
  ASSIGN_OR_RETURN(sink->writer_, SqliteWriter::start(std::move(file), sink->options_.path));
  return sink;
}

SqliteSink::SqliteSink(SqliteSinkOptions options, const SqliteFile& file)
    : options_(std::move(options)),
      id_(file.id()),
      keeps_positions_(file.keeps_positions()),
      kept_(file.positions()),
      highest_write_time_us_(file.highest_write_time()),
      kept_topic_ids_(file.topic_ids()),
      retry_(options_.backoff),
      taken_(options_.tables.size()),
      reported_(options_.tables.size()) {}

size_t SqliteSink::in_flight() const {
  return handed_over_ + refused_.size() + taken_.size() + (waiting_ ? waiting_->rows.size() : 0);
}

// ---- Positions ----

Status SqliteSink::keep_positions_of(const std::string& topic_id) {
  if (!keeps_positions_ || topic_id.empty()) return {};
  for (const std::string& kept : kept_topic_ids_)
    if (kept != topic_id)
      return fail(
          ErrorKind::failed,
          fmt::format("{} has positions of another topic {} (id {}, and now {}): it was "
                      "deleted and made anew, or this is a copy of its cluster. Use another "
                      "group.id and a new file, or delete the group's rows from the file's "
                      "table turntable_positions",
                      options_.path, options_.topic, kept, topic_id));
  topic_id_ = topic_id;
  return {};
}

std::optional<Position> SqliteSink::kept_position(PartitionId partition) const {
  const auto found = kept_.find(partition);
  return found == kept_.end() ? std::nullopt : std::optional(found->second);
}

Status SqliteSink::give_back(std::span<const PartitionId> partitions) {
  RETURN_IF_ERROR(take_back(kGiveBackWait));
  const auto forget = [partitions](Accompaniment& positions) {
    const auto is_given_back = [partitions](const Position& position) {
      return std::find(partitions.begin(), partitions.end(), position.partition) !=
             partitions.end();
    };
    std::erase_if(positions.in_any_case, is_given_back);
    std::erase_if(positions.if_all_written, is_given_back);
  };
  // Those of a transaction that runs on, on a disk that hangs, are the transaction's.
  if (waiting_) forget(waiting_->positions);
  forget(accompanying_);
  return {};
}

Status SqliteSink::keep_positions(std::span<const Position> positions) {
  CHECK(!full());
  if (!keeps_positions_ ||
      std::all_of(positions.begin(), positions.end(),
                  [this](const Position& position) { return is_kept(kept_, position); }))
    return {};
  writer_->hand_over({.rows = {},
                      .positions = {.in_any_case = {positions.begin(), positions.end()}},
                      .topic_id = topic_id_});
  std::optional<SqliteOutcome> outcome;
  while (!outcome) outcome = writer_->take_back(kKeepWait);
  RETURN_IF_ERROR(outcome->status);
  remember(*outcome);
  return {};
}

void SqliteSink::remember(const SqliteOutcome& outcome) {
  for (const Position& position : outcome.moved) kept_[position.partition] = position;
  highest_write_time_us_ = outcome.highest_write_time_us;
}

// ---- Rows ----

Status SqliteSink::submit(RowBatches& rows) {
  CHECK(!full() && rows.tables.size() <= options_.tables.size());
  if (rows.empty()) return {};
  spare_.tables.resize(rows.tables.size());
  hand_over({.rows = std::exchange(rows, std::move(spare_)),
             .positions = std::exchange(accompanying_, {}),
             .topic_id = topic_id_});
  return {};
}

void SqliteSink::hand_over(SqliteJob job) {
  handed_over_ = job.rows.size();
  writer_->hand_over(std::move(job));
}

Status SqliteSink::take_back(Millis wait) {
  if (handed_over_ == 0) return {};
  std::optional<SqliteOutcome> outcome = writer_->take_back(wait);
  if (!outcome) return {};
  handed_over_ = 0;
  return take(std::move(*outcome));
}

Status SqliteSink::take(SqliteOutcome outcome) {
  if (outcome.status) {
    remember(outcome);
    report(outcome);
    spare_ = std::move(outcome.job.rows);
    spare_.clear();
    if (retry_.worked()) log::info("{}: writing goes on", options_.path);
    return {};
  }
  waiting_ = std::move(outcome.job);
  Error& error = outcome.status.error();
  if (error.kind != ErrorKind::transient)
    return tl::unexpected(std::move(error).with("writing rows failed"));
  ++tries_.transient;
  trouble_ = error.message;
  if (retry_.failed(options_.clock->now()))
    log::warn("{}; its {} rows are kept, and tried again until they are written", error.message,
              waiting_->rows.size());
  return {};
}

void SqliteSink::report(SqliteOutcome& outcome) {
  auto refusal = outcome.refusals.begin();
  for (uint32_t table = 0; table < options_.tables.size(); ++table) {
    const RowBatch& rows = outcome.job.rows.tables[table];
    size_t from = 0;
    for (; refusal != outcome.refusals.end() && refusal->table == table; ++refusal) {
      taken_.add(table, rows, from, refusal->row);
      refused_.push_back(
          {rows.origins[refusal->row], table, std::move(refusal->reason), rows.kind(refusal->row)});
      from = refusal->row + 1;
    }
    taken_.add(table, rows, from, rows.size());
  }
}

Result<Acks> SqliteSink::reap(Millis wait) {
  if (waiting_) {
    const auto left = std::chrono::ceil<Millis>(retry_.due() - options_.clock->now());
    // There is nothing to wait on but time: whoever holds the lock does not tell when it lets go.
    const Millis pause = std::clamp(left, Millis(0), wait);
    if (pause.count() > 0) options_.clock->sleep(pause);
    wait -= pause;
    if (retry_.is_due(options_.clock->now())) hand_over(*std::exchange(waiting_, std::nullopt));
  }
  RETURN_IF_ERROR(take_back(wait));
  reported_.clear();
  reported_refused_.clear();
  std::swap(reported_, taken_);
  std::swap(reported_refused_, refused_);
  return Acks{
      .written = reported_.written, .refused = reported_refused_, .deleted = reported_.deleted};
}

}  // namespace turntable
