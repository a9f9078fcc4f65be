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

Result<std::unique_ptr<SqliteSink>> SqliteSink::open(SqliteSinkOptions options) {
  const auto faults = check_table(options.table, Dialect::sqlite);
  if (!faults.empty()) return fail(ErrorKind::usage, fmt::format("{}", fmt::join(faults, "\n")));
  if (!options.lock) {
    ASSIGN_OR_RETURN(options.lock, sqlite::WriterLock::take(options.path));
  }
  ASSIGN_OR_RETURN(sqlite::Database db,
                   sqlite::Database::open(options.path, sqlite::Database::Mode::write));
  RETURN_IF_ERROR(apply_sqlite_schema(db, options.path, options.table));
  ASSIGN_OR_RETURN(sqlite::Statement insert,
                   db.prepare(insert_dml(options.table, Dialect::sqlite)));
  ASSIGN_OR_RETURN(EventFd attempt_over, EventFd::open());
  std::unique_ptr<SqliteSink> sink(new SqliteSink(std::move(options), std::move(db),
                                                  std::move(insert), std::move(attempt_over)));
  if (!sink->options_.topic.empty()) RETURN_IF_ERROR(sink->load_positions());
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
}

Status SqliteSink::load_positions() {
  RETURN_IF_ERROR(db_.execute(
      "CREATE TABLE IF NOT EXISTS turntable_positions (target text NOT NULL, reader text NOT NULL, "
      "topic text NOT NULL, partition int NOT NULL, next int NOT NULL, "
      "PRIMARY KEY (target, reader, topic, partition)) WITHOUT ROWID"));
  // Whose positions these are stays bound; partition and position follow with each step.
  const auto bind_owner = [this](sqlite::Statement& statement) {
    statement.bind_copy(1, options_.table.name);
    statement.bind_copy(2, options_.group);
    statement.bind_copy(3, options_.topic);
  };
  ASSIGN_OR_RETURN(
      keep_, db_.prepare("INSERT OR REPLACE INTO turntable_positions VALUES (?1, ?2, ?3, ?4, ?5)"));
  bind_owner(*keep_);
  ASSIGN_OR_RETURN(sqlite::Statement select,
                   db_.prepare("SELECT partition, next FROM turntable_positions "
                               "WHERE (target, reader, topic) = (?1, ?2, ?3)"));
  bind_owner(select);
  while (true) {
    ASSIGN_OR_RETURN(const bool more, select.step());
    if (!more) return {};
    kept_[static_cast<PartitionId>(select.int64(0))] = select.int64(1);
  }
}

// Inside a transaction. What is kept already, or a later position, stays.
Status SqliteSink::write_positions(std::span<const Position> positions) {
  for (const auto& [partition, next] : positions) {
    if (kept_position(partition) >= next) continue;
    keep_->bind(4, static_cast<int64_t>(partition));
    keep_->bind(5, next);
    ASSIGN_OR_RETURN([[maybe_unused]] const bool more, keep_->step());
  }
  return {};
}

void SqliteSink::remember(std::span<const Position> positions) {
  for (const auto& [partition, next] : positions)
    if (kept_position(partition) < next) kept_[partition] = next;
}

std::optional<Offset> SqliteSink::kept_position(PartitionId partition) const {
  const auto found = kept_.find(partition);
  return found == kept_.end() ? std::nullopt : std::optional(found->second);
}

Status SqliteSink::keep_positions(std::span<const Position> positions) {
  CHECK(!full());
  if (!keep_ || std::all_of(positions.begin(), positions.end(), [this](const Position& position) {
        return kept_position(position.partition) >= position.next;
      }))
    return {};
  Status status = db_.begin();
  if (status) status = write_positions(positions);
  if (status) status = db_.commit();
  if (status) {
    remember(positions);
  } else {
    db_.rollback();
  }
  return status;
}

SqliteSink::SqliteSink(SqliteSinkOptions options, sqlite::Database db, sqlite::Statement insert,
                       EventFd attempt_over)
    : options_(std::move(options)),
      db_(std::move(db)),
      insert_(std::move(insert)),
      backoff_(options_.backoff),
      attempt_over_(std::move(attempt_over)) {}

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
    if (refusals_.empty()) remember(accompanying_);
    accompanying_.clear();
    report_pending();
    pending_.clear();
    backoff_.reset();
    if (std::exchange(in_trouble_, false)) log::info("{}: writing goes on", options_.path);
    return {};
  }
  if (outcome.error().kind != ErrorKind::transient) {
    return tl::unexpected(std::move(outcome.error()).with("writing rows failed"));
  }
  if (!std::exchange(in_trouble_, true)) {
    log::warn("{}; its {} rows are kept, and tried again until they are written",
              outcome.error().message, pending_.size());
  }
  next_attempt_ = options_.clock->now() + backoff_.next();
  return {};
}

void SqliteSink::write_when_asked() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || attempt_ == Attempt::wanted; });
    if (closing_) return;
    lock.unlock();
    Status outcome = write_pending();
    // The whole transaction is undone; its refusals will be found again.
    if (!outcome) db_.rollback();
    lock.lock();
    outcome_ = std::move(outcome);
    attempt_ = Attempt::over;
    attempt_over_.signal();
    changed_.notify_all();
  }
}

Status SqliteSink::write_pending() {
  refusals_.clear();
  RETURN_IF_ERROR(db_.begin());
  for (size_t row = 0; row < pending_.size(); ++row) {
    Status status = write_row(row);
    if (status) continue;
    // A row that SQLite will never take does not stop its neighbours: only its own statement is
    // undone.
    if (status.error().kind != ErrorKind::row) return status;
    refusals_.push_back({row, std::move(status.error().message)});
  }
  // A refused row has no outcome before its dead letter is durable.
  if (refusals_.empty()) RETURN_IF_ERROR(write_positions(accompanying_));
  return db_.commit();
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
  const Schema& columns = options_.table.columns;
  for (size_t i = 0; i < columns.size(); ++i) {
    sqlite::bind_cell(insert_, static_cast<int>(i) + 1, cells.next(), columns[i].type);
  }
  ASSIGN_OR_RETURN([[maybe_unused]] const bool more, insert_.step());
  return {};
}

Result<Acks> SqliteSink::reap(Millis wait) {
  if (!pending_.empty() && !attempting_) {
    const auto left = std::chrono::ceil<Millis>(next_attempt_ - options_.clock->now());
    // There is nothing to wait on but time: whoever holds the lock does not tell when it lets go.
    const Millis pause = std::clamp(left, Millis(0), wait);
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
    wait -= pause;
    if (options_.clock->now() >= next_attempt_) begin_attempt();
  }
  RETURN_IF_ERROR(end_attempt(wait));
  reported_written_.clear();
  reported_refused_.clear();
  std::swap(reported_written_, written_);
  std::swap(reported_refused_, refused_);
  return Acks{.written = reported_written_, .refused = reported_refused_};
}

}  // namespace turntable
