// The positions that an SQLite file keeps beside its rows, in the table turntable_positions: a row
// for each partition that a group reads of a topic, whatever tables of the file its rows go to.
//
//   target      ''. The versions before kept positions for each table, and had its name here
//   reader      the consumer group
//   topic, partition
//   next        every record below it has its outcome
//   write_time  the highest that was given to a record of the partition, in microseconds; or NULL
//   topic_id    of brokers that have ids; or NULL
//
// Where a file has positions of the version before only, those of the pipeline's tables count: for
// each partition the lowest. Reading on there, no table lacks a record; some tables get records
// again that they have.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "row/position.h"
#include "sink/table.h"
#include "sqlite/database.h"

namespace turntable {

struct PositionsOwner {
  std::string group;
  std::string topic;
};

// Those that the file keeps, read without changing anything; none where there is no such file. An
// error of kind failed where the file cannot be read, or its tables have positions of two topics of
// that name.
[[nodiscard]] Result<std::map<PartitionId, Position>> positions_in_file(
    const std::string& path, const PositionsOwner& owner, std::span<const SinkTable> tables);

// Deletes them: the group's positions are kept elsewhere from here on. A sink that keeps none may
// have the file open meanwhile. Of kind transient where another program has it locked.
[[nodiscard]] Status forget_positions(const std::string& path, const PositionsOwner& owner,
                                      std::span<const SinkTable> tables);
[[nodiscard]] Status forget_positions(sqlite::Database& db, const PositionsOwner& owner,
                                      std::span<const SinkTable> tables);

// Those of one owner in an open file. Belongs to the thread that uses the connection.
class SqlitePositions {
 public:
  // Makes the table where it is missing, and takes over the positions of the version before. The
  // Database must outlive this.
  [[nodiscard]] static Result<SqlitePositions> begin(sqlite::Database& db, const std::string& path,
                                                     const PositionsOwner& owner,
                                                     std::span<const SinkTable> tables);

  // As in the file, after the last transaction that was committed.
  [[nodiscard]] const std::map<PartitionId, Position>& kept() const { return kept_; }
  // Of the topic, as far as the rows had any at the beginning.
  [[nodiscard]] const std::set<std::string>& topic_ids() const { return topic_ids_; }

  // Inside a transaction that has changed nothing yet. An error of kind failed where a position has
  // gone back, as in an older copy of the file.
  [[nodiscard]] Status check();
  // Inside it, once, with all of its positions. None moves back; those that are kept already are
  // left out. Rows of earlier versions have no id, and get it with their next position; an empty
  // one is not known.
  [[nodiscard]] Status write(std::span<const Position> positions, const std::string& topic_id);
  // After it was committed: those that have moved.
  std::vector<Position> committed();

 private:
  SqlitePositions(std::string path, sqlite::Statement read, sqlite::Statement write)
      : path_(std::move(path)), read_(std::move(read)), write_(std::move(write)) {}
  Result<std::map<PartitionId, Position>> read();
  [[nodiscard]] Position kept_or_beginning(PartitionId partition) const;

  std::string path_;
  sqlite::Statement read_;
  sqlite::Statement write_;
  std::map<PartitionId, Position> kept_;
  std::map<PartitionId, Position> next_;  // Written by the transaction at hand.
  std::set<std::string> topic_ids_;
};

// Whether the position, and its write time, are reached.
[[nodiscard]] inline bool is_kept(const std::map<PartitionId, Position>& kept,
                                  const Position& position) {
  const auto found = kept.find(position.partition);
  return found != kept.end() && later_of(found->second, position) == found->second;
}

}  // namespace turntable
