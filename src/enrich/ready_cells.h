// Ready cells: what a lookup's rows contribute to a sink's row, turned into cells once, when the
// catalogue is loaded. Per record the join is then a probe and a copy.
//
// The sink's columns are split into runs. A run of neighbouring columns that need only the lookup
// is kept as one block of bytes per catalogue row; every other column is encoded per record. The
// catalogue's null_row() has such cells too, so that a LEFT JOIN without a match is a copy as well.
//
// INSERTs that need the same of a lookup have one block of bytes in common, wherever it stands in
// their rows and whatever their keys are. Which rows they cannot take is each one's own.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalogue/catalogue.h"
#include "row/arena.h"
#include "row/cell.h"
#include "row/reject.h"
#include "row/row_batch.h"
#include "sql/program.h"

namespace turntable {

// The outputs [first, last) of an INSERT, which need nothing but the probe's lookup, and give the
// same value whenever they are computed.
struct ReadyRun {
  size_t first = 0;
  size_t last = 0;
};

// All runs of an INSERT's outputs for a probe.
[[nodiscard]] std::vector<ReadyRun> lookup_runs(const sql::Program& program, size_t insert,
                                                size_t probe);

// What an INSERT needs of a probe's lookup.
struct ReadyUse {
  struct Part {
    sql::NodeId node = sql::kNoNode;
    std::string name;            // The output's.
    int32_t absent = kNullCell;  // Stands for NULL.
    bool key = false;            // Of the sink's key: it must not be NULL.
    bool ttl = false;            // The row's time to live.
  };
  std::vector<ReadyRun> runs;
  std::vector<Part> parts;  // The outputs of all runs, one behind the other.
  TimeUnit times = TimeUnit::micros;

  [[nodiscard]] std::vector<sql::NodeId> nodes() const;
};
// `key_outputs` are the outputs of the sink's key; `form` is that of the INSERT's rows.
[[nodiscard]] ReadyUse ready_use(const sql::Program& program, size_t insert, size_t probe,
                                 const std::vector<bool>& key_outputs, const RowForm& form);

// For one INSERT and one probe. Immutable once made; lanes share it.
class ReadyCells {
 public:
  // Makes them while the catalogue is loaded.
  class Maker;

  // There is at least one.
  [[nodiscard]] const std::vector<ReadyRun>& runs() const { return runs_; }

  // The cells of run number `run` for the catalogue's row, which must not be rejected.
  [[nodiscard]] std::string_view cells(uint32_t row, size_t run) const {
    const char* place = places_[row];
    const size_t begin = run == 0 ? runs_.size() * sizeof(End) : end_of(place, run - 1);
    return {place + begin, end_of(place, run) - begin};
  }

  // Brings the first cells of the row on their way to the processor.
  void prefetch(uint32_t row) const { __builtin_prefetch(places_[row]); }

  // Why no record can become a row with this catalogue row, or null: a value does not fit the
  // sink's column.
  [[nodiscard]] const Reject* reject(uint32_t row) const {
    if (rejects_.empty()) return nullptr;
    const auto found = rejects_.find(row);
    return found == rejects_.end() ? nullptr : &found->second;
  }
  // The null_row() is not counted.
  [[nodiscard]] size_t rejected_rows() const { return rejected_rows_; }
  [[nodiscard]] bool has_rejects() const { return !rejects_.empty(); }

 private:
  // Where a run's cells end, counted from the row's place.
  using End = uint32_t;
  static size_t end_of(const char* place, size_t run) {
    End end = 0;
    std::memcpy(&end, place + run * sizeof end, sizeof end);
    return end;
  }
  struct Shared {
    // By row: the ends of its runs, then their cells.
    std::unique_ptr<const char*[]> places;
    std::vector<Arena> bytes;
  };

  std::vector<ReadyRun> runs_;
  std::shared_ptr<const Shared> shared_;
  const char* const* places_ = nullptr;  // Those of shared_.
  std::unordered_map<uint32_t, Reject> rejects_;
  size_t rejected_rows_ = 0;
};

// Add who needs the cells, load the catalogue with it, then take what it made.
class ReadyCells::Maker final : public RowVisitor {
 public:
  // The program must outlive it.
  Maker(const sql::Program& program, size_t probe);
  ~Maker() override;

  // Whether the cells are the same, to the last byte, as those of the uses before.
  [[nodiscard]] bool makes_cells_of(const ReadyUse& use) const;
  // The first, or one for which makes_cells_of() is true. With a run at least.
  void add(ReadyUse use);

  void begin(size_t rows, size_t workers) override;
  void visit(size_t worker, uint32_t first, std::span<const Column> columns,
             const Selection& rows) override;
  void visit_null_row(uint32_t row, std::span<const Column> columns) override;

  // For the use that was added as this number.
  [[nodiscard]] std::shared_ptr<const ReadyCells> take(size_t use);

 private:
  class Worker;

  const sql::Program& program_;
  const size_t probe_;
  std::vector<ReadyUse> uses_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<uint32_t> null_row_;
};

}  // namespace turntable
