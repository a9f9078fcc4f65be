// Where rows go: one store, such as an SQLite file or a Cassandra cluster, with all the tables of
// it that a pipeline writes. A table is known by its number in the store. A sink belongs to one
// lane and is called by its thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "row/position.h"
#include "row/row_batch.h"
#include "row/types.h"

namespace turntable {

// What became of rows since the last call. Views are valid until the next call on the sink.
struct Acks {
  // Durable, as the sink understands it; by table.
  std::span<const std::vector<Origin>> written;
  struct Refused {
    Origin origin;
    uint32_t table = 0;
    std::string reason;
    RowKind kind = RowKind::write;
  };
  std::span<const Refused>
      refused;  // Rows that the sink will never take; their neighbours are not concerned.
  // As `written`, of deletions: the rows of their keys are gone, or had gone before.
  std::span<const std::vector<Origin>> deleted = {};

  // What it has to say of one table, where it has anything.
  [[nodiscard]] std::span<const Origin> written_in(size_t table) const {
    return table < written.size() ? std::span<const Origin>(written[table])
                                  : std::span<const Origin>();
  }
  [[nodiscard]] std::span<const Origin> deleted_in(size_t table) const {
    return table < deleted.size() ? std::span<const Origin>(deleted[table])
                                  : std::span<const Origin>();
  }
};

// The origins of rows that a sink has taken, by table, for its Acks.
struct TakenRows {
  explicit TakenRows(size_t tables = 0) : written(tables), deleted(tables) {}

  std::vector<std::vector<Origin>> written;
  std::vector<std::vector<Origin>> deleted;

  void resize(size_t tables) {
    written.resize(tables);
    deleted.resize(tables);
  }
  void add(uint32_t table, RowKind kind, const Origin& origin) {
    (kind == RowKind::write ? written : deleted)[table].push_back(origin);
  }
  // Rows [begin, end) of the batch.
  void add(uint32_t table, const RowBatch& rows, size_t begin, size_t end) {
    if (rows.kinds.empty()) {
      const auto from = rows.origins.begin();
      written[table].insert(written[table].end(), from + static_cast<std::ptrdiff_t>(begin),
                            from + static_cast<std::ptrdiff_t>(end));
      return;
    }
    for (size_t row = begin; row < end; ++row) add(table, rows.kind(row), rows.origins[row]);
  }
  void append(const TakenRows& other) {
    for (size_t table = 0; table < written.size(); ++table) {
      written[table].insert(written[table].end(), other.written[table].begin(),
                            other.written[table].end());
      deleted[table].insert(deleted[table].end(), other.deleted[table].begin(),
                            other.deleted[table].end());
    }
  }
  [[nodiscard]] size_t size() const {
    size_t rows = 0;
    for (const auto* tables : {&written, &deleted})
      for (const std::vector<Origin>& origins : *tables) rows += origins.size();
    return rows;
  }
  void clear() {
    for (auto* tables : {&written, &deleted})
      for (std::vector<Origin>& origins : *tables) origins.clear();
  }
};

// Positions that are kept in the transaction of a batch of rows.
struct Accompaniment {
  // These hold whatever becomes of the rows. With them go the write times that were given.
  std::vector<Position> in_any_case = {};
  // These hold if all rows are written: a refused one has no outcome before its dead letter.
  std::vector<Position> if_all_written = {};

  [[nodiscard]] bool empty() const { return in_any_case.empty() && if_all_written.empty(); }
};

// How often a sink had to try again, by the reason. Never less than before.
struct SinkTries {
  uint64_t transient = 0;   // The store was away, or refused for a reason that passes.
  uint64_t overloaded = 0;  // It said that it was too much, or did not answer in time.

  SinkTries& operator+=(const SinkTries& other) {
    transient += other.transient;
    overloaded += other.overloaded;
    return *this;
  }
};

// How much is out at once: requests, or rows where a sink has no requests.
struct SinkWindow {
  size_t used = 0;
  size_t allowed = 0;  // 0: it has no bound of its own.
};

class Sink {
 public:
  virtual ~Sink() = default;

  // Takes all rows and leaves the batches empty (their memory may have been exchanged). Call only
  // while !full(). Does not wait for the network. An error means that the pipeline must stop: no
  // row of these is acknowledged.
  [[nodiscard]] virtual Status submit(RowBatches& rows) = 0;

  // True while so much is unsent that the lane must not submit more: once it has a flush's worth of
  // rows, it stops reading.
  [[nodiscard]] virtual bool full() const = 0;

  // True while so much is on its way that rows which came now would only wait there: they cost less
  // if they are submitted together with those that follow.
  [[nodiscard]] virtual bool busy() const { return false; }

  // Sends what is due and collects outcomes, waiting up to `wait` for the first. What is transient
  // is retried inside, without end and with backoff. An error means that the pipeline must stop;
  // unacknowledged rows stay so.
  [[nodiscard]] virtual Result<Acks> reap(Millis wait) = 0;

  // Rows taken and not yet reported.
  [[nodiscard]] virtual size_t in_flight() const = 0;

  // Readable when reap() has something to report; -1 where submit() completes everything at once.
  [[nodiscard]] virtual int wait_fd() const = 0;

  // Sinks with transactions also keep the source's positions, in the same transaction as the rows.
  // Stores these positions in the transaction of the next submit().
  virtual void accompany([[maybe_unused]] Accompaniment positions) {}
  // The partitions were revoked. Drops their positions that still wait for a transaction: the next
  // owner of a partition reads on at the position that is stored now, and one that was stored later
  // would skip the records that this owner has not finished. May wait for the transaction that
  // runs. Errors as those of reap().
  [[nodiscard]] virtual Status give_back([[maybe_unused]] std::span<const PartitionId> partitions) {
    return {};
  }
  // Keeps positions for which no row came; those that are kept already cost nothing, and no
  // position moves back. Call only where keeps_positions(), and while !full(). An error of kind
  // transient may be tried again.
  [[nodiscard]] virtual Status keep_positions(std::span<const Position>) { return {}; }
  [[nodiscard]] virtual std::optional<Position> kept_position(PartitionId) const {
    return std::nullopt;
  }
  [[nodiscard]] virtual bool keeps_positions() const { return false; }
  // Of a sink that would keep positions if it were a pipeline's only one: by what it is known
  // again, under whatever name. Without blanks or commas; empty: by nothing.
  [[nodiscard]] virtual std::string id() const { return ""; }
  // The highest write time of the rows that are there, as far as the sink keeps it: rows of later
  // records need higher ones. kNoWriteTime where it knows none.
  [[nodiscard]] virtual int64_t highest_write_time() const { return kNoWriteTime; }
  // The id of the topic whose positions come, before the first of them. An Error of kind failed
  // where those that are kept belong to another topic of its name: it was deleted and made anew.
  [[nodiscard]] virtual Status keep_positions_of([[maybe_unused]] const std::string& topic_id) {
    return {};
  }

  // What people may see of it. Why it tries again now, in a sentence; empty where all is well.
  [[nodiscard]] virtual SinkTries tries() const { return {}; }
  [[nodiscard]] virtual SinkWindow window() const { return {in_flight(), 0}; }
  [[nodiscard]] virtual std::string trouble() const { return {}; }

  // "spotify.listening_history", "spotify (3 tables)", a file's path, "the console": for messages.
  [[nodiscard]] virtual std::string name() const = 0;
};

}  // namespace turntable
