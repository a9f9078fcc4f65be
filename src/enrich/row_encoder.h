// Writes the rows of one INSERT: cells that are computed for each record, and cells that lie ready
// for the catalogue's row that the record found.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "enrich/enrich_plan.h"
#include "row/column.h"
#include "row/reject.h"
#include "row/row_batch.h"
#include "sql/evaluator.h"

namespace turntable {

// By probe: for each record of a batch, the catalogue's row that it found.
using Matches = std::vector<std::vector<uint32_t>>;

// One thread; memory is kept from batch to batch.
class RowEncoder {
 public:
  // What it is given must outlive it, and stay where it is.
  RowEncoder(const EnrichPlan& plan, size_t insert, const Matches& matches,
             const sql::Evaluator& evaluator);

  // Rejects the records that found a row whose ready cells do not fit the sink's columns.
  void reject_unfit(Selection& alive, Rejects& rejects) const;

  // Weighs the rows of the records in `alive`, for which all outputs were computed, and the
  // deletions of those in `deletions`, for which EnrichPlan::deletion_outputs() were: the bytes of
  // all of them. Those that cannot become a row leave it and are rejected. `write_times` are the
  // batch's, where rows have them.
  [[nodiscard]] uint64_t weigh(const Column& write_times, Selection& alive, Selection& deletions,
                               Rejects& rejects);
  // Appends what was weighed, in the order of the records.
  void append(const Column& write_times, std::span<const Origin> origins, const Selection& alive,
              const Selection& deletions, RowBatch& out);

 private:
  // How one stretch of the sink's columns is made: by copying a run, or by encoding one column.
  struct Segment {
    const ReadyCells* ready = nullptr;               // Where it is copied: whose run,
    const std::vector<uint32_t>* matches = nullptr;  // the rows that were found,
    size_t run = 0;                                  // and the run's number.
    size_t output = 0;                               // Else: the output's number,
    const Column* column = nullptr;                  // and its values, valid after evaluation.
  };

  void reject_failed(std::span<const sql::NodeId> nodes, Selection& alive, Rejects& rejects) const;
  void reject_null_keys(size_t output, Selection& alive, Rejects& rejects) const;
  void reject_ttls(const Segment& segment, Selection& alive, Rejects& rejects) const;
  void weigh_rows(const Column& write_times, Selection& alive, Rejects& rejects);
  void reject_large(std::vector<uint64_t>& sizes, Selection& alive, Rejects& rejects) const;
  void weigh_deletions(const Column& write_times, Selection& deletions, Rejects& rejects);
  void make_places(std::span<const Origin> origins, const Selection& alive,
                   const Selection& deletions, RowBatch& out);
  void write_rows(const Column& write_times, const Selection& alive);
  void write_deletions(const Column& write_times, const Selection& deletions);
  void copy_run(const Segment& segment, const Selection& alive);

  const uint32_t insert_;
  const sql::InsertProgram& program_;
  const RowForm form_;
  const sql::Evaluator& evaluator_;
  std::vector<Segment> segments_;
  std::vector<sql::NodeId> computed_;  // The outputs that are not copied.
  std::vector<bool> key_outputs_;
  std::vector<bool> deletion_outputs_;
  std::vector<sql::NodeId> deletion_nodes_;  // Of those outputs.
  // Of the ready cells that are copied, each once.
  std::vector<std::pair<const ReadyCells*, const std::vector<uint32_t>*>> ready_;

  uint64_t bytes_ = 0;  // Of all that was weighed.
  // Of the rows that are being written, by their place in the selection.
  std::vector<uint64_t> sizes_;
  std::vector<char*> places_;
  // The same of the deletions.
  std::vector<uint64_t> deletion_sizes_;
  std::vector<char*> deletion_places_;
};

}  // namespace turntable
