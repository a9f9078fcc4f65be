// What the matrix of connectors runs in: the records and what must become of them, the stores that
// stand in for servers, and a process that can be ended at any record. See matrix_test.cc.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "app/connectors.h"
#include "base/text.h"
#include "decode/decoder.h"
#include "delivery/accounting.h"
#include "delivery/dead_letters.h"
#include "delivery/outcome.h"
#include "row/cell.h"
#include "sink/cassandra_sink.h"
#include "sink/fake_writer.h"
#include "source/source.h"
#include "sqlite/database.h"

namespace turntable::matrix {

inline constexpr int kPartitions = 3;
inline constexpr int kSongs = 50;

// Where a record stands: its partition and offset.
using Place = std::pair<PartitionId, Offset>;
// "id|song|artist" by place, each as often as it was written.
using Rows = std::multimap<Place, std::string>;
// "reason: value" likewise.
using Letters = std::multimap<Place, std::string>;

// The records of a cell, by their number: of ten, one is no JSON, one is of a song that nobody
// knows, and eight become rows.
inline bool is_malformed(int i) {
  return i % 10 == 0;
}
inline bool is_unmatched(int i) {
  return i % 10 == 1;
}
inline bool becomes_a_row(int i) {
  return i % 10 > 1;
}
inline std::string song_of(int i) {
  return is_unmatched(i) ? "unheard of" : fmt::format("song {}", i % kSongs);
}
inline std::string value_of(int i) {
  if (is_malformed(i)) return fmt::format("no JSON {}", i);
  return fmt::format(R"({{"id": {}, "song": "{}"}})", i, song_of(i));
}

// So many records that there are this many rows; where the next two become none, they are behind
// the last row.
inline int records_for(int rows) {
  int count = 0;
  for (int found = 0; found < rows; ++count) found += becomes_a_row(count) ? 1 : 0;
  return count % 10 == 0 ? count + 2 : count;
}

// Where the i-th record stands in a topic, or in a file.
inline Place place_in_topic(int i) {
  return {i % kPartitions, i / kPartitions};
}
inline Place place_in_file(int i) {
  return {0, i};
}

// What makes a row of the table: where its record stands, or its song within a partition, so that a
// later record's row stands in an earlier one's place; or the record's own key, and some records are
// tombstones that delete.
enum class Keys { apart, repeat, deleted };

// Where keys are deleted: few of them, each in one partition, so that every second record of a
// partition has the same.
inline std::string key_of(int i) {
  return fmt::format("key {}", i % (2 * kPartitions));
}
inline bool is_deletion(int i, Keys keys) {
  return keys == Keys::deleted && (i % 10 == 4 || i % 10 == 7);
}

// What a pipeline writes: one table, three in one store, or one in one store and two in another.
//
//   history   each play whose song is known, with its artist
//   named     each play: '?' where the song is not known
//   early     the first half of the plays whose song is known, but for those of one artist
enum class Tables { one, three, two_stores };
inline constexpr const char* kTableNames[] = {"history", "named", "early"};
[[nodiscard]] constexpr size_t count_of(Tables tables) { return tables == Tables::one ? 1 : 3; }

inline constexpr int kLeftOutArtist = 7;

// The outcome of the i-th of `count` records in a table. It shares nothing with what brings it about.
inline Outcome outcome_of(int i, int count, size_t table, Keys keys) {
  if (is_deletion(i, keys)) return Outcome::deleted;
  if (is_malformed(i)) return Outcome::rejected;
  const std::string_view name = kTableNames[table];
  if (name == "named") return Outcome::written;
  if (name == "early" && i >= count / 2) return Outcome::filtered;
  if (is_unmatched(i)) return Outcome::unmatched;
  return name == "early" && i % kSongs == kLeftOutArtist ? Outcome::filtered : Outcome::written;
}

inline void add(Counts& counts, Outcome outcome) {
  ++counts.consumed;
  ++(outcome == Outcome::written     ? counts.written
     : outcome == Outcome::deleted   ? counts.deleted
     : outcome == Outcome::filtered  ? counts.filtered
     : outcome == Outcome::unmatched ? counts.unmatched
                                     : counts.rejected);
}

// What must come of the first `count` records.
struct Expected {
  std::vector<Rows> rows;         // By table.
  std::vector<Counts> in_tables;  // By table.
  Letters letters;
  Counts counts;  // Each record as the worst that becomes of it.
};

inline void add_row(Rows& rows, std::map<std::pair<PartitionId, std::string>, Place>& standing,
                    int i, Place place, Keys keys) {
  const std::string song = song_of(i);
  if (keys != Keys::apart) {
    const auto [found, first] =
        standing.try_emplace({place.first, keys == Keys::repeat ? song : key_of(i)}, place);
    if (!first) rows.erase(found->second);
    found->second = place;
  }
  const std::string artist = is_unmatched(i) ? "?" : fmt::format("artist {}", i % kSongs);
  rows.emplace(place, fmt::format("{}|{}|{}", i, song, artist));
}

inline void delete_row(Rows& rows, std::map<std::pair<PartitionId, std::string>, Place>& standing,
                       int i, Place place) {
  const auto found = standing.find({place.first, key_of(i)});
  if (found == standing.end()) return;
  rows.erase(found->second);
  standing.erase(found);
}

inline Expected expected_of(int count, Place (*place)(int), Keys keys, Tables tables) {
  Expected expected;
  expected.rows.resize(count_of(tables));
  expected.in_tables.resize(count_of(tables));
  std::vector<std::map<std::pair<PartitionId, std::string>, Place>> standing(count_of(tables));
  for (int i = 0; i < count; ++i) {
    Outcome worst = Outcome::filtered;
    for (size_t table = 0; table < count_of(tables); ++table) {
      const Outcome outcome = outcome_of(i, count, table, keys);
      worst = std::max(worst, outcome);
      add(expected.in_tables[table], outcome);
      if (outcome == Outcome::written)
        add_row(expected.rows[table], standing[table], i, place(i), keys);
      if (outcome == Outcome::deleted)
        delete_row(expected.rows[table], standing[table], i, place(i));
    }
    add(expected.counts, worst);
    if (worst < Outcome::unmatched) continue;
    expected.letters.emplace(
        place(i),
        fmt::format("{}: {}", is_malformed(i) ? "json_syntax" : "unmatched", value_of(i)));
  }
  return expected;
}

// A cluster that takes every row, some only when they are sent again. Threads of several cells and
// lanes may write at once.
class CassandraTables {
 public:
  explicit CassandraTables(Keys keys) : keys_(keys) {}
  void take(const FakeWriter::Sent& sent) {
    const std::lock_guard lock(mutex_);
    CellReader reader(sent.cells);
    for (size_t row = 0; row < sent.rows; ++row) {
      if (sent.kind == RowKind::deletion) {
        const int64_t write_time_us = reader.next().int64();
        stand({names_.at(sent.table), 0, std::string(reader.next().bytes())}, write_time_us, {}, "");
        continue;
      }
      const int32_t id = reader.next().int32();
      const std::string song(reader.next().bytes());
      const std::string artist(reader.next().bytes());
      const int32_t partition = reader.next().int32();
      const int64_t offset = reader.next().int64();
      std::string text = fmt::format("{}|{}|{}", id, song, artist);
      if (keys_ == Keys::apart) {
        rows_[names_.at(sent.table)][{partition, offset}] = std::move(text);
        continue;
      }
      const bool own = keys_ == Keys::deleted;
      const std::string key = own ? std::string(reader.next().bytes()) : song;
      stand({names_[sent.table], own ? 0 : partition, key}, reader.next().int64(),
            Place{partition, offset}, std::move(text));
    }
    ASSERT_TRUE(reader.done());
  }
  [[nodiscard]] bool fails_now() {
    const std::lock_guard lock(mutex_);
    return ++requests_ % 5 == 2;
  }
  [[nodiscard]] Rows rows(const std::string& table) const {
    const std::lock_guard lock(mutex_);
    const auto found = rows_.find(table);
    return found == rows_.end() ? Rows() : Rows(found->second.begin(), found->second.end());
  }

  [[nodiscard]] std::unique_ptr<Sink> open_sink(const StoreSpec& store) {
    {
      const std::lock_guard lock(mutex_);
      names_.clear();
      for (const TableSpec& table : store.tables) names_.push_back(table.declared_as);
    }
    auto writer = std::make_unique<FakeWriter>();
    writer->answer_with([this](const FakeWriter::Sent& sent) -> std::optional<Error> {
      if (fails_now()) return Error{ErrorKind::transient, "a node is away"};
      take(sent);
      return std::nullopt;
    });
    return std::make_unique<CassandraSink>(
        std::move(writer),
        CassandraSinkOptions{.tables = store.sink_tables(),
                             .backoff = {.first = Millis(1), .limit = Millis(2)}});
  }

 private:
  using Key = std::tuple<std::string, PartitionId, std::string>;  // Begins with the table.
  // The record whose row has a key now; of a deletion no place.
  struct Standing {
    int64_t write_time_us = kNoWriteTime;
    std::optional<Place> place;
  };

  void stand(const Key& key, int64_t write_time_us, std::optional<Place> place, std::string text) {
    const auto [found, first] = standing_.try_emplace(key, Standing{write_time_us, place});
    Standing& standing = found->second;
    std::map<Place, std::string>& rows = rows_[std::get<0>(key)];
    if (!first) {
      ASSERT_TRUE(standing.place == place || write_time_us != standing.write_time_us)
          << "two records of " << std::get<2>(key) << " tie";
      if (write_time_us < standing.write_time_us) return;
      if (standing.place) rows.erase(*standing.place);
      standing = {write_time_us, place};
    }
    if (place) rows[*place] = std::move(text);
  }

  const Keys keys_;
  mutable std::mutex mutex_;
  std::vector<std::string> names_;  // By the table's number in the store.
  std::map<std::string, std::map<Place, std::string>> rows_;  // By table.
  std::map<Key, Standing> standing_;
  int requests_ = 0;
};

inline Rows rows_in_sqlite(const std::string& path, const std::string& table) {
  Rows rows;
  if (::access(path.c_str(), F_OK) != 0) return rows;
  auto db = sqlite::Database::open("", sqlite::Database::Mode::memory);
  const Status attached = db->attach_read_only(path, "there");
  EXPECT_TRUE(attached) << attached.error().message;
  auto select = db->prepare(
      "SELECT id, song, artist, kafka_partition, kafka_offset FROM there." + table);
  EXPECT_TRUE(select) << select.error().message;
  while (select && select->step().value())
    rows.emplace(Place{static_cast<PartitionId>(select->int64(3)), select->int64(4)},
                 fmt::format("{}|{}|{}", select->int64(0), select->text(1), select->text(2)));
  return rows;
}

// What the console shows: "|3    |song 3|artist 3|0              |3           |", and before each
// batch "Batch: 0", or "Batch: 0, history" where there are several tables.
inline Rows rows_on_console(const std::string& path, const std::string& table) {
  Rows rows;
  std::ifstream file(path);
  bool shown = true;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Batch: "))
      shown = line.find(',') == std::string::npos || line.ends_with(", " + table);
    if (!shown || !line.starts_with('|')) continue;
    std::vector<std::string> cells;
    for (const std::string_view cell : split(std::string_view(line).substr(1), '|'))
      cells.emplace_back(trim(cell));
    if (cells.size() < 5 || cells[0] == "id") continue;
    rows.emplace(Place{std::stoi(cells[3]), std::stoll(cells[4])},
                 fmt::format("{}|{}|{}", cells[0], cells[1], cells[2]));
  }
  return rows;
}

// How a process ends before its input does.
enum class End { end, stop, kill };

// Where a process is killed: between two things of which the world outside may see the first alone.
enum class Moment {
  decode,
  before_submit,
  after_submit,
  reap,  // Outcomes are known outside, and not to the lane.
  keep_positions,
  before_letters,
  after_letters,
  store,
  commit
};
inline constexpr Moment kMoments[] = {
    Moment::decode,         Moment::before_submit, Moment::after_submit, Moment::reap,
    Moment::before_letters, Moment::after_letters, Moment::store,        Moment::commit,
    Moment::keep_positions};  // The last: of sinks alone that keep positions.
inline const char* name_of(Moment moment) {
  constexpr const char* kNames[] = {"decode", "before submit",  "after submit",  "reap", "keep positions",
                                    "before letters", "after letters", "store", "commit"};
  return kNames[static_cast<size_t>(moment)];
}

// The lane's thread is left in the middle of things: nothing is finished, nothing committed.
struct Killed {};

// Shared by the lanes of a process: they begin when each has its partitions, and the process ends in
// the middle of its records. Thread-safe.
class Ending {
 public:
  Ending(End how, Moment at, uint64_t records, unsigned lanes, StopToken& stop)
      : how_(how), at_(at), all_(records), after_(records / 2), lanes_(lanes), stop_(stop) {}

  // A lane has so many partitions now. Those of several lanes move while the lanes join, and what is
  // read then is read again where the group takes no commit: a lane waits until nobody joins.
  void owns(size_t lane, size_t partitions) {
    const std::lock_guard lock(mutex_);
    owned_[lane] = partitions;
    const auto has_one = [](const auto& entry) { return entry.second > 0; };
    if (owned_.size() == lanes_ && std::all_of(owned_.begin(), owned_.end(), has_one))
      joined_ = true;
  }
  [[nodiscard]] bool joined() const { return joined_ || lanes_ == 1; }

  // Some things are done only when a run ends, so one that is not killed before that is to end.
  void saw(size_t records) {
    const uint64_t seen = records_.fetch_add(records) + records;
    if (how_ != End::end && seen > (how_ == End::stop ? after_ : all_ - 1)) stop_.request();
  }
  // Throws where the process is killed here, or has been killed on another thread. Never inside a
  // callback of librdkafka's, through which nothing can be thrown.
  void here(Moment moment) {
    if (how_ != End::kill || inside_source()) return;
    if (moment == at_ && records_ > after_) killed_ = true;
    if (!killed_) return;
    stop_.request();
    throw Killed();
  }
  [[nodiscard]] bool killed() const { return killed_; }
  // Whether this thread is in a call of the source's, which may call back.
  static bool& inside_source() {
    thread_local bool inside = false;
    return inside;
  }

 private:
  const End how_;
  const Moment at_;
  const uint64_t all_;
  const uint64_t after_;
  const unsigned lanes_;
  StopToken& stop_;
  std::mutex mutex_;
  std::map<size_t, size_t> owned_;  // Partitions, by lane.
  std::atomic<bool> joined_{false};
  std::atomic<uint64_t> records_{0};
  std::atomic<bool> killed_{false};
};

// The lane's parts, each of which may be where it ends.
class EndingDecoder final : public Decoder {
 public:
  EndingDecoder(std::unique_ptr<Decoder> inner, Ending& ending)
      : inner_(std::move(inner)), ending_(ending) {}
  void decode(const RecordBatch& batch, std::span<Column> columns, Selection& alive,
              Rejects& rejects) override {
    ending_.saw(batch.size());
    ending_.here(Moment::decode);
    inner_->decode(batch, columns, alive, rejects);
  }

 private:
  std::unique_ptr<Decoder> inner_;
  Ending& ending_;
};

class EndingSink final : public Sink {
 public:
  EndingSink(std::unique_ptr<Sink> inner, Ending& ending)
      : inner_(std::move(inner)), ending_(ending) {}
  [[nodiscard]] Status submit(RowBatches& rows) override {
    ending_.here(Moment::before_submit);
    RETURN_IF_ERROR(inner_->submit(rows));
    ending_.here(Moment::after_submit);
    return {};
  }
  [[nodiscard]] Result<Acks> reap(Millis wait) override {
    ASSIGN_OR_RETURN(const Acks acks, inner_->reap(wait));
    for (const auto& tables : {acks.written, acks.deleted})
      for (const std::vector<Origin>& table : tables)
        if (!table.empty()) ending_.here(Moment::reap);
    return acks;
  }
  [[nodiscard]] Status keep_positions(std::span<const Position> positions) override {
    RETURN_IF_ERROR(inner_->keep_positions(positions));
    ending_.here(Moment::keep_positions);
    return {};
  }
  [[nodiscard]] bool full() const override { return inner_->full(); }
  [[nodiscard]] bool busy() const override { return inner_->busy(); }
  [[nodiscard]] size_t in_flight() const override { return inner_->in_flight(); }
  [[nodiscard]] int wait_fd() const override { return inner_->wait_fd(); }
  void accompany(Accompaniment positions) override { inner_->accompany(std::move(positions)); }
  [[nodiscard]] Status give_back(std::span<const PartitionId> partitions) override {
    return inner_->give_back(partitions);
  }
  [[nodiscard]] std::optional<Position> kept_position(PartitionId partition) const override {
    return inner_->kept_position(partition);
  }
  [[nodiscard]] bool keeps_positions() const override { return inner_->keeps_positions(); }
  [[nodiscard]] int64_t highest_write_time() const override { return inner_->highest_write_time(); }
  [[nodiscard]] Status keep_positions_of(const std::string& topic_id) override {
    return inner_->keep_positions_of(topic_id);
  }
  [[nodiscard]] std::string name() const override { return inner_->name(); }

 private:
  std::unique_ptr<Sink> inner_;
  Ending& ending_;
};

class EndingLetters final : public DeadLetters {
 public:
  EndingLetters(std::unique_ptr<DeadLetters> inner, Ending& ending)
      : inner_(std::move(inner)), ending_(ending) {}
  void add(const RecordBatch& batch, std::span<const Reject> faults) override {
    inner_->add(batch, faults);
  }
  [[nodiscard]] Status flush() override {
    ending_.here(Moment::before_letters);
    RETURN_IF_ERROR(inner_->flush());
    ending_.here(Moment::after_letters);
    return {};
  }
  [[nodiscard]] Status still_there() override { return inner_->still_there(); }
  void let_go() override { inner_->let_go(); }
  [[nodiscard]] size_t pending_bytes() const override { return inner_->pending_bytes(); }
  [[nodiscard]] bool keeps() const override { return inner_->keeps(); }
  [[nodiscard]] std::string name() const override { return inner_->name(); }

 private:
  std::unique_ptr<DeadLetters> inner_;
  Ending& ending_;
};

// The lane as its source sees it, and how many partitions it has.
class JoiningLane final : public AssignmentListener {
 public:
  JoiningLane(AssignmentListener& inner, size_t number, Ending& ending)
      : inner_(&inner), number_(number), ending_(ending) {}
  // The lane is no more; its source may still have something to say.
  void let_go() { inner_ = nullptr; }

  void on_assigned(std::span<const PartitionId> partitions) override {
    if (inner_ == nullptr) return;
    inner_->on_assigned(partitions);
    ending_.owns(number_, owned_ += partitions.size());
  }
  void on_revoked(std::span<const PartitionId> partitions, bool lost) override {
    if (inner_ == nullptr) return;
    inner_->on_revoked(partitions, lost);
    ending_.owns(number_, owned_ -= partitions.size());
  }
  void on_passed(PartitionId partition, Offset next) override {
    if (inner_ != nullptr) inner_->on_passed(partition, next);
  }
  void on_write_time(PartitionId partition, int64_t last_us) override {
    if (inner_ != nullptr) inner_->on_write_time(partition, last_us);
  }
  [[nodiscard]] bool keeps_positions() const override {
    return inner_ != nullptr && inner_->keeps_positions();
  }
  [[nodiscard]] std::optional<Position> kept_position(PartitionId partition) const override {
    return inner_ == nullptr ? std::nullopt : inner_->kept_position(partition);
  }

 private:
  AssignmentListener* inner_;
  const size_t number_;
  Ending& ending_;
  size_t owned_ = 0;
};

// A source that outlives its lane, so that a killed process leaves its group: the next one need not
// wait until sessions time out, and librdkafka does not wait for an answer to a rebalance that
// nobody gives any more. What a lane has not stored is not committed by that.
class EndingSource final : public Source {
 public:
  EndingSource(std::shared_ptr<Source> inner, Ending& ending)
      : inner_(std::move(inner)), ending_(ending) {}
  [[nodiscard]] Result<RecordBatch> poll(size_t limit, Millis wait) override {
    const Inside inside;
    if (ending_.joined()) return inner_->poll(limit, wait);
    RETURN_IF_ERROR(inner_->keep_alive());
    return RecordBatch();
  }
  [[nodiscard]] Status keep_alive() override {
    const Inside inside;
    return inner_->keep_alive();
  }
  void store(PartitionId partition, Offset next) override {
    ending_.here(Moment::store);
    inner_->store(partition, next);
  }
  [[nodiscard]] Status commit() override {
    ending_.here(Moment::commit);
    const Inside inside;
    return inner_->commit();
  }
  [[nodiscard]] Status close() override {
    const Inside inside;
    return inner_->close();
  }
  void note_write_time(PartitionId partition, int64_t last_us) override {
    inner_->note_write_time(partition, last_us);
  }
  [[nodiscard]] bool at_end() const override { return inner_->at_end(); }
  [[nodiscard]] int64_t lag() const override { return inner_->lag(); }
  [[nodiscard]] int64_t lost() const override { return inner_->lost(); }
  [[nodiscard]] int wait_fd() const override { return inner_->wait_fd(); }
  [[nodiscard]] std::string name() const override { return inner_->name(); }

 private:
  struct Inside {
    Inside() { Ending::inside_source() = true; }
    ~Inside() { Ending::inside_source() = false; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
  };

  std::shared_ptr<Source> inner_;
  Ending& ending_;
};

// A folder that is gone at the end.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(testing::TempDir() + fmt::format("matrix_{}_{}", ::getpid(), name)) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directory(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  const std::string path_;
};

}  // namespace turntable::matrix
