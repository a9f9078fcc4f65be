// A table whose key does not tell records apart, as Cassandra and SQLite keep it, and the oracle
// for it: of two records of one partition with one key the later one's row stands, whole, or there
// is none where the later one deletes.
//
// Cassandra settles cell by cell: the cell with the higher write time stays, and of two with the
// same time NULL, or else the larger value. SQLite settles row by row. A deletion takes away what
// is as old or older, in whichever order they come.
//
// One thing is excused. An owner that was killed, or that lost its partition, could not tell the
// next one how high its write times had come since its last commit: where its clock was ahead, what
// it wrote after that commit may stand over a later record. Its row is whole all the same. Up to
// the commit nothing is excused, for the commit's note says how high the write times had come.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "row/record.h"
#include "row/types.h"

namespace turntable {

class SimulatedKeys {
 public:
  using Key = std::pair<PartitionId, int32_t>;

  // What a row says: of which record it is, and a value that may be NULL.
  struct Values {
    Offset offset = 0;
    int64_t id = 0;
    std::optional<int64_t> note;
    bool note_is_unset = false;  // The cell is left as it is.
    bool deletion = false;       // It says nothing: the row is to go.

    [[nodiscard]] bool same_as(const Values& other) const {
      return offset == other.offset && id == other.id && note == other.note;
    }
  };

  enum class Settles { cells, rows };

  void write(Key key, const Values& values, int64_t time_us, Settles settles) {
    if (const auto deleted = deleted_us_.find(key);
        deleted != deleted_us_.end() && time_us <= deleted->second) {
      ++late_for_deletions;
      return;
    }
    in_file_ = settles == Settles::rows;
    const auto [found, is_new] = rows_.try_emplace(key);
    Row& row = found->second;
    if (!is_new) {
      ++overwrites;
      late += time_us < row[kOffset].time_us;
      nulls_over_values += !values.note && row[kNote].value.has_value();
    }
    const std::array cells{std::optional<int64_t>(values.offset), std::optional<int64_t>(values.id),
                           values.note};
    if (settles == Settles::rows && !is_new && time_us < row[kOffset].time_us) return;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i == kNote && values.note_is_unset) continue;
      const Cell cell{time_us, cells[i]};
      if (settles == Settles::rows || is_new || cell.stands_over(row[i])) row[i] = cell;
    }
  }

  // Cassandra's newer cells stay, SQLite's newer rows.
  void remove(Key key, int64_t time_us) {
    ++deletions;
    int64_t& deleted_us = deleted_us_.try_emplace(key, kNoWriteTime).first->second;
    deleted_us = std::max(deleted_us, time_us);
    const auto found = rows_.find(key);
    if (found == rows_.end()) return;
    for (Cell& cell : found->second)
      if (cell.time_us <= time_us) cell = {};
    if (found->second[kOffset].time_us == kNoWriteTime) rows_.erase(found);
  }

  // The record was given its write time, as it was read under this assignment of its partition.
  void given(PartitionId partition, Offset offset, int64_t time_us, uint64_t assignment) {
    given_[{partition, offset}].push_back({time_us, assignment});
  }

  // Where an owner that was not heard had come with its last commit.
  struct LastCommit {
    Offset next = 0;  // The first offset after it.
    int64_t noted_us = kNoWriteTime;
    bool lost = false;  // It was not killed: the partition was taken away.
  };

  // The assignment's owner could not say how far it had come since its last commit.
  void ended_unheard(PartitionId partition, uint64_t assignment, LastCommit commit) {
    unheard_[{partition, assignment}] = commit;
  }

  enum class Excused { all, lost };

  // What is wrong with the key's row, or nothing. `records` are those of the key that are to be
  // rows or deletions, in their order. `excused`: which owners that were not heard are.
  [[nodiscard]] std::string fault(Key key, const std::vector<Values>& records, Excused excused) {
    const auto found = rows_.find(key);
    const Offset last = records.back().offset;
    if (found == rows_.end()) {
      if (records.back().deletion) return "";
      for (const Values& values : records) {
        if (!values.deletion ||
            !is_excused(key.first, values.offset, deleted_us_[key], last, excused))
          continue;
        ++excused_rows;
        return "";
      }
      return fmt::format("key {}/{} has no row", key.first, key.second);
    }
    const Row& row = found->second;
    const Values stands{.offset = row[kOffset].value.value_or(-1),
                        .id = row[kId].value.value_or(-1),
                        .note = row[kNote].value};
    const auto of = std::find_if(records.begin(), records.end(), [&](const Values& values) {
      return !values.deletion && values.same_as(stands);
    });
    if (of == records.end())
      return fmt::format("the row of key {}/{} is of no record: offset {}, id {}, note {}",
                         key.first, key.second, stands.offset, stands.id,
                         stands.note ? std::to_string(*stands.note) : "NULL");
    if (stands.offset == last) return "";
    if (is_excused(key.first, stands.offset, row[kOffset].time_us, last, excused)) {
      ++excused_rows;
      return "";
    }
    return fmt::format("the row of key {}/{} is that of record {}, and record {} came later",
                       key.first, key.second, stands.offset, last);
  }

  uint64_t overwrites = 0;         // Rows that met another one of their key,
  uint64_t late = 0;               // of which so many came after one with a higher write time,
  uint64_t nulls_over_values = 0;  // and so many have NULL where the other has a value.
  uint64_t excused_rows = 0;
  uint64_t deletions = 0;           // That have come,
  uint64_t late_for_deletions = 0;  // and rows that came after a deletion with a higher write time.

 private:
  struct Cell {
    int64_t time_us = kNoWriteTime;
    std::optional<int64_t> value;

    [[nodiscard]] bool stands_over(const Cell& other) const {
      if (time_us != other.time_us) return time_us > other.time_us;
      return !value || (other.value && *value > *other.value);
    }
  };
  static constexpr size_t kOffset = 0;
  static constexpr size_t kId = 1;
  static constexpr size_t kNote = 2;
  using Row = std::array<Cell, 3>;

  struct Given {
    int64_t time_us = 0;
    uint64_t assignment = 0;
  };

  // The record at `stands` got its time from an owner that was not heard, after its last commit,
  // and before the one that read the record at `last`.
  [[nodiscard]] bool is_excused(PartitionId partition, Offset stands, int64_t time_us, Offset last,
                                Excused excused) {
    const std::vector<Given>& of_last = given_[{partition, last}];
    if (of_last.empty()) return false;
    for (const Given& given : given_[{partition, stands}]) {
      if (given.time_us != time_us) continue;
      if (letter_came_between(partition, given, of_last)) return true;
      if (given.assignment >= of_last.back().assignment) continue;
      const auto unheard = unheard_.find({partition, given.assignment});
      if (unheard == unheard_.end()) continue;
      if (excused == Excused::lost && !unheard->second.lost) continue;
      if (stands >= unheard->second.next && time_us > unheard->second.noted_us) return true;
    }
    return false;
  }

  // In a file, of a letter that is replayed: the last record's owner had lost the partition while
  // its transaction ran. The next owner read from a position before that, gave the records higher
  // times and made letters of some, and died; the transaction's position is behind all of them.
  [[nodiscard]] bool letter_came_between(PartitionId partition, const Given& stands,
                                         const std::vector<Given>& of_last) const {
    return in_file_ && std::any_of(of_last.begin(), of_last.end(), [&](const Given& last) {
             const auto unheard = unheard_.find({partition, last.assignment});
             return last.assignment < stands.assignment && last.time_us < stands.time_us &&
                    unheard != unheard_.end() && unheard->second.lost;
           });
  }

  bool in_file_ = false;
  std::map<Key, Row> rows_;
  std::map<Key, int64_t> deleted_us_;
  std::map<std::pair<PartitionId, Offset>, std::vector<Given>> given_;
  // By partition and assignment.
  std::map<std::pair<PartitionId, uint64_t>, LastCommit> unheard_;
};

}  // namespace turntable
