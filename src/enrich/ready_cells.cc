#include "enrich/ready_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/text.h"
#include "enrich/same_expression.h"
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

std::vector<ReadyRun> lookup_runs(const sql::Program& program, size_t insert, size_t probe) {
  std::vector<ReadyRun> runs;
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

std::vector<sql::NodeId> ReadyUse::nodes() const {
  std::vector<sql::NodeId> nodes;
  for (const Part& part : parts) nodes.push_back(part.node);
  return nodes;
}

ReadyUse ready_use(const sql::Program& program, size_t insert, size_t probe,
                   const std::vector<bool>& key_outputs, const RowForm& form) {
  ReadyUse use{.runs = lookup_runs(program, insert, probe), .parts = {}, .times = form.times};
  for (const ReadyRun& run : use.runs) {
    for (size_t i = run.first; i < run.last; ++i) {
      const sql::Output& output = program.inserts[insert].outputs[i];
      use.parts.push_back({.node = output.node,
                           .name = output.name,
                           .absent = form.absent_in(i),
                           .key = key_outputs[i],
                           .ttl = form.ttl == i});
    }
  }
  return use;
}

// One thread's.
class ReadyCells::Maker::Worker {
 public:
  Worker(const Maker& maker, Shared& shared)
      : maker_(maker),
        shared_(shared),
        runs_(maker.uses_.front().runs),
        parts_(maker.uses_.front().parts),
        own_rejects_(maker.uses_.size()),
        sizes_(runs_.size()),
        places_(runs_.size()),
        tables_(maker.program_.probes.size() + 1),
        wanted_(maker.uses_.front().nodes()),
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

  // Of all rows so far, by the catalogue's numbers: those of every use, and those of this one.
  [[nodiscard]] const Rejects& rejects() const { return rejects_; }
  [[nodiscard]] const Rejects& rejects_of(size_t use) const { return own_rejects_[use]; }
  [[nodiscard]] Arena& bytes() { return bytes_; }

 private:
  // As many as a batch of events has: what is computed for them stays in the cache.
  static constexpr size_t kBatchRows = 2'048;

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
    for (auto& sizes : sizes_) sizes.assign(alive_.size(), 0);
    for_each_part([&](size_t run, size_t part) {
      add_cell_sizes(value(part), alive_, sizes_[run]);
      judge_nulls(part, first);
      judge_ttls(part, first);
    });
    make_room(first);
    for_each_part([&](size_t run, size_t part) {
      write_cells(value(part), alive_, parts_[part].absent, maker_.uses_.front().times,
                  places_[run]);
    });
  }

  // Calls `visit(run, part)` for the parts of all runs.
  template <class Visit>
  void for_each_part(Visit visit) const {
    size_t part = 0;
    for (size_t run = 0; run < runs_.size(); ++run)
      for (size_t i = runs_[run].first; i < runs_[run].last; ++i) visit(run, part++);
  }

  // A NULL is a fault for those of whose key it would be part.
  void judge_nulls(size_t part, uint32_t first) {
    for (size_t use = 0; use < own_rejects_.size(); ++use) {
      const ReadyUse::Part& of_use = maker_.uses_[use].parts[part];
      if (!of_use.key) continue;
      for (const uint32_t row : alive_) {
        if (!value(part).is_null(row)) continue;
        own_rejects_[use].push_back(
            {first + row, RejectCode::null_key,
             null_row_ ? fmt::format("{}, so the key column {} is NULL", the_row(), of_use.name)
                       : fmt::format("{} has NULL for the key column {}", the_row(), of_use.name)});
      }
    }
  }

  void judge_ttls(size_t part, uint32_t first) {
    for (size_t use = 0; use < own_rejects_.size(); ++use) {
      const ReadyUse::Part& of_use = maker_.uses_[use].parts[part];
      if (!of_use.ttl) continue;
      for (const uint32_t row : alive_)
        if (const std::string fault = ttl_fault(value(part), row, of_use.name); !fault.empty())
          own_rejects_[use].push_back(
              {first + row, RejectCode::out_of_range, fmt::format("{}: {}", the_row(), fault)});
    }
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
      shared_.places[first + alive_[k]] = place;
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

  [[nodiscard]] const Column& value(size_t part) const {
    return evaluator_.result(parts_[part].node);
  }
  [[nodiscard]] std::string the_row() const {
    const std::string& lookup = maker_.program_.probes[maker_.probe_].table;
    return null_row_ ? fmt::format("no row of {} matches", lookup)
                     : fmt::format("the row of {} that matches", lookup);
  }

  const Maker& maker_;
  Shared& shared_;
  // Those of the first use. The others' have other places in their rows, and are the same.
  const std::vector<ReadyRun>& runs_;
  const std::vector<ReadyUse::Part>& parts_;
  Rejects rejects_;
  std::vector<Rejects> own_rejects_;  // By use.
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

ReadyCells::Maker::Maker(const sql::Program& program, size_t probe)
    : program_(program), probe_(probe) {}

ReadyCells::Maker::~Maker() = default;

bool ReadyCells::Maker::makes_cells_of(const ReadyUse& use) const {
  const ReadyUse& mine = uses_.front();
  const auto same_length = [](const ReadyRun& one, const ReadyRun& other) {
    return one.last - one.first == other.last - other.first;
  };
  const auto same_part = [&](const ReadyUse::Part& one, const ReadyUse::Part& other) {
    return one.absent == other.absent && same_expression(program_, one.node, other.node);
  };
  return mine.times == use.times &&
         std::equal(mine.runs.begin(), mine.runs.end(), use.runs.begin(), use.runs.end(),
                    same_length) &&
         std::equal(mine.parts.begin(), mine.parts.end(), use.parts.begin(), use.parts.end(),
                    same_part);
}

void ReadyCells::Maker::add(ReadyUse use) {
  CHECK(!use.runs.empty());
  uses_.push_back(std::move(use));
}

void ReadyCells::Maker::begin(size_t rows, size_t workers) {
  // Not initialised: what no row needs costs no memory.
  shared_->places = std::make_unique_for_overwrite<const char*[]>(rows);
  for (size_t i = 0; i < workers; ++i)
    workers_.push_back(std::make_unique<Worker>(*this, *shared_));
}

void ReadyCells::Maker::visit(size_t worker, uint32_t first, std::span<const Column> columns,
                              const Selection& rows) {
  workers_[worker]->add(first, columns, rows);
}

void ReadyCells::Maker::visit_null_row(uint32_t row, std::span<const Column> columns) {
  null_row_ = row;
  workers_[0]->add_null_row(row, columns);
}

std::shared_ptr<const ReadyCells> ReadyCells::Maker::take(size_t use) {
  if (shared_->bytes.empty())
    for (const auto& worker : workers_) shared_->bytes.push_back(std::move(worker->bytes()));
  auto ready = std::make_shared<ReadyCells>();
  ready->runs_ = uses_[use].runs;
  ready->shared_ = shared_;
  ready->places_ = shared_->places.get();
  // A row's first reject counts; all of a row's are one worker's.
  for (const auto& worker : workers_)
    for (const Rejects* rejects : {&worker->rejects_of(use), &worker->rejects()})
      for (const Reject& reject : *rejects) ready->rejects_.emplace(reject.row, reject);
  ready->rejected_rows_ =
      ready->rejects_.size() - (null_row_ && ready->rejects_.contains(*null_row_) ? 1 : 0);
  return ready;
}

}  // namespace turntable
