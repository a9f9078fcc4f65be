#include "sink/sqlite_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "sink/ddl.h"
#include "sink/sqlite_schema.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

// How long the group may wait for a transaction that runs.
constexpr Millis kGiveBackWait{5'000};

}  // namespace

Result<std::unique_ptr<SqliteSink>> SqliteSink::open(SqliteSinkOptions options) {
  const auto faults = check_table(options.table, Dialect::sqlite);
  if (!faults.empty()) return fail(ErrorKind::usage, fmt::format("{}", fmt::join(faults, "\n")));
  ASSIGN_OR_RETURN(std::shared_ptr<sqlite::WriterLock> lock,
                   sqlite::WriterLock::take(options.path));
  ASSIGN_OR_RETURN(sqlite::Database db,
                   sqlite::Database::open(options.path, sqlite::Database::Mode::write));
  RETURN_IF_ERROR(apply_sqlite_schema(db, options.path, options.table, options.clock->wall()));
  ASSIGN_OR_RETURN(sqlite::Statement insert,
                   db.prepare(insert_dml(options.table, Dialect::sqlite)));
  ASSIGN_OR_RETURN(KeptTimes times, kept_times(db, options.table));
  ASSIGN_OR_RETURN(EventFd attempt_over, EventFd::open());
  std::unique_ptr<SqliteSink> sink(new SqliteSink(std::move(options), std::move(lock),
                                                  std::move(db), std::move(insert),
                                                  std::move(attempt_over)));
  sink->times_ = std::move(times);
  ASSIGN_OR_RETURN(sink->transactions_,
                   SqliteTransactions::begin(sink->db_, sink->options_.path, sink->options_.table,
                                             sink->lock_->id()));
  if (!sink->options_.topic.empty()) RETURN_IF_ERROR(sink->load_positions());
  ASSIGN_OR_RETURN(sink->read_version_, sink->db_.prepare("PRAGMA schema_version"));
  ASSIGN_OR_RETURN(sink->files_,
                   sqlite::FileWatch::begin(sink->db_, sink->options_.path, sink->lock_));
  sink->db_.set_busy_timeout(sink->options_.lock_wait);
  try {
    sink->writer_ = std::thread([sink = sink.get()] { sink->write_when_asked(); });
  } catch (const std::system_error& error) {
    return fail(ErrorKind::failed, fmt::format("{}: a thread that writes it cannot be started: {}",
                                               sink->options_.path, error.what()));
  }
  return sink;
}

SqliteSink::~SqliteSink() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (writer_.joinable()) writer_.join();
  // Else the end would carry it over, with what is missing as zeros.
  if (files_ && !files_->log_whole(db_)) db_.leave_log_on_close();
}

Status SqliteSink::load_positions() {
  RETURN_IF_ERROR(db_.execute(
      "CREATE TABLE IF NOT EXISTS turntable_positions (target text NOT NULL, reader text NOT NULL, "
      "topic text NOT NULL, partition int NOT NULL, next int NOT NULL, write_time int, "
      "topic_id text, PRIMARY KEY (target, reader, topic, partition)) WITHOUT ROWID"));
  RETURN_IF_ERROR(add_missing_column(db_, "turntable_positions", "write_time", "int"));
  RETURN_IF_ERROR(add_missing_column(db_, "turntable_positions", "topic_id", "text"));
  // Whose positions these are stays bound; partition and position follow with each step.
  const auto bind_owner = [this](sqlite::Statement& statement) {
    statement.bind_copy(1, options_.table.name);
    statement.bind_copy(2, options_.group);
    statement.bind_copy(3, options_.topic);
  };
  ASSIGN_OR_RETURN(
      keep_, db_.prepare("INSERT INTO turntable_positions (target, reader, topic, partition, next, "
                         "write_time, topic_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO "
                         "UPDATE SET next = max(next, excluded.next), write_time = excluded.write_time, "
                         "topic_id = coalesce(excluded.topic_id, topic_id)"));
  bind_owner(*keep_);
  ASSIGN_OR_RETURN(read_positions_,
                   db_.prepare("SELECT partition, next, write_time, write_time IS NULL "
                               "FROM turntable_positions "
                               "WHERE (target, reader, topic) = (?1, ?2, ?3)"));
  bind_owner(*read_positions_);
  ASSIGN_OR_RETURN(kept_, read_positions());
  ASSIGN_OR_RETURN(sqlite::Statement ids,
                   db_.prepare("SELECT DISTINCT topic_id FROM turntable_positions "
                               "WHERE (target, reader, topic) = (?1, ?2, ?3) "
                               "AND topic_id IS NOT NULL"));
  bind_owner(ids);
  while (true) {
    ASSIGN_OR_RETURN(const bool more, ids.step());
    if (!more) return {};
    kept_topic_ids_.emplace(ids.text(0));
  }
}

Result<std::map<PartitionId, Position>> SqliteSink::read_positions() {
  std::map<PartitionId, Position> positions;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, read_positions_->step());
    if (!more) return positions;
    const auto partition = static_cast<PartitionId>(read_positions_->int64(0));
    positions[partition] = {
        partition, read_positions_->int64(1),
        read_positions_->int64(3) != 0 ? kNoWriteTime : read_positions_->int64(2)};
  }
}

// At the beginning of a transaction.
Status SqliteSink::check_unchanged() {
  RETURN_IF_ERROR(files_->whole(db_));
  RETURN_IF_ERROR(check_table_unchanged());
  if (keep_) RETURN_IF_ERROR(check_positions());
  return transactions_->check();
}

Status SqliteSink::check_table_unchanged() {
  ASSIGN_OR_RETURN([[maybe_unused]] const bool row, read_version_->step());
  const int64_t version = read_version_->int64(0);
  read_version_->reset();
  if (version == schema_version_) return {};
  RETURN_IF_ERROR(check_open_table(db_, options_.path, options_.table, times_));
  // Each statement that changes the schema makes the version higher by 1: to drop a table, or
  // rename it, and to create another takes two. Rows alone may be deleted.
  const bool maybe_another = schema_version_ && version - *schema_version_ != 1;
  if (maybe_another && !last_row_.empty()) {
    ASSIGN_OR_RETURN(const bool there, has_row_of(db_, options_.table, times_, last_row_));
    if (!there) {
      return fail(
          ErrorKind::schema,
          fmt::format("{}: the table {} was dropped and made anew while the run wrote to it, "
                      "and what was written before is gone: start again to write to the "
                      "new one",
                      options_.path, options_.table.name));
    }
  }
  schema_version_ = version;
  return {};
}

// Somebody may have moved a position forward with another program, to pass records over.
Status SqliteSink::check_positions() {
  ASSIGN_OR_RETURN(const auto positions, read_positions());
  for (const auto& [partition, kept] : kept_) {
    const auto found = positions.find(partition);
    if (found != positions.end() && found->second.next >= kept.next) continue;
    return fail(
        ErrorKind::failed,
        fmt::format("{}: the position of partition {} is {} in the file, and was {}: an "
                    "older copy was put in its place while the run wrote to it. Start "
                    "again to read on from the file's positions",
                    options_.path, partition,
                    found == positions.end() ? "missing" : fmt::to_string(found->second.next),
                    kept.next));
  }
  return {};
}

// What became of a transaction: where the file is not in its place that is the cause of any
// failure, and what was committed counts for nothing.
Status SqliteSink::in_place_or(Status outcome) {
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

// Rows of earlier versions have no id, and get it with their next position.
Status SqliteSink::keep_positions_of(const std::string& topic_id) {
  if (!keep_ || topic_id.empty()) return {};
  for (const std::string& kept : kept_topic_ids_)
    if (kept != topic_id)
      return fail(
          ErrorKind::failed,
          fmt::format("{} has positions of another topic {} (id {}, and now {}): it was "
                      "deleted and made anew, or this is a copy of its cluster. Use another "
                      "group.id and a new file, or delete the group's rows from the file's "
                      "table turntable_positions",
                      options_.path, options_.topic, kept, topic_id));
  keep_->bind_copy(7, topic_id);
  return {};
}

Position SqliteSink::kept_or_beginning(PartitionId partition) const {
  return kept_position(partition).value_or(Position{.partition = partition, .next = -1});
}

bool SqliteSink::is_kept(const Position& position) const {
  const Position kept = kept_or_beginning(position.partition);
  return kept.next >= position.next && kept.write_time_us >= position.write_time_us;
}

// Inside a transaction.
Status SqliteSink::write_positions(std::span<const Position> positions) {
  for (const Position& position : positions) {
    if (is_kept(position)) continue;
    const Position later = later_of(position, kept_or_beginning(position.partition));
    keep_->bind(4, static_cast<int64_t>(later.partition));
    keep_->bind(5, later.next);
    if (later.write_time_us == kNoWriteTime) {
      keep_->bind_null(6);
    } else {
      keep_->bind(6, later.write_time_us);
    }
    ASSIGN_OR_RETURN([[maybe_unused]] const bool more, keep_->step());
  }
  return {};
}

void SqliteSink::remember(std::span<const Position> positions) {
  for (const Position& position : positions)
    kept_[position.partition] = later_of(position, kept_or_beginning(position.partition));
}

std::optional<Position> SqliteSink::kept_position(PartitionId partition) const {
  const auto found = kept_.find(partition);
  return found == kept_.end() ? std::nullopt : std::optional(found->second);
}

Status SqliteSink::give_back(std::span<const PartitionId> partitions) {
  RETURN_IF_ERROR(end_attempt(kGiveBackWait));
  if (attempting_) return {};  // A disk that hangs: the positions are the transaction's.
  const auto is_given_back = [&](const Position& position) {
    return std::find(partitions.begin(), partitions.end(), position.partition) != partitions.end();
  };
  std::erase_if(accompanying_.in_any_case, is_given_back);
  std::erase_if(accompanying_.if_all_written, is_given_back);
  return {};
}

Status SqliteSink::keep_positions(std::span<const Position> positions) {
  CHECK(!full());
  if (!keep_ || std::all_of(positions.begin(), positions.end(),
                            [this](const Position& position) { return is_kept(position); }))
    return {};
  Status status = db_.begin();
  if (status) status = check_unchanged();
  if (status) status = write_positions(positions);
  if (status) status = transactions_->write(kNoWriteTime);
  if (status) status = db_.commit();
  RETURN_IF_ERROR(in_place_or(std::move(status)));
  transactions_->committed();
  remember(positions);
  return {};
}

SqliteSink::SqliteSink(SqliteSinkOptions options, std::shared_ptr<sqlite::WriterLock> lock,
                       sqlite::Database db, sqlite::Statement insert, EventFd attempt_over)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      db_(std::move(db)),
      insert_(std::move(insert)),
      retry_(options_.backoff),
      attempt_over_(std::move(attempt_over)) {
  for (const ColumnDef& column : options_.table.written()) cell_types_.push_back(column.type);
  if (options_.table.has_write_times()) cell_types_.push_back(Type::int64);
}

Status SqliteSink::submit(RowBatch& rows) {
  CHECK(!full());
  if (rows.empty()) return {};
  pending_.clear();
  std::swap(pending_, rows);
  begin_attempt();
  return {};
}

void SqliteSink::begin_attempt() {
  attempting_ = true;
  {
    const std::lock_guard lock(mutex_);
    attempt_ = Attempt::wanted;
  }
  changed_.notify_all();
}

Status SqliteSink::end_attempt(Millis wait) {
  if (!attempting_) return {};
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, wait, [this] { return attempt_ == Attempt::over; })) return {};
  attempt_ = Attempt::none;
  lock.unlock();
  attempting_ = false;
  attempt_over_.clear();
  return take(std::move(outcome_));
}

Status SqliteSink::take(Status outcome) {
  if (outcome) {
    remember(accompanying_.in_any_case);
    if (refusals_.empty()) remember(accompanying_.if_all_written);
    accompanying_ = {};
    transactions_->committed();
    keep_last_row();
    report_pending();
    pending_.clear();
    if (retry_.worked()) log::info("{}: writing goes on", options_.path);
    return {};
  }
  if (outcome.error().kind != ErrorKind::transient) {
    return tl::unexpected(std::move(outcome.error()).with("writing rows failed"));
  }
  if (retry_.failed(options_.clock->now()))
    log::warn("{}; its {} rows are kept, and tried again until they are written",
              outcome.error().message, pending_.size());
  return {};
}

void SqliteSink::write_when_asked() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || attempt_ == Attempt::wanted; });
    if (closing_) return;
    lock.unlock();
    Status outcome = in_place_or(write_pending());
    lock.lock();
    outcome_ = std::move(outcome);
    attempt_ = Attempt::over;
    attempt_over_.signal();
    changed_.notify_all();
  }
}

Status SqliteSink::write_pending() {
  refusals_.clear();
  highest_us_ = kNoWriteTime;
  RETURN_IF_ERROR(db_.begin());
  RETURN_IF_ERROR(check_unchanged());
  for (size_t row = 0; row < pending_.size(); ++row) {
    Status status = write_row(row);
    if (status) continue;
    // A row that SQLite will never take does not stop its neighbours: only its own statement is
    // undone.
    if (status.error().kind != ErrorKind::row) return status;
    refusals_.push_back({row, std::move(status.error().message)});
  }
  RETURN_IF_ERROR(write_positions(accompanying_.in_any_case));
  if (refusals_.empty()) RETURN_IF_ERROR(write_positions(accompanying_.if_all_written));
  RETURN_IF_ERROR(transactions_->write(highest_us_));
  return db_.commit();
}

// Refusals are in the order of their rows.
void SqliteSink::keep_last_row() {
  size_t row = pending_.size();
  for (auto refusal = refusals_.rbegin(); refusal != refusals_.rend(); ++refusal) {
    if (refusal->row + 1 != row) break;
    --row;
  }
  if (row > 0) last_row_ = pending_.row(row - 1);
}

void SqliteSink::report_pending() {
  size_t begin = 0;
  for (Refusal& refusal : refusals_) {
    written_.insert(written_.end(), &pending_.origins[begin], &pending_.origins[refusal.row]);
    refused_.push_back({pending_.origins[refusal.row], std::move(refusal.reason)});
    begin = refusal.row + 1;
  }
  written_.insert(written_.end(), pending_.origins.begin() + static_cast<std::ptrdiff_t>(begin),
                  pending_.origins.end());
}

Status SqliteSink::write_row(size_t row) {
  CellReader cells(pending_.row(row));
  CellView cell = {};
  for (size_t i = 0; i < cell_types_.size(); ++i) {
    cell = cells.next();
    sqlite::bind_cell(insert_, static_cast<int>(i) + 1, cell, cell_types_[i], times_[i]);
  }
  if (options_.table.has_write_times()) highest_us_ = std::max(highest_us_, cell.int64());
  ASSIGN_OR_RETURN([[maybe_unused]] const bool more, insert_.step());
  return {};
}

Result<Acks> SqliteSink::reap(Millis wait) {
  if (!pending_.empty() && !attempting_) {
    const auto left = std::chrono::ceil<Millis>(retry_.due() - options_.clock->now());
    // There is nothing to wait on but time: whoever holds the lock does not tell when it lets go.
    const Millis pause = std::clamp(left, Millis(0), wait);
    if (pause.count() > 0) options_.clock->sleep(pause);
    wait -= pause;
    if (retry_.is_due(options_.clock->now())) begin_attempt();
  }
  RETURN_IF_ERROR(end_attempt(wait));
  reported_written_.clear();
  reported_refused_.clear();
  std::swap(reported_written_, written_);
  std::swap(reported_refused_, refused_);
  return Acks{.written = reported_written_, .refused = reported_refused_};
}

}  // namespace turntable
