// Ready cells: what a lookup's rows contribute to a sink's row, turned into cells once, when the
// catalogue is loaded. Per event the join is then a probe and a copy.
//
// The sink's columns are split into runs. A run of neighbouring columns that need only the lookup
// is kept as one block of bytes per catalogue row; every other column is encoded per event.
#pragma once

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
  // NULL in the others.
  [[nodiscard]] static std::shared_ptr<const ReadyCells> make(const sql::Plan& plan, uint32_t table,
                                                              const Catalogue& catalogue,
                                                              const std::vector<bool>& key_outputs,
                                                              int32_t absent = kNullCell);

  [[nodiscard]] const std::vector<Run>& runs() const { return runs_; }

  // The cells of run number `run` for the catalogue's row.
  [[nodiscard]] std::string_view cells(uint32_t row, size_t run) const {
    const size_t at = size_t{row} * runs_.size() + run;
    const uint64_t begin = at == 0 ? 0 : ends_[at - 1];
    return {bytes_.data() + begin, static_cast<size_t>(ends_[at] - begin)};
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
  std::vector<Run> runs_;
  std::string bytes_;
  std::vector<uint64_t> ends_;  // By row, then by run.
  std::unordered_map<uint32_t, Reject> rejects_;
};

// The runs of a plan's outputs that need exactly lookup number `table`.
[[nodiscard]] std::vector<ReadyCells::Run> lookup_runs(const sql::Plan& plan, uint32_t table);

}  // namespace turntable
