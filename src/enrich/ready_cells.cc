#include "enrich/ready_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <numeric>
#include <thread>

#include "row/cell.h"
#include "sql/evaluator.h"

namespace turntable {

std::vector<ReadyCells::Run> lookup_runs(const sql::Plan& plan, uint32_t table) {
  std::vector<ReadyCells::Run> runs;
  const auto ready = [&](size_t output) {
    return plan.nodes[plan.outputs[output].node].tables == 1U << table;
  };
  for (size_t i = 0; i < plan.outputs.size(); ++i) {
    if (!ready(i)) continue;
    if (runs.empty() || runs.back().last != i) runs.push_back({i, i});
    runs.back().last = i + 1;
  }
  return runs;
}

// Makes blocks, one after another. One thread's.
class ReadyCells::Maker {
 public:
  Maker(const sql::Plan& plan, uint32_t table, const Catalogue& catalogue,
        const std::vector<bool>& key_outputs, int32_t absent, const std::vector<Run>& runs)
      : plan_(plan),
        table_(table),
        catalogue_(catalogue),
        key_outputs_(key_outputs),
        absent_(absent),
        runs_(runs),
        sizes_(runs.size()),
        places_(runs.size()),
        tables_(plan.lookups.size() + 1),
        evaluator_(plan, outputs_of(plan, runs)) {
    tables_[table].columns = catalogue.columns();
  }

  // The block that begins with row `first`.
  Block make(uint32_t first) {
    Block block;
    const auto end =
        static_cast<uint32_t>(std::min<size_t>(catalogue_.rows(), size_t{first} + kBlockRows));
    block.ends.reserve(size_t{end - first} * runs_.size());
    for (uint32_t at = first; at < end; at += kBatchRows)
      add(block, at, std::min(end, at + kBatchRows));
    block.bytes.shrink_to_fit();
    return block;
  }

  // Of all rows so far, by the catalogue's numbers.
  [[nodiscard]] Rejects& rejects() { return rejects_; }

 private:
  // As many as a batch of events has: what is computed for them stays in the cache.
  static constexpr uint32_t kBatchRows = 2'048;

  static std::vector<sql::NodeId> outputs_of(const sql::Plan& plan, const std::vector<Run>& runs) {
    std::vector<sql::NodeId> wanted;
    for (const Run& run : runs)
      for (size_t i = run.first; i < run.last; ++i) wanted.push_back(plan.outputs[i].node);
    return wanted;
  }

  // The same evaluator that serves events computes on the catalogue, batch by batch.
  void add(Block& block, uint32_t first, uint32_t end) {
    const size_t rows = end - first;
    rows_.resize(rows);
    std::iota(rows_.begin(), rows_.end(), first);
    tables_[table_].rows = rows_.data();
    alive_.resize(rows);
    std::iota(alive_.begin(), alive_.end(), 0U);
    const size_t rejects_before = rejects_.size();
    evaluator_.evaluate(tables_, rows, alive_, rejects_);
    for (size_t i = rejects_before; i < rejects_.size(); ++i) {
      rejects_[i].row += first;
      rejects_[i].reason = fmt::format("the row of {} that matches: {}",
                                       plan_.lookups[table_ - 1].table, rejects_[i].reason);
    }
    for (size_t run = 0; run < runs_.size(); ++run) weigh(run, first);
    make_room(block, rows);
    for (size_t run = 0; run < runs_.size(); ++run)
      for (size_t i = runs_[run].first; i < runs_[run].last; ++i)
        write_cells(value(i), alive_, absent_, places_[run]);
  }

  void weigh(size_t run, uint32_t first) {
    sizes_[run].assign(alive_.size(), 0);
    for (size_t i = runs_[run].first; i < runs_[run].last; ++i) {
      add_cell_sizes(value(i), alive_, sizes_[run]);
      if (!key_outputs_[i]) continue;
      for (const uint32_t row : alive_) {
        if (!value(i).is_null(row)) continue;
        rejects_.push_back({first + row, RejectCode::null_key,
                            fmt::format("the row of {} that matches has NULL for the key column {}",
                                        plan_.lookups[table_ - 1].table, plan_.outputs[i].name)});
      }
    }
  }

  // Sets the ends of all rows' runs, where rejected rows have nothing, and the places of the
  // others.
  void make_room(Block& block, size_t rows) {
    const size_t begin = block.bytes.size();
    size_t end = begin;
    for (size_t row = 0, k = 0; row < rows; ++row) {
      const bool usable = k < alive_.size() && alive_[k] == row;
      for (size_t run = 0; run < runs_.size(); ++run)
        block.ends.push_back(end += usable ? sizes_[run][k] : 0);
      if (usable) ++k;
    }
    block.bytes.resize(end);
    for (auto& places : places_) places.clear();
    for (size_t k = 0, at = begin; k < alive_.size(); ++k) {
      for (size_t run = 0; run < runs_.size(); at += sizes_[run++][k])
        places_[run].push_back(block.bytes.data() + at);
    }
  }

  [[nodiscard]] const Column& value(size_t output) const {
    return evaluator_.result(plan_.outputs[output].node);
  }

  const sql::Plan& plan_;
  const uint32_t table_;
  const Catalogue& catalogue_;
  const std::vector<bool>& key_outputs_;
  const int32_t absent_;
  const std::vector<Run>& runs_;
  Rejects rejects_;

  // Of the batch at hand; sizes and places by run, then by place in alive_.
  std::vector<uint32_t> rows_;
  Selection alive_;
  std::vector<std::vector<uint64_t>> sizes_;
  std::vector<std::vector<char*>> places_;
  std::vector<sql::TableInput> tables_;
  sql::Evaluator evaluator_;
};

std::shared_ptr<const ReadyCells> ReadyCells::make(const sql::Plan& plan, uint32_t table,
                                                   const Catalogue& catalogue,
                                                   const std::vector<bool>& key_outputs,
                                                   int32_t absent) {
  auto ready = std::make_shared<ReadyCells>();
  ready->runs_ = lookup_runs(plan, table);
  if (ready->runs_.empty()) return ready;

  ready->blocks_.resize((catalogue.rows() + kBlockRows - 1) / kBlockRows);
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    Maker maker(plan, table, catalogue, key_outputs, absent, ready->runs_);
    for (size_t i = next++; i < ready->blocks_.size(); i = next++)
      ready->blocks_[i] = maker.make(static_cast<uint32_t>(i * kBlockRows));
    return std::move(maker.rejects());
  };
  const size_t threads =
      std::min<size_t>(std::max(1U, std::thread::hardware_concurrency()), ready->blocks_.size());
  std::vector<std::future<Rejects>> others;
  for (size_t i = 1; i < threads; ++i) others.push_back(std::async(std::launch::async, work));
  // A row's first reject counts; all of a row's are one maker's.
  const auto keep = [&ready](Rejects rejects) {
    for (Reject& reject : rejects) ready->rejects_.emplace(reject.row, std::move(reject));
  };
  keep(work());
  for (auto& other : others) keep(other.get());
  return ready;
}

}  // namespace turntable
