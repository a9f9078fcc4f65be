#include "enrich/ready_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <variant>

#include "base/text.h"
#include "enrich/ttl.h"
#include "row/cell.h"
#include "row/row_batch.h"
#include "sql/evaluator.h"
#include "sql/functions.h"

namespace turntable {
namespace {

bool is_volatile(const sql::Program& program, sql::NodeId node) {
  const std::vector<sql::NodeId> needed = program.needed_for({&node, 1});
  return std::any_of(needed.begin(), needed.end(), [&](sql::NodeId id) {
    const auto* call = std::get_if<sql::Call>(&program.nodes[id].what);
    return call != nullptr && call->function->is_volatile;
  });
}

}  // namespace

std::vector<ReadyCells::Run> lookup_runs(const sql::Program& program, size_t insert, size_t probe) {
  std::vector<ReadyCells::Run> runs;
  const std::vector<sql::Output>& outputs = program.inserts[insert].outputs;
  const auto ready = [&](size_t output) {
    const sql::NodeId node = outputs[output].node;
    return program.nodes[node].tables == uint32_t{2} << probe && !is_volatile(program, node);
  };
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!ready(i)) continue;
    if (runs.empty() || runs.back().last != i) runs.push_back({i, i});
    runs.back().last = i + 1;
  }
  return runs;
}

// One thread's.
class ReadyCells::Maker::Worker {
 public:
  Worker(const Maker& maker, ReadyCells& ready)
      : maker_(maker),
        ready_(ready),
        runs_(ready.runs_),
        sizes_(runs_.size()),
        places_(runs_.size()),
        tables_(maker.program_.probes.size() + 1),
        wanted_(nodes_of(maker.outputs_, runs_)),
        evaluator_(maker.program_, wanted_) {}

  void add(uint32_t first, std::span<const Column> columns, const Selection& rows) {
    tables_[maker_.probe_ + 1].columns = columns;
    for (size_t begin = 0; begin < rows.size(); begin += kBatchRows)
      add_batch(first + static_cast<uint32_t>(begin),
                std::span(rows).subspan(begin, std::min(kBatchRows, rows.size() - begin)));
  }

  void add_null_row(uint32_t row, std::span<const Column> columns) {
    null_row_ = true;
    add(row, columns, {0});
  }

  // Of all rows so far, by the catalogue's numbers.
  [[nodiscard]] Rejects& rejects() { return rejects_; }
  [[nodiscard]] Arena& bytes() { return bytes_; }

 private:
  // As many as a batch of events has: what is computed for them stays in the cache.
  static constexpr size_t kBatchRows = 2'048;

  static std::vector<sql::NodeId> nodes_of(const std::vector<sql::Output>& outputs,
                                           const std::vector<Run>& runs) {
    std::vector<sql::NodeId> wanted;
    for (const Run& run : runs)
      for (size_t i = run.first; i < run.last; ++i) wanted.push_back(outputs[i].node);
    return wanted;
  }

  // The same evaluator that serves records computes on the catalogue, batch by batch.
  void add_batch(uint32_t first, std::span<const uint32_t> rows) {
    tables_[maker_.probe_ + 1].rows = rows.data();
    alive_.resize(rows.size());
    std::iota(alive_.begin(), alive_.end(), 0U);
    const size_t rejects_before = rejects_.size();
    evaluator_.begin(tables_, rows.size());
    evaluator_.compute_all(alive_);
    evaluator_.drop_failed(wanted_, alive_, rejects_);
    for (size_t i = rejects_before; i < rejects_.size(); ++i) {
      rejects_[i].row += first;
      rejects_[i].reason = fmt::format("{}: {}", the_row(), rejects_[i].reason);
    }
    for (size_t run = 0; run < runs_.size(); ++run) weigh(run, first);
    make_room(first);
    for (size_t run = 0; run < runs_.size(); ++run)
      for (size_t i = runs_[run].first; i < runs_[run].last; ++i)
        write_cells(value(i), alive_, maker_.form_.absent_in(i), maker_.form_.times, places_[run]);
  }

  void weigh(size_t run, uint32_t first) {
    sizes_[run].assign(alive_.size(), 0);
    for (size_t i = runs_[run].first; i < runs_[run].last; ++i) {
      add_cell_sizes(value(i), alive_, sizes_[run]);
      if (i == maker_.form_.ttl) judge_ttls(i, first);
      if (!maker_.key_outputs_[i]) continue;
      for (const uint32_t row : alive_) {
        if (!value(i).is_null(row)) continue;
        const std::string& key = maker_.outputs_[i].name;
        rejects_.push_back(
            {first + row, RejectCode::null_key,
             null_row_ ? fmt::format("{}, so the key column {} is NULL", the_row(), key)
                       : fmt::format("{} has NULL for the key column {}", the_row(), key)});
      }
    }
  }

  void judge_ttls(size_t output, uint32_t first) {
    for (const uint32_t row : alive_)
      if (const std::string fault = ttl_fault(value(output), row, maker_.outputs_[output].name);
          !fault.empty())
        rejects_.push_back(
            {first + row, RejectCode::out_of_range, fmt::format("{}: {}", the_row(), fault)});
  }

  // Sets the places of the rows and of their runs. Rows beyond the limit leave alive_.
  void make_room(uint32_t first) {
    for (auto& places : places_) places.clear();
    size_t kept = 0;
    for (size_t k = 0; k < alive_.size(); ++k) {
      uint64_t size = runs_.size() * sizeof(End);
      for (const auto& sizes : sizes_) size += sizes[k];
      if (size > kRowBytesLimit) {
        rejects_.push_back(
            {first + alive_[k], RejectCode::too_large,
             fmt::format("{} has more than {} bytes", the_row(), grouped(kRowBytesLimit))});
        continue;
      }
      char* const place = bytes_.allocate(size);
      ready_.places_[first + alive_[k]] = place;
      End end = static_cast<End>(runs_.size() * sizeof(End));
      for (size_t run = 0; run < runs_.size(); ++run) {
        places_[run].push_back(place + end);
        end += static_cast<End>(sizes_[run][k]);
        std::memcpy(place + run * sizeof end, &end, sizeof end);
      }
      alive_[kept++] = alive_[k];
    }
    alive_.resize(kept);
  }

  [[nodiscard]] const Column& value(size_t output) const {
    return evaluator_.result(maker_.outputs_[output].node);
  }
  [[nodiscard]] std::string the_row() const {
    const std::string& lookup = maker_.program_.probes[maker_.probe_].table;
    return null_row_ ? fmt::format("no row of {} matches", lookup)
                     : fmt::format("the row of {} that matches", lookup);
  }

  const Maker& maker_;
  ReadyCells& ready_;
  const std::vector<Run>& runs_;
  Rejects rejects_;
  Arena bytes_;

  // Of the batch at hand; sizes and places by run, then by place in alive_.
  Selection alive_;
  std::vector<std::vector<uint64_t>> sizes_;
  std::vector<std::vector<char*>> places_;
  std::vector<sql::TableInput> tables_;
  bool null_row_ = false;  // It is the row at hand.
  const std::vector<sql::NodeId> wanted_;
  sql::Evaluator evaluator_;
};

ReadyCells::Maker::Maker(const sql::Program& program, size_t insert, size_t probe,
                         std::vector<bool> key_outputs, const RowForm& form)
    : program_(program),
      outputs_(program.inserts[insert].outputs),
      probe_(probe),
      key_outputs_(std::move(key_outputs)),
      form_(form),
      ready_(std::make_shared<ReadyCells>()) {
  ready_->runs_ = lookup_runs(program, insert, probe);
}

ReadyCells::Maker::~Maker() = default;

void ReadyCells::Maker::begin(size_t rows, size_t workers) {
  if (ready_->runs_.empty()) return;
  // Not initialised: what no row needs costs no memory.
  ready_->places_ = std::make_unique_for_overwrite<const char*[]>(rows);
  for (size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>(*this, *ready_));
}

void ReadyCells::Maker::visit(size_t worker, uint32_t first, std::span<const Column> columns,
                              const Selection& rows) {
  if (!workers_.empty()) workers_[worker]->add(first, columns, rows);
}

void ReadyCells::Maker::visit_null_row(uint32_t row, std::span<const Column> columns) {
  if (workers_.empty()) return;
  Rejects& rejects = workers_[0]->rejects();
  const size_t rows_before = rejects.size();
  workers_[0]->add_null_row(row, columns);
  null_row_rejected_ = rejects.size() > rows_before;
}

std::shared_ptr<const ReadyCells> ReadyCells::Maker::take() {
  for (const auto& worker : workers_) {
    ready_->bytes_.push_back(std::move(worker->bytes()));
    // A row's first reject counts; all of a row's are one worker's.
    for (Reject& reject : worker->rejects())
      ready_->rejects_.emplace(reject.row, std::move(reject));
  }
  ready_->rejected_rows_ = ready_->rejects_.size() - (null_row_rejected_ ? 1 : 0);
  return std::move(ready_);
}

}  // namespace turntable
