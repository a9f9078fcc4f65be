#include "enrich/ready_cells.h"

#include <fmt/format.h>

#include <numeric>

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

std::shared_ptr<const ReadyCells> ReadyCells::make(const sql::Plan& plan, uint32_t table,
                                                   const Catalogue& catalogue,
                                                   const std::vector<bool>& key_outputs,
                                                   int32_t absent) {
  auto ready = std::make_shared<ReadyCells>();
  ready->runs_ = lookup_runs(plan, table);
  if (ready->runs_.empty()) return ready;

  std::vector<sql::NodeId> wanted;
  for (const Run& run : ready->runs_)
    for (size_t i = run.first; i < run.last; ++i) wanted.push_back(plan.outputs[i].node);

  // The same evaluator that serves events computes on the catalogue as if it were one batch.
  std::vector<sql::TableInput> tables(plan.lookups.size() + 1);
  tables[table].columns = catalogue.columns();
  Selection alive(catalogue.rows());
  std::iota(alive.begin(), alive.end(), 0U);
  Rejects rejects;
  sql::Evaluator evaluator(plan, wanted);
  evaluator.evaluate(tables, catalogue.rows(), alive, rejects);

  for (Reject& reject : rejects) {
    reject.reason =
        fmt::format("the row of {} that matches: {}", plan.lookups[table - 1].table, reject.reason);
    ready->rejects_.emplace(reject.row, std::move(reject));
  }
  ready->ends_.reserve(catalogue.rows() * ready->runs_.size());
  size_t next_alive = 0;
  for (uint32_t row = 0; row < catalogue.rows(); ++row) {
    const bool usable = next_alive < alive.size() && alive[next_alive] == row;
    if (usable) ++next_alive;
    for (const Run& run : ready->runs_) {
      for (size_t i = run.first; usable && i < run.last; ++i) {
        const Column& column = evaluator.result(plan.outputs[i].node);
        append_cell(ready->bytes_, column, row, absent);
        if (key_outputs[i] && column.is_null(row)) {
          ready->rejects_.emplace(
              row, Reject{row, RejectCode::null_key,
                          fmt::format("the row of {} that matches has NULL for the key column {}",
                                      plan.lookups[table - 1].table, plan.outputs[i].name)});
        }
      }
      ready->ends_.push_back(ready->bytes_.size());
    }
  }
  return ready;
}

}  // namespace turntable
