// Ready cells: what a lookup's rows contribute to a sink's row, turned into cells once, when the
// catalogue is loaded. Per event the join is then a probe and a copy.
//
// The sink's columns are split into runs. A run of neighbouring columns that need only the lookup
// is kept as one block of bytes per catalogue row; every other column is encoded per event.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalogue/catalogue.h"
#include "row/cell.h"
#include "row/reject.h"
#include "sql/plan.h"

namespace turntable {

// One catalogue's. Immutable; lanes share it.
class ReadyCells {
 public:
  // For every run, the outputs [first, last) of the plan that need nothing but lookup number
  // `table` (from 1).
  struct Run {
    size_t first = 0;
    size_t last = 0;
  };

  // `key_outputs` are the outputs of the sink's key, which must not be NULL; `absent` stands for
  // NULL in the others. Works on all processors.
  [[nodiscard]] static std::shared_ptr<const ReadyCells> make(const sql::Plan& plan, uint32_t table,
                                                              const Catalogue& catalogue,
                                                              const std::vector<bool>& key_outputs,
                                                              int32_t absent = kNullCell);

  [[nodiscard]] const std::vector<Run>& runs() const { return runs_; }

  // The cells of run number `run` for the catalogue's row.
  [[nodiscard]] std::string_view cells(uint32_t row, size_t run) const {
    const Block& block = blocks_[row / kBlockRows];
    const size_t at = size_t{row % kBlockRows} * runs_.size() + run;
    const uint64_t begin = at == 0 ? 0 : block.ends[at - 1];
    return {block.bytes.data() + begin, static_cast<size_t>(block.ends[at] - begin)};
  }

  // Why no event can become a row with this catalogue row, or null: a value does not fit the sink's
  // column.
  [[nodiscard]] const Reject* reject(uint32_t row) const {
    if (rejects_.empty()) return nullptr;
    const auto found = rejects_.find(row);
    return found == rejects_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] size_t rejected_rows() const { return rejects_.size(); }

 private:
  // What one processor makes at a time.
  static constexpr uint32_t kBlockRows = 1U << 16;
  struct Block {
    std::string bytes;
    std::vector<uint64_t> ends;  // By row, then by run.
  };
  class Maker;

  std::vector<Run> runs_;
  std::vector<Block> blocks_;
  std::unordered_map<uint32_t, Reject> rejects_;
};

// The runs of a plan's outputs that need exactly lookup number `table`.
[[nodiscard]] std::vector<ReadyCells::Run> lookup_runs(const sql::Plan& plan, uint32_t table);

}  // namespace turntable
