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
  key_outputs_ = plan.key_outputs(insert);
  deletion_outputs_ = plan.deletion_outputs(insert);
  for (size_t i = 0; i < program_.outputs.size(); ++i)
    if (deletion_outputs_[i]) deletion_nodes_.push_back(program_.outputs[i].node);
  std::vector<Segment> by_output(program_.outputs.size());
  std::vector<size_t> lengths(program_.outputs.size(), 1);
  for (size_t i = 0; i < by_output.size(); ++i) by_output[i].output = i;
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

uint64_t RowEncoder::weigh(const Column& write_times, Selection& alive, Selection& deletions,
                           Rejects& rejects) {
  reject_failed(computed_, alive, rejects);
  for (Segment& segment : segments_) {
    if (segment.ready != nullptr) continue;
    segment.column = &evaluator_.result(program_.outputs[segment.output].node);
    if (key_outputs_[segment.output]) reject_null_keys(segment.output, alive, rejects);
    if (segment.output == form_.ttl) reject_ttls(segment, alive, rejects);
  }
  weigh_rows(write_times, alive, rejects);
  weigh_deletions(write_times, deletions, rejects);
  bytes_ = std::accumulate(deletion_sizes_.begin(), deletion_sizes_.end(),
                           std::accumulate(sizes_.begin(), sizes_.end(), uint64_t{0}));
  return bytes_;
}

void RowEncoder::append(const Column& write_times, std::span<const Origin> origins,
                        const Selection& alive, const Selection& deletions, RowBatch& out) {
  make_places(origins, alive, deletions, out);
  write_rows(write_times, alive);
  write_deletions(write_times, deletions);
}

// The rows' places in the batch, in the order of their records.
void RowEncoder::make_places(std::span<const Origin> origins, const Selection& alive,
                             const Selection& deletions, RowBatch& out) {
  uint64_t end = out.cells.size();
  out.cells.resize(end + bytes_);
  char* const cells = out.cells.data();
  const size_t first = out.size();
  const size_t rows = alive.size() + deletions.size();
  out.ends.resize(first + rows);
  out.origins.resize(first + rows);
  places_.resize(alive.size());
  deletion_places_.resize(deletions.size());
  size_t at = first;
  size_t next = 0;  // Of the deletions.
  const auto add_deletions_before = [&](uint64_t row) {
    for (; next < deletions.size() && deletions[next] < row; ++next) {
      deletion_places_[next] = cells + end;
      out.kinds.resize(at + 1);
      out.kinds[at] = RowKind::deletion;
      out.origins[at] = origins[deletions[next]];
      out.ends[at++] = end += deletion_sizes_[next];
    }
  };
  for (size_t k = 0; k < alive.size(); ++k) {
    if (!deletions.empty()) add_deletions_before(alive[k]);
    places_[k] = cells + end;
    out.origins[at] = origins[alive[k]];
    out.ends[at++] = end += sizes_[k];
  }
  add_deletions_before(~uint64_t{0});
}

// Column by column.
void RowEncoder::write_rows(const Column& write_times, const Selection& alive) {
  for (const Segment& segment : segments_) {
    if (segment.ready != nullptr) {
      copy_run(segment, alive);
    } else {
      write_cells(*segment.column, alive, form_.absent_in(segment.output), form_.times, places_);
    }
  }
  if (form_.write_time) write_cells(write_times, alive, kNullCell, TimeUnit::micros, places_);
}

void RowEncoder::weigh_deletions(const Column& write_times, Selection& deletions,
                                 Rejects& rejects) {
  deletion_sizes_.clear();
  if (deletions.empty()) return;
  reject_failed(deletion_nodes_, deletions, rejects);
  for (size_t output = 0; output < program_.outputs.size(); ++output)
    if (key_outputs_[output]) reject_null_keys(output, deletions, rejects);
  const size_t nulls = program_.outputs.size() - deletion_nodes_.size();
  deletion_sizes_.assign(deletions.size(), nulls * sizeof kNullCell);
  for (const sql::NodeId node : deletion_nodes_)
    add_cell_sizes(evaluator_.result(node), deletions, deletion_sizes_);
  if (form_.write_time) add_cell_sizes(write_times, deletions, deletion_sizes_);
  reject_large(deletion_sizes_, deletions, rejects);
}

void RowEncoder::write_deletions(const Column& write_times, const Selection& deletions) {
  if (deletions.empty()) return;
  for (size_t output = 0; output < program_.outputs.size(); ++output) {
    if (deletion_outputs_[output]) {
      write_cells(evaluator_.result(program_.outputs[output].node), deletions, kNullCell,
                  form_.times, deletion_places_);
      continue;
    }
    for (char*& place : deletion_places_) {
      std::memcpy(place, &kNullCell, sizeof kNullCell);  // -1: the order of its bytes is no matter.
      place += sizeof kNullCell;
    }
  }
  if (form_.write_time)
    write_cells(write_times, deletions, kNullCell, TimeUnit::micros, deletion_places_);
}

void RowEncoder::reject_failed(std::span<const sql::NodeId> nodes, Selection& alive,
                               Rejects& rejects) const {
  const size_t before = rejects.size();
  evaluator_.drop_failed(nodes, alive, rejects);
  for (size_t i = before; i < rejects.size(); ++i) rejects[i].insert = insert_;
}

void RowEncoder::reject_null_keys(size_t output, Selection& alive, Rejects& rejects) const {
  const Column& column = evaluator_.result(program_.outputs[output].node);
  if (!may_have_null(column, alive)) return;
  std::erase_if(alive, [&](uint32_t row) {
    if (!column.is_null(row)) return false;
    rejects.push_back({row, RejectCode::null_key,
                       fmt::format("the key column {} is NULL", program_.outputs[output].name),
                       insert_});
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
  reject_large(sizes_, alive, rejects);
}

void RowEncoder::reject_large(std::vector<uint64_t>& sizes, Selection& alive,
                              Rejects& rejects) const {
  const auto too_large = [](uint64_t size) { return size > kRowBytesLimit; };
  if (std::none_of(sizes.begin(), sizes.end(), too_large)) return;
  size_t kept = 0;
  for (size_t k = 0; k < alive.size(); ++k) {
    if (too_large(sizes[k])) {
      rejects.push_back({alive[k], RejectCode::too_large,
                         fmt::format("The row has more than {} bytes.", grouped(kRowBytesLimit)),
                         insert_});
      continue;
    }
    alive[kept] = alive[k];
    sizes[kept++] = sizes[k];
  }
  alive.resize(kept);
  sizes.resize(kept);
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
