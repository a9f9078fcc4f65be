#include "enrich/enricher.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "base/text.h"
#include "row/cell.h"
#include "row/headers.h"
#include "row/write_time.h"

namespace turntable {
namespace {

constexpr size_t kCacheLine = 64;

// Writes a hidden column's values (sql::hidden_columns) for all records of a batch.
void fill_hidden(const RecordBatch& batch, std::string_view name, Column& column) {
  const auto fill = [&](auto set) {
    for (size_t i = 0; i < batch.size(); ++i) set(i, batch.records[i]);
  };
  column.reset(batch.size());
  if (name == "kafka_topic") {
    fill([&](size_t i, const Record&) { column.set<std::string_view>(i, batch.topic); });
  } else if (name == "kafka_partition") {
    fill([&](size_t i, const Record& record) { column.set<int32_t>(i, record.partition); });
  } else if (name == "kafka_offset") {
    fill([&](size_t i, const Record& record) { column.set<int64_t>(i, record.offset); });
  } else if (name == "kafka_timestamp") {
    fill([&](size_t i, const Record& record) {
      if (const auto micros = record_time_us(record)) column.set<int64_t>(i, *micros);
    });
  } else if (name == "kafka_key") {
    fill([&](size_t i, const Record& record) {
      if (record.has_key) column.set<std::string_view>(i, record.key);
    });
  } else {
    CHECK(name == "kafka_headers");
    fill([&](size_t i, const Record& record) {
      if (!record.headers.empty()) column.set<std::string_view>(i, record.headers);
    });
  }
}

// The outputs whose cells do not lie ready.
std::vector<sql::NodeId> computed_per_event(const sql::Plan& plan) {
  std::vector<sql::NodeId> nodes;
  size_t next = 0;
  for (const ReadyCells::Run& run : lookup_runs(plan, 1)) {
    for (; next < run.first; ++next) nodes.push_back(plan.outputs[next].node);
    next = run.last;
  }
  for (; next < plan.outputs.size(); ++next) nodes.push_back(plan.outputs[next].node);
  return nodes;
}

}  // namespace

Result<std::shared_ptr<const EnrichPlan>> EnrichPlan::make(
    sql::Plan plan, std::unique_ptr<CatalogueFile> catalogue,
    const std::vector<std::string>& key_columns, RowForm form) {
  auto made = std::make_shared<EnrichPlan>();
  made->plan = std::move(plan);
  made->form = form;
  for (const sql::Output& output : made->plan.outputs)
    made->key_outputs.push_back(std::find(key_columns.begin(), key_columns.end(), output.name) !=
                                key_columns.end());
  if (catalogue) {
    const sql::Evaluator per_event(made->plan, computed_per_event(made->plan));
    ReadyCells::Maker maker(made->plan, 1, made->key_outputs, form);
    ASSIGN_OR_RETURN(LoadedCatalogue loaded, catalogue->load(per_event.columns_read(1), &maker));
    made->catalogue = std::move(loaded.catalogue);
    made->load_report = std::move(loaded.report);
    made->ready = maker.take();
  }
  return std::shared_ptr<const EnrichPlan>(std::move(made));
}

Enricher::Enricher(std::shared_ptr<const EnrichPlan> shared) : shared_(std::move(shared)) {
  const sql::Plan& plan = shared_->plan;
  for (const ColumnDef& column : plan.stream_schema) stream_.emplace_back(column.type);
  tables_.resize(plan.lookups.size() + 1);

  if (shared_->catalogue) {
    CHECK(plan.lookups.size() == 1);
    probe_ =
        std::make_unique<sql::Evaluator>(plan, std::vector<sql::NodeId>{plan.lookups[0].probe});
    tables_[1].columns = shared_->catalogue->columns();
  }

  std::vector<sql::NodeId> wanted;
  const std::vector<ReadyCells::Run> runs =
      shared_->ready ? shared_->ready->runs() : std::vector<ReadyCells::Run>{};
  size_t next_run = 0;
  for (size_t i = 0; i < plan.outputs.size();) {
    if (next_run < runs.size() && runs[next_run].first == i) {
      segments_.push_back({.copied = true, .run = next_run});
      i = runs[next_run++].last;
      continue;
    }
    wanted.push_back(plan.outputs[i].node);
    segments_.push_back({.output = i, .key = shared_->key_outputs[i]});
    ++i;
  }
  outputs_ = std::make_unique<sql::Evaluator>(plan, std::move(wanted));
}

void Enricher::enrich(const RecordBatch& batch, std::span<const Origin> origins, Selection& alive,
                      Rejects& rejects, RowBatch& out) {
  const size_t rows = batch.size();
  fill_hidden_columns(batch, alive, rejects);
  tables_[0].columns = stream_;
  if (shared_->catalogue) join(rows, alive, rejects);
  outputs_->evaluate(tables_, rows, alive, rejects);
  append_rows(batch, alive, origins, rejects, out);
}

// Records whose headers are wanted and beyond their limits leave `alive`.
void Enricher::fill_hidden_columns(const RecordBatch& batch, Selection& alive, Rejects& rejects) {
  const sql::Plan& plan = shared_->plan;
  for (size_t i = plan.declared_columns; i < plan.stream_schema.size(); ++i)
    fill_hidden(batch, plan.stream_schema[i].name, stream_[i]);
  std::erase_if(alive, [&](uint32_t row) {
    if (!batch.records[row].headers_too_large) return false;
    rejects.push_back({row, RejectCode::too_large,
                       fmt::format("The record has more than {} headers, or more than {} bytes in "
                                   "them: they are not read as kafka_headers.",
                                   grouped(kHeadersLimit), grouped(kHeadersBytesLimit))});
    return true;
  });
}

// Inner join: records without a match leave `alive`.
void Enricher::join(size_t rows, Selection& alive, Rejects& rejects) {
  probe_->evaluate(tables_, rows, alive, rejects);
  matches_.resize(rows);
  const Column& keys = probe_->result(shared_->plan.lookups[0].probe);
  shared_->catalogue->find(keys, alive, matches_);
  tables_[1].rows = matches_.data();

  size_t kept = 0;
  for (const uint32_t row : alive) {
    const uint32_t match = matches_[row];
    if (match == Catalogue::kNoMatch) {
      std::string key = "NULL";
      if (!keys.is_null(row)) {
        std::string cell;
        append_cell(cell, keys, row);
        key = "'" + printable(cell_text(CellReader(cell).next(), keys.type())) + "'";
      }
      rejects.push_back(
          {row, RejectCode::unmatched,
           fmt::format("no row of {} has {} = {}", shared_->plan.lookups[0].table,
                       shared_->plan.lookups[0].schema[shared_->plan.lookups[0].key_column].name,
                       key)});
    } else if (const Reject* bad = shared_->ready->reject(match)) {
      rejects.push_back({row, bad->code, bad->reason});
    } else {
      alive[kept++] = row;
    }
  }
  alive.resize(kept);
}

void Enricher::append_rows(const RecordBatch& batch, Selection& alive,
                           std::span<const Origin> origins, Rejects& rejects, RowBatch& out) {
  for (Segment& segment : segments_) {
    if (segment.copied) continue;
    segment.column = &outputs_->result(shared_->plan.outputs[segment.output].node);
    if (segment.key) reject_null_keys(segment, alive, rejects);
  }
  if (shared_->form.write_time) {
    write_times_.reset(batch.size());
    for (size_t i = 0; i < batch.size(); ++i)
      write_times_.set<int64_t>(i, batch.records[i].write_time_us);
  }
  weigh_rows(alive, rejects);

  // The rows' places in the batch, then their cells, column by column.
  const size_t begin = out.cells.size();
  size_t end = begin;
  for (const uint64_t size : sizes_) out.ends.push_back(end += size);
  out.cells.resize(end);
  places_.clear();
  for (size_t k = 0, at = begin; k < alive.size(); at += sizes_[k++])
    places_.push_back(out.cells.data() + at);
  for (const Segment& segment : segments_) {
    if (segment.copied) {
      copy_run(segment.run, alive);
    } else {
      write_cells(*segment.column, alive, shared_->form.absent, shared_->form.times, places_);
    }
  }
  if (shared_->form.write_time)
    write_cells(write_times_, alive, kNullCell, TimeUnit::micros, places_);
  for (const uint32_t row : alive) out.origins.push_back(origins[row]);
}

void Enricher::reject_null_keys(const Segment& segment, Selection& alive, Rejects& rejects) const {
  std::erase_if(alive, [&](uint32_t row) {
    if (!segment.column->is_null(row)) return false;
    rejects.push_back(
        {row, RejectCode::null_key,
         fmt::format("the key column {} is NULL", shared_->plan.outputs[segment.output].name)});
    return true;
  });
}

// Sets sizes_, by place in `alive`; rows beyond the limit leave it.
void Enricher::weigh_rows(Selection& alive, Rejects& rejects) {
  sizes_.assign(alive.size(), 0);
  // They lie anywhere in the catalogue.
  if (shared_->ready && !shared_->ready->runs().empty())
    for (const uint32_t row : alive) shared_->ready->prefetch(matches_[row]);
  for (const Segment& segment : segments_) {
    if (segment.copied) {
      for (size_t k = 0; k < alive.size(); ++k) {
        const std::string_view cells = shared_->ready->cells(matches_[alive[k]], segment.run);
        sizes_[k] += cells.size();
        // Copied after all rows have been weighed.
        for (size_t at = 0; at < cells.size(); at += kCacheLine)
          __builtin_prefetch(cells.data() + at);
      }
    } else {
      add_cell_sizes(*segment.column, alive, sizes_);
    }
  }
  if (shared_->form.write_time) add_cell_sizes(write_times_, alive, sizes_);

  const auto too_large = [](uint64_t size) { return size > kRowBytesLimit; };
  if (std::none_of(sizes_.begin(), sizes_.end(), too_large)) return;
  size_t kept = 0;
  for (size_t k = 0; k < alive.size(); ++k) {
    if (too_large(sizes_[k])) {
      rejects.push_back({alive[k], RejectCode::too_large,
                         fmt::format("The row has more than {} bytes.", grouped(kRowBytesLimit))});
      continue;
    }
    alive[kept] = alive[k];
    sizes_[kept++] = sizes_[k];
  }
  alive.resize(kept);
  sizes_.resize(kept);
}

void Enricher::copy_run(size_t run, const Selection& alive) {
  for (size_t k = 0; k < alive.size(); ++k) {
    const std::string_view cells = shared_->ready->cells(matches_[alive[k]], run);
    std::memcpy(places_[k], cells.data(), cells.size());
    places_[k] += cells.size();
  }
}

}  // namespace turntable
