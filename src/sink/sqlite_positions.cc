#include "sink/sqlite_positions.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "sink/sqlite_schema.h"

namespace turntable {
namespace {

constexpr std::string_view kPositionsTable = "turntable_positions";

// A partition's row, and the id of its topic.
struct KeptRow {
  Position position;
  std::optional<std::string> topic_id;
};

// What cannot be looked at is left to SQLite, which says why.
bool is_there(const std::string& path) {
  std::error_code fault;
  return std::filesystem::exists(path, fault) || fault;
}

Result<bool> has_column(sqlite::Database& db, std::string_view schema, std::string_view column) {
  ASSIGN_OR_RETURN(sqlite::Statement select,
                   db.prepare(fmt::format("SELECT 1 FROM pragma_table_xinfo('{}', {}) WHERE name = "
                                          "'{}'",
                                          kPositionsTable, sqlite::quote_text(schema), column)));
  return select.step();
}

// The rows of these targets, which are bound behind the owner.
Result<std::vector<KeptRow>> rows_of(sqlite::Database& db, std::string_view schema,
                                 const PositionsOwner& owner,
                                 std::span<const std::string> targets) {
  // A version before this knew neither.
  ASSIGN_OR_RETURN(const bool has_time, has_column(db, schema, "write_time"));
  ASSIGN_OR_RETURN(const bool has_id, has_column(db, schema, "topic_id"));
  std::string places;
  for (size_t i = 0; i < targets.size(); ++i)
    places += fmt::format("{}?{}", i == 0 ? "" : ", ", i + 3);
  ASSIGN_OR_RETURN(
      sqlite::Statement select,
      db.prepare(fmt::format("SELECT partition, next, {}, {} FROM {}.{} WHERE reader = ?1 AND "
                             "topic = ?2 AND target IN ({})",
                             has_time ? "write_time" : "NULL", has_id ? "topic_id" : "NULL",
                             sqlite::quote_name(schema), kPositionsTable, places)));
  select.bind_copy(1, owner.group);
  select.bind_copy(2, owner.topic);
  for (size_t i = 0; i < targets.size(); ++i)
    select.bind_copy(static_cast<int>(i) + 3, targets[i]);
  std::vector<KeptRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, select.step());
    if (!more) return rows;
    KeptRow& row = rows.emplace_back();
    row.position = {.partition = static_cast<PartitionId>(select.int64(0)),
                    .next = select.int64(1)};
    if (select.storage(2) != sqlite::Storage::null) row.position.write_time_us = select.int64(2);
    if (select.storage(3) != sqlite::Storage::null) row.topic_id = select.text(3);
  }
}

std::vector<std::string> names_of(std::span<const SinkTable> tables) {
  std::vector<std::string> names;
  for (const SinkTable& table : tables) names.push_back(table.name);
  return names;
}

// The owner's rows by partition, and whether they are of the version before.
struct FoundRows {
  std::map<PartitionId, KeptRow> rows;
  bool by_table = false;
};

Result<FoundRows> find_rows(sqlite::Database& db, std::string_view schema, const std::string& path,
                   const PositionsOwner& owner, std::span<const SinkTable> tables) {
  FoundRows found;
  const std::vector<std::string> no_table{""};
  ASSIGN_OR_RETURN(std::vector<KeptRow> rows, rows_of(db, schema, owner, no_table));
  // A table that has a row of its own was not written by the group since the version before: what
  // lies behind that row is missing in it, however far the group has come in other tables.
  ASSIGN_OR_RETURN(std::vector<KeptRow> by_table, rows_of(db, schema, owner, names_of(tables)));
  found.by_table = !by_table.empty();
  std::move(by_table.begin(), by_table.end(), std::back_inserter(rows));
  std::set<std::string> ids;
  for (KeptRow& row : rows) {
    if (row.topic_id) ids.insert(*row.topic_id);
    const auto [place, is_first] = found.rows.try_emplace(row.position.partition, row);
    if (is_first) continue;
    place->second.position = lower_of(place->second.position, row.position);
    if (row.topic_id) place->second.topic_id = row.topic_id;
  }
  // No position of one counts in the other.
  if (found.by_table && ids.size() > 1)
    return fail(ErrorKind::failed,
                fmt::format("{} has positions of {} topics {} (ids {}): it was deleted and made "
                            "anew while only some of the tables were written. Use another "
                            "group.id and a new file, or delete the group's rows of the older "
                            "topic from the file's table {}",
                            path, ids.size(), owner.topic, fmt::join(ids, ", "), kPositionsTable));
  return found;
}

// Inside a transaction: one row for each partition takes the place of one for each table.
Status take_over(sqlite::Database& db, const PositionsOwner& owner,
                 std::span<const SinkTable> tables, const FoundRows& found) {
  RETURN_IF_ERROR(forget_positions(db, owner, tables));
  ASSIGN_OR_RETURN(
      sqlite::Statement insert,
      db.prepare(fmt::format("INSERT INTO {} (target, reader, topic, partition, next, write_time, "
                             "topic_id) VALUES ('', ?1, ?2, ?3, ?4, ?5, ?6)",
                             kPositionsTable)));
  insert.bind_copy(1, owner.group);
  insert.bind_copy(2, owner.topic);
  for (const auto& [partition, row] : found.rows) {
    insert.bind(3, static_cast<int64_t>(partition));
    insert.bind(4, row.position.next);
    row.position.write_time_us == kNoWriteTime ? insert.bind_null(5)
                                               : insert.bind(5, row.position.write_time_us);
    row.topic_id ? insert.bind_copy(6, *row.topic_id) : insert.bind_null(6);
    ASSIGN_OR_RETURN([[maybe_unused]] const bool more, insert.step());
  }
  return {};
}

}  // namespace

Result<std::map<PartitionId, Position>> positions_in_file(const std::string& path,
                                                          const PositionsOwner& owner,
                                                          std::span<const SinkTable> tables) {
  std::map<PartitionId, Position> positions;
  if (!is_there(path)) return positions;
  ASSIGN_OR_RETURN(sqlite::Database db, sqlite::Database::open("", sqlite::Database::Mode::memory));
  db.set_busy_timeout(sqlite::kLockWait);
  RETURN_IF_ERROR(db.attach_read_only(path, "there"));
  ASSIGN_OR_RETURN(const bool there, has_column(db, "there", "target"));
  if (!there) return positions;
  ASSIGN_OR_RETURN(const FoundRows found, find_rows(db, "there", path, owner, tables));
  for (const auto& [partition, row] : found.rows) positions.emplace(partition, row.position);
  return positions;
}

Status forget_positions(const std::string& path, const PositionsOwner& owner,
                        std::span<const SinkTable> tables) {
  if (!is_there(path)) return {};
  ASSIGN_OR_RETURN(sqlite::Database db,
                   sqlite::Database::open(path, sqlite::Database::Mode::write));
  db.set_busy_timeout(sqlite::kLockWait);
  return forget_positions(db, owner, tables);
}

Status forget_positions(sqlite::Database& db, const PositionsOwner& owner,
                        std::span<const SinkTable> tables) {
  ASSIGN_OR_RETURN(const bool there, has_column(db, "main", "target"));
  if (!there) return {};
  ASSIGN_OR_RETURN(sqlite::Statement remove,
                   db.prepare(fmt::format("DELETE FROM {} WHERE (target, reader, topic) = (?1, ?2, "
                                          "?3)",
                                          kPositionsTable)));
  remove.bind_copy(2, owner.group);
  remove.bind_copy(3, owner.topic);
  std::vector<std::string> targets = names_of(tables);
  targets.emplace_back();
  for (const std::string& target : targets) {
    remove.bind_copy(1, target);
    ASSIGN_OR_RETURN([[maybe_unused]] const bool more, remove.step());
  }
  return {};
}

Result<SqlitePositions> SqlitePositions::begin(sqlite::Database& db, const std::string& path,
                                               const PositionsOwner& owner,
                                               std::span<const SinkTable> tables) {
  const std::string name(kPositionsTable);
  RETURN_IF_ERROR(db.execute(fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (target text NOT NULL, reader text NOT NULL, topic text NOT "
      "NULL, partition int NOT NULL, next int NOT NULL, write_time int, topic_id text, PRIMARY KEY "
      "(target, reader, topic, partition)) WITHOUT ROWID",
      kPositionsTable)));
  RETURN_IF_ERROR(add_missing_column(db, name, "write_time", "int"));
  RETURN_IF_ERROR(add_missing_column(db, name, "topic_id", "text"));
  ASSIGN_OR_RETURN(FoundRows found, find_rows(db, "main", path, owner, tables));
  if (found.by_table) {
    RETURN_IF_ERROR(db.begin());
    Status done = take_over(db, owner, tables, found);
    if (done) done = db.commit();
    if (!done) db.rollback();
    RETURN_IF_ERROR(done);
  }
  ASSIGN_OR_RETURN(sqlite::Statement read,
                   db.prepare(fmt::format("SELECT partition, next, write_time FROM {} WHERE "
                                          "(target, reader, topic) = ('', ?1, ?2)",
                                          kPositionsTable)));
  ASSIGN_OR_RETURN(
      sqlite::Statement write,
      db.prepare(fmt::format("INSERT INTO {} (target, reader, topic, partition, next, write_time, "
                             "topic_id) VALUES ('', ?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE "
                             "SET next = max(next, excluded.next), write_time = "
                             "excluded.write_time, topic_id = coalesce(excluded.topic_id, "
                             "topic_id)",
                             kPositionsTable)));
  // Whose positions these are stays bound; partition and position follow with each step.
  for (sqlite::Statement* statement : {&read, &write}) {
    statement->bind_copy(1, owner.group);
    statement->bind_copy(2, owner.topic);
  }
  SqlitePositions positions(path, std::move(read), std::move(write));
  for (const auto& [partition, row] : found.rows) {
    positions.kept_.emplace(partition, row.position);
    if (row.topic_id) positions.topic_ids_.insert(*row.topic_id);
  }
  return positions;
}

Result<std::map<PartitionId, Position>> SqlitePositions::read() {
  std::map<PartitionId, Position> positions;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, read_.step());
    if (!more) return positions;
    const auto partition = static_cast<PartitionId>(read_.int64(0));
    const bool has_time = read_.storage(2) != sqlite::Storage::null;
    positions[partition] = {partition, read_.int64(1), has_time ? read_.int64(2) : kNoWriteTime};
  }
}

// Somebody may have moved a position forward with another program, to pass records over.
Status SqlitePositions::check() {
  ASSIGN_OR_RETURN(const auto positions, read());
  for (const auto& [partition, kept] : kept_) {
    const auto found = positions.find(partition);
    if (found != positions.end() && found->second.next >= kept.next) continue;
    return fail(
        ErrorKind::failed,
        fmt::format("{}: the position of partition {} is {} in the file, and was {}: an "
                    "older copy was put in its place while the run wrote to it. Start "
                    "again to read on from the file's positions",
                    path_, partition,
                    found == positions.end() ? "missing" : fmt::to_string(found->second.next),
                    kept.next));
  }
  return {};
}

Position SqlitePositions::kept_or_beginning(PartitionId partition) const {
  const auto found = kept_.find(partition);
  return found == kept_.end() ? Position{.partition = partition, .next = -1} : found->second;
}

Status SqlitePositions::write(std::span<const Position> positions, const std::string& topic_id) {
  next_.clear();
  for (const Position& position : positions) {
    if (is_kept(kept_, position)) continue;
    const auto [place, is_first] =
        next_.try_emplace(position.partition, kept_or_beginning(position.partition));
    place->second = later_of(place->second, position);
  }
  topic_id.empty() ? write_.bind_null(6) : write_.bind_copy(6, topic_id);
  for (const auto& [partition, later] : next_) {
    write_.bind(3, static_cast<int64_t>(partition));
    write_.bind(4, later.next);
    later.write_time_us == kNoWriteTime ? write_.bind_null(5)
                                        : write_.bind(5, later.write_time_us);
    ASSIGN_OR_RETURN([[maybe_unused]] const bool more, write_.step());
  }
  return {};
}

std::vector<Position> SqlitePositions::committed() {
  std::vector<Position> moved;
  for (const auto& [partition, position] : next_) {
    kept_[partition] = position;
    moved.push_back(position);
  }
  next_.clear();
  return moved;
}

}  // namespace turntable
