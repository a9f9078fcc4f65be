// Ready cells: what a lookup's rows contribute to a sink's row, turned into cells once, when the
// catalogue is loaded. Per record the join is then a probe and a copy.
//
// The sink's columns are split into runs. A run of neighbouring columns that need only the lookup
// is kept as one block of bytes per catalogue row; every other column is encoded per record. The
// catalogue's null_row() has such cells too, so that a LEFT JOIN without a match is a copy as well.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
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

// For one INSERT and one probe. Immutable once made; lanes share it.
class ReadyCells {
 public:
  // For every run, the outputs [first, last) of the INSERT that need nothing but the probe's
  // lookup.
  struct Run {
    size_t first = 0;
    size_t last = 0;
  };

  // Makes them while the catalogue is loaded.
  class Maker;

  [[nodiscard]] const std::vector<Run>& runs() const { return runs_; }

  // The cells of run number `run` for the catalogue's row, of which there must be runs, and which
  // must not be rejected.
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

  std::vector<Run> runs_;
  // By row: the ends of its runs, then their cells.
  std::unique_ptr<const char*[]> places_;
  std::vector<Arena> bytes_;
  std::unordered_map<uint32_t, Reject> rejects_;
  size_t rejected_rows_ = 0;
};

// Load the catalogue with it, then take what it made.
class ReadyCells::Maker final : public RowVisitor {
 public:
  // `key_outputs` are the outputs of the sink's key, which must not be NULL; `form` is that of
  // the INSERT's rows. The program must outlive it.
  Maker(const sql::Program& program, size_t insert, size_t probe, std::vector<bool> key_outputs,
        const RowForm& form);
  ~Maker() override;

  void begin(size_t rows, size_t workers) override;
  void visit(size_t worker, uint32_t first, std::span<const Column> columns,
             const Selection& rows) override;
  void visit_null_row(uint32_t row, std::span<const Column> columns) override;

  [[nodiscard]] std::shared_ptr<const ReadyCells> take();

 private:
  class Worker;

  const sql::Program& program_;
  const std::vector<sql::Output>& outputs_;  // The INSERT's.
  const size_t probe_;
  const std::vector<bool> key_outputs_;
  const RowForm form_;
  std::shared_ptr<ReadyCells> ready_;
  std::vector<std::unique_ptr<Worker>> workers_;
  bool null_row_rejected_ = false;
};

// The runs of an INSERT's outputs that need exactly the probe's lookup, and give the same value
// whenever they are computed.
[[nodiscard]] std::vector<ReadyCells::Run> lookup_runs(const sql::Program& program, size_t insert,
                                                       size_t probe);

}  // namespace turntable
