#include "enrich/row_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/text.h"
#include "enrich/ttl.h"
#include "row/cell.h"

namespace turntable {
namespace {

constexpr size_t kCacheLine = 64;

// Where no row's state is NULL, none of `rows` needs to be looked at. They ascend.
bool may_have_null(const Column& column, const Selection& rows) {
  static_assert(sizeof(State) == 1);
  return !rows.empty() && std::memchr(column.states(), static_cast<int>(State::null),
                                      size_t{rows.back()} + 1) != nullptr;
}

}  // namespace

RowEncoder::RowEncoder(const EnrichPlan& plan, size_t insert, const Matches& matches,
                       const sql::Evaluator& evaluator)
    : insert_(static_cast<uint32_t>(insert)),
      program_(plan.program.inserts[insert]),
      form_(plan.forms[insert].rows),
      evaluator_(evaluator) {
  const std::vector<bool> keys = plan.key_outputs(insert);
  std::vector<Segment> by_output(program_.outputs.size());
  std::vector<size_t> lengths(program_.outputs.size(), 1);
  for (size_t i = 0; i < by_output.size(); ++i) by_output[i] = {.output = i, .key = keys[i]};
  for (size_t probe = 0; probe < plan.lookups.size(); ++probe) {
    const ReadyCells* const ready = plan.ready[insert][probe].get();
    if (ready == nullptr) continue;
    ready_.emplace_back(ready, &matches[probe]);
    for (size_t run = 0; run < ready->runs().size(); ++run) {
      const auto& [first, last] = ready->runs()[run];
      by_output[first] = {.ready = ready, .matches = &matches[probe], .run = run};
      lengths[first] = last - first;
    }
  }
  for (size_t i = 0; i < by_output.size(); i += lengths[i]) {
    segments_.push_back(by_output[i]);
    if (by_output[i].ready == nullptr) computed_.push_back(program_.outputs[i].node);
  }
}

void RowEncoder::reject_unfit(Selection& alive, Rejects& rejects) const {
  for (const auto& [ready, matches] : ready_) {
    if (!ready->has_rejects()) continue;
    std::erase_if(alive, [&, ready = ready, matches = matches](uint32_t row) {
      const Reject* const bad = ready->reject((*matches)[row]);
      if (bad != nullptr) rejects.push_back({row, bad->code, bad->reason, insert_});
      return bad != nullptr;
    });
  }
}

uint64_t RowEncoder::weigh(const Column& write_times, Selection& alive, Rejects& rejects) {
  reject_failed(alive, rejects);
  for (Segment& segment : segments_) {
    if (segment.ready != nullptr) continue;
    segment.column = &evaluator_.result(program_.outputs[segment.output].node);
    if (segment.key) reject_null_keys(segment, alive, rejects);
    if (segment.output == form_.ttl) reject_ttls(segment, alive, rejects);
  }
  weigh_rows(write_times, alive, rejects);
  return std::accumulate(sizes_.begin(), sizes_.end(), uint64_t{0});
}

void RowEncoder::append(const Column& write_times, std::span<const Origin> origins,
                        const Selection& alive, RowBatch& out) {
  // The rows' places in the batch, then their cells, column by column.
  const size_t begin = out.cells.size();
  size_t end = begin;
  for (const uint64_t size : sizes_) out.ends.push_back(end += size);
  out.cells.resize(end);
  places_.clear();
  for (size_t k = 0, at = begin; k < alive.size(); at += sizes_[k++])
    places_.push_back(out.cells.data() + at);
  for (const Segment& segment : segments_) {
    if (segment.ready != nullptr) {
      copy_run(segment, alive);
    } else {
      write_cells(*segment.column, alive, form_.absent_in(segment.output), form_.times, places_);
    }
  }
  if (form_.write_time) write_cells(write_times, alive, kNullCell, TimeUnit::micros, places_);
  for (const uint32_t row : alive) out.origins.push_back(origins[row]);
}

void RowEncoder::reject_failed(Selection& alive, Rejects& rejects) const {
  const size_t before = rejects.size();
  evaluator_.drop_failed(computed_, alive, rejects);
  for (size_t i = before; i < rejects.size(); ++i) rejects[i].insert = insert_;
}

void RowEncoder::reject_null_keys(const Segment& segment, Selection& alive,
                                  Rejects& rejects) const {
  if (!may_have_null(*segment.column, alive)) return;
  std::erase_if(alive, [&](uint32_t row) {
    if (!segment.column->is_null(row)) return false;
    rejects.push_back(
        {row, RejectCode::null_key,
         fmt::format("the key column {} is NULL", program_.outputs[segment.output].name), insert_});
    return true;
  });
}

void RowEncoder::reject_ttls(const Segment& segment, Selection& alive, Rejects& rejects) const {
  std::erase_if(alive, [&](uint32_t row) {
    std::string fault = ttl_fault(*segment.column, row, program_.outputs[segment.output].name);
    if (fault.empty()) return false;
    rejects.push_back({row, RejectCode::out_of_range, std::move(fault), insert_});
    return true;
  });
}

// Sets sizes_, by place in `alive`; rows beyond the limit leave it.
void RowEncoder::weigh_rows(const Column& write_times, Selection& alive, Rejects& rejects) {
  sizes_.assign(alive.size(), 0);
  // They lie anywhere in the catalogue.
  for (const auto& [ready, matches] : ready_)
    for (const uint32_t row : alive) ready->prefetch((*matches)[row]);
  for (const Segment& segment : segments_) {
    if (segment.ready != nullptr) {
      const uint32_t* const matches = segment.matches->data();
      for (size_t k = 0; k < alive.size(); ++k) {
        const std::string_view cells = segment.ready->cells(matches[alive[k]], segment.run);
        sizes_[k] += cells.size();
        // Copied after all rows have been weighed.
        for (size_t at = 0; at < cells.size(); at += kCacheLine)
          __builtin_prefetch(cells.data() + at);
      }
    } else {
      add_cell_sizes(*segment.column, alive, sizes_);
    }
  }
  if (form_.write_time) add_cell_sizes(write_times, alive, sizes_);

  const auto too_large = [](uint64_t size) { return size > kRowBytesLimit; };
  if (std::none_of(sizes_.begin(), sizes_.end(), too_large)) return;
  size_t kept = 0;
  for (size_t k = 0; k < alive.size(); ++k) {
    if (too_large(sizes_[k])) {
      rejects.push_back({alive[k], RejectCode::too_large,
                         fmt::format("The row has more than {} bytes.", grouped(kRowBytesLimit)),
                         insert_});
      continue;
    }
    alive[kept] = alive[k];
    sizes_[kept++] = sizes_[k];
  }
  alive.resize(kept);
  sizes_.resize(kept);
}

void RowEncoder::copy_run(const Segment& segment, const Selection& alive) {
  const uint32_t* const matches = segment.matches->data();
  for (size_t k = 0; k < alive.size(); ++k) {
    const std::string_view cells = segment.ready->cells(matches[alive[k]], segment.run);
    std::memcpy(places_[k], cells.data(), cells.size());
    places_[k] += cells.size();
  }
}

}  // namespace turntable
