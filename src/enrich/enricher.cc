#include "enrich/enricher.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "enrich/hidden_columns.h"
#include "row/cell.h"

namespace turntable {
namespace {

// A key's value as a message shows it.
std::string shown(const Column& column, uint32_t row) {
  if (column.is_null(row)) return "NULL";
  std::string cell;
  append_cell(cell, column, row);
  return "'" + printable(cell_text(CellReader(cell).next(), column.type())) + "'";
}

// True where the value failed in some record. It may also say so where it did in records for which
// it was not computed.
bool may_have_failed(const Column& column, size_t rows) {
  static_assert(sizeof(State) == 1);
  return rows > 0 && std::memchr(column.states(), static_cast<int>(State::failed), rows) != nullptr;
}

std::vector<Type> key_types(const sql::Program& program, const sql::Probe& probe) {
  std::vector<Type> types;
  for (const sql::JoinKey& key : probe.keys) types.push_back(program.nodes[key.probe].type);
  return types;
}

}  // namespace

Enricher::Lookup::Lookup(const sql::Program& program, const sql::Probe& probe)
    : form(key_types(program, probe)) {
  for (const sql::JoinKey& key : probe.keys) keys.push_back(key.probe);
}

Enricher::Enricher(std::shared_ptr<const EnrichPlan> shared, size_t results_limit)
    : shared_(std::move(shared)),
      results_limit_(results_limit),
      alive_(shared_->program.inserts.size()) {
  const sql::Program& program = shared_->program;
  for (const ColumnDef& column : program.stream_schema) stream_.emplace_back(column.type);
  evaluator_ = std::make_unique<sql::Evaluator>(program, shared_->stages.nodes(), results_limit);
  tables_.resize(program.probes.size() + 1);
  matches_.resize(program.probes.size());
  for (size_t probe = 0; probe < program.probes.size(); ++probe) {
    tables_[probe + 1].columns = shared_->lookups[probe].catalogue->columns();
    lookups_.emplace_back(program, program.probes[probe]);
  }
  for (size_t number = 0; number < program.inserts.size(); ++number) {
    const sql::InsertProgram& what = program.inserts[number];
    Insert insert{.filters = what.filters,
                  .left = std::vector<bool>(program.probes.size(), false),
                  .writer = RowEncoder(*shared_, number, matches_, *evaluator_)};
    const auto joined = std::stable_partition(
        insert.filters.begin(), insert.filters.end(),
        [&](sql::NodeId filter) { return sql::needs_no_lookup(program.nodes[filter]); });
    insert.stream_filters = static_cast<size_t>(joined - insert.filters.begin());
    for (const sql::Join& join : what.joins) insert.left[join.probe] = join.left;
    inserts_.push_back(std::move(insert));
    want_write_times_ |= shared_->forms[number].rows.write_time;
    const std::vector<bool> of_deletions = shared_->deletion_outputs(number);
    for (size_t i = 0; i < of_deletions.size(); ++i)
      if (of_deletions[i]) deletion_nodes_.push_back(what.outputs[i].node);
  }
  deletion_nodes_ = program.needed_for(deletion_nodes_);
}

bool Enricher::enrich(const RecordBatch& batch, std::span<const Origin> origins,
                      const Selection& alive, Rejects& rejects, std::span<RowBatch* const> rows,
                      const Selection& tombstones) {
  CHECK(rows.size() == inserts_.size());
  const size_t rejects_before = rejects.size();
  begin(batch, alive, rejects);
  given_ = alive.size() + tombstones.size();
  if (!make_rows(batch, origins, rejects, rows, tombstones)) {
    rejects.resize(rejects_before);
    return false;
  }
  count_missed();
  return true;
}

bool Enricher::make_rows(const RecordBatch& batch, std::span<const Origin> origins,
                         Rejects& rejects, std::span<RowBatch* const> rows,
                         const Selection& tombstones) {
  if (!filter_stream(rejects)) return false;
  looked_for_.assign(lookups_.size(), 0);
  hits_.assign(lookups_.size(), 0);
  for (size_t probe = 0; probe < lookups_.size(); ++probe)
    if (!look_up(probe, rejects)) return false;
  if (!filter_joined(rejects) || !compute_deletions(batch, tombstones)) return false;
  const auto begun = std::chrono::steady_clock::now();
  const bool appended = append_rows(origins, rejects, rows);
  encoding_time_ += std::chrono::steady_clock::now() - begun;
  return appended;
}

void Enricher::begin(const RecordBatch& batch, const Selection& alive, Rejects& rejects) {
  const sql::Program& program = shared_->program;
  rows_ = batch.size();
  bool takes_headers = false;
  for (size_t i = program.decoded_columns(); i < program.stream_schema.size(); ++i) {
    fill_hidden_column(batch, program.stream_schema[i].name, stream_[i]);
    takes_headers = takes_headers || program.stream_schema[i].name == "kafka_headers";
  }
  if (want_write_times_) {
    write_times_.reset(rows_);
    for (size_t i = 0; i < rows_; ++i) write_times_.set<int64_t>(i, batch.records[i].write_time_us);
  }
  for (auto& [lookup, missed] : missed_) {
    missed.counted.clear();
    missed.found_missing.clear();
  }
  for (Insert& insert : inserts_) {
    insert.filtered.clear();
    insert.deletions.clear();
    insert.filter_failed = false;
  }
  alive_.in(0) = alive;
  if (takes_headers) reject_large_headers(batch, alive_.in(0), rejects);
  alive_.spread(rows_);
  if (inserts_.size() > 1) leave_to_wanted(batch);

  tables_[0].columns = stream_;
  for (size_t probe = 0; probe < matches_.size(); ++probe) {
    matches_[probe].resize(rows_);
    tables_[probe + 1].rows = matches_[probe].data();
  }
  evaluator_->begin(tables_, rows_);
}

// A replayed dead letter runs only the INSERTs that it names.
void Enricher::leave_to_wanted(const RecordBatch& batch) {
  for (size_t insert = 0; insert < inserts_.size(); ++insert)
    std::erase_if(alive_.in(insert), [&batch, insert](uint32_t row) {
      return !batch.records[row].inserts.has(insert);
    });
  alive_.narrowed();
}

bool Enricher::run(std::span<const sql::Step> steps) {
  for (const sql::Step& step : steps) {
    evaluator_->compute(step.node, alive_.in_any(step.inserts));
    if (evaluator_->is_full()) return false;
  }
  return true;
}

// Before the joins. Where other filters follow, a record for which one of these failed goes on:
// another may leave it out.
bool Enricher::filter_stream(Rejects& rejects) {
  if (!run(shared_->stages.stream_filters)) return false;
  for (size_t insert = 0; insert < inserts_.size(); ++insert)
    if (!inserts_[insert].before_joins().empty())
      filter(insert, inserts_[insert].before_joins(), !inserts_[insert].after_joins().empty(),
             rejects);
  alive_.narrowed();
  return true;
}

bool Enricher::filter_joined(Rejects& rejects) {
  if (!run(shared_->stages.joined_filters)) return false;
  for (size_t insert = 0; insert < inserts_.size(); ++insert) {
    Insert& what = inserts_[insert];
    if (what.after_joins().empty()) continue;
    const auto before = static_cast<ptrdiff_t>(what.filtered.size());
    // Those that were tested before the joins are true, unless one failed.
    filter(insert, what.filter_failed ? std::span(std::as_const(what.filters)) : what.after_joins(),
           false, rejects);
    std::inplace_merge(what.filtered.begin(), what.filtered.begin() + before, what.filtered.end());
  }
  alive_.narrowed();
  return true;
}

void Enricher::filter(size_t insert, std::span<const sql::NodeId> conjuncts, bool others_follow,
                      Rejects& rejects) {
  Insert& what = inserts_[insert];
  Selection& alive = alive_.in(insert);
  judge(*evaluator_, conjuncts, alive, verdicts_);
  size_t kept = 0;
  for (const uint32_t row : alive) {
    switch (verdicts_[row]) {
      case Verdict::yes:
        alive[kept++] = row;
        break;
      case Verdict::failed:
        if (others_follow) {
          what.filter_failed = true;
          alive[kept++] = row;
        } else {
          rejects.push_back(failed(*first_failed(*evaluator_, conjuncts, row), row, insert));
        }
        break;
      case Verdict::null:
      case Verdict::no:
        what.filtered.push_back(row);
        break;
    }
  }
  alive.resize(kept);
}

// Finds the row of the lookup for every record that an INSERT still wants to join with it.
bool Enricher::look_up(size_t probe, Rejects& rejects) {
  const sql::Stages::Probing& stage = shared_->stages.probes[probe];
  if (stage.inserts.empty()) return true;
  Lookup& lookup = lookups_[probe];
  if (!run(stage.keys)) return false;
  lookup.columns.clear();
  for (const sql::NodeId key : lookup.keys) lookup.columns.push_back(&evaluator_->result(key));
  reject_failed(lookup.keys, stage.inserts, rejects);
  const Selection& rows = alive_.in_any(stage.inserts);
  lookup.formed = &lookup.form.of(lookup.columns, rows);
  shared_->lookups[probe].index->find(*lookup.formed, rows, matches_[probe]);
  if (!shared_->program.probes[probe].conditions.empty() && !test_conditions(probe, rejects))
    return false;
  const uint32_t none = shared_->lookups[probe].catalogue->null_row();
  const std::vector<uint32_t>& matches = matches_[probe];
  const Selection& looked_for = alive_.in_any(stage.inserts);
  looked_for_[probe] = looked_for.size();
  hits_[probe] = static_cast<uint64_t>(
      std::count_if(looked_for.begin(), looked_for.end(),
                    [&matches, none](uint32_t row) { return matches[row] != none; }));
  for (size_t insert = 0; insert < inserts_.size(); ++insert)
    if (stage.inserts.has(insert) && !inserts_[insert].left[probe])
      drop_unmatched(probe, insert, rejects);
  alive_.narrowed();
  return true;
}

void Enricher::reject_failed(std::span<const sql::NodeId> nodes, InsertSet inserts,
                             Rejects& rejects) {
  const auto may_fail = [&](sql::NodeId node) {
    return may_have_failed(evaluator_->result(node), rows_);
  };
  if (std::none_of(nodes.begin(), nodes.end(), may_fail)) return;
  for (size_t insert = 0; insert < inserts_.size(); ++insert) {
    if (!inserts.has(insert)) continue;
    std::erase_if(alive_.in(insert), [&](uint32_t row) {
      const auto node = first_failed(*evaluator_, nodes, row);
      if (node) rejects.push_back(failed(*node, row, insert));
      return node.has_value();
    });
  }
  alive_.narrowed();
}

// The further conditions of ON, on the rows that the keys led to: where one is not true, there is
// no match.
bool Enricher::test_conditions(size_t probe, Rejects& rejects) {
  const sql::Stages::Probing& stage = shared_->stages.probes[probe];
  const std::vector<sql::NodeId>& conditions = shared_->program.probes[probe].conditions;
  const uint32_t none = shared_->lookups[probe].catalogue->null_row();
  std::vector<uint32_t>& matches = matches_[probe];
  if (!run(stage.conditions)) return false;
  tested_.clear();
  for (const uint32_t row : alive_.in_any(stage.inserts))
    if (matches[row] != none) tested_.push_back(row);
  judge(*evaluator_, conditions, tested_, verdicts_);
  unmet_.assign(rows_, 0);
  bool any_failed = false;
  for (const uint32_t row : tested_) {
    any_failed |= verdicts_[row] == Verdict::failed;
    if (verdicts_[row] != Verdict::no && verdicts_[row] != Verdict::null) continue;
    matches[row] = none;
    unmet_[row] = 1;
  }
  if (!any_failed) return true;
  for (size_t insert = 0; insert < inserts_.size(); ++insert) {
    if (!stage.inserts.has(insert)) continue;
    std::erase_if(alive_.in(insert), [&](uint32_t row) {
      if (matches[row] == none || verdicts_[row] != Verdict::failed) return false;
      rejects.push_back(failed(*first_failed(*evaluator_, conditions, row), row, insert));
      return true;
    });
  }
  return true;
}

std::map<std::string, MissedKeys> Enricher::missed_keys() const {
  std::map<std::string, MissedKeys> missed;
  for (const sql::Probe& probe : shared_->program.probes) missed[probe.table];
  for (const auto& [lookup, keys] : missed_) missed[lookup] = keys.keys;
  return missed;
}

// Of an inner join.
void Enricher::drop_unmatched(size_t probe, size_t insert, Rejects& rejects) {
  const uint32_t none = shared_->lookups[probe].catalogue->null_row();
  const std::vector<uint32_t>& matches = matches_[probe];
  Selection& alive = alive_.in(insert);
  size_t kept = 0;
  for (const uint32_t row : alive) {
    if (matches[row] == none) {
      rejects.push_back(unmatched(probe, row, insert));
    } else {
      alive[kept++] = row;
    }
  }
  alive.resize(kept);
}

// The node's value failed. If a filter did before it, that one is the reason.
Reject Enricher::failed(sql::NodeId node, uint32_t row, size_t insert) const {
  std::optional<sql::NodeId> filter;
  if (inserts_[insert].filter_failed)
    filter = first_failed(*evaluator_, inserts_[insert].before_joins(), row);
  sql::Reason reason = evaluator_->why(filter.value_or(node), row);
  return {row, reason.code, std::move(reason.message), static_cast<uint32_t>(insert)};
}

Reject Enricher::unmatched(size_t probe, uint32_t row, size_t insert) {
  if (inserts_[insert].filter_failed)
    if (const auto filter = first_failed(*evaluator_, inserts_[insert].before_joins(), row))
      return failed(*filter, row, insert);
  const sql::Probe& what = shared_->program.probes[probe];
  const std::vector<std::string>& names = shared_->lookups[probe].key_names;
  std::string keys;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) keys += " and ";
    keys += fmt::format("{} = {}", names[i], shown(*lookups_[probe].columns[i], row));
  }
  const bool unmet = !what.conditions.empty() && unmet_[row] != 0;
  Missed& missed = missed_[what.table];
  missed.counted.resize(rows_);
  if (!unmet && !missed.counted[row]) {
    missed.found_missing.push_back(keys);
    missed.counted[row] = true;
  }
  return {row, RejectCode::unmatched,
          unmet ? fmt::format("no row of {} has {} and meets the join's further conditions",
                              what.table, keys)
                : why_unmatched(probe, row, keys),
          static_cast<uint32_t>(insert), what.drop_missing};
}

// That there is no row, unless the file has one that was left out.
std::string Enricher::why_unmatched(size_t probe, uint32_t row, const std::string& keys) const {
  const std::string& table = shared_->program.probes[probe].table;
  const LeftOutRows& left_out = shared_->lookups[probe].index->left_out();
  const Column& formed = *lookups_[probe].formed;
  if (const std::string* why = left_out.find(formed, row))
    return fmt::format("the row of {} with {} was left out ({})", table, keys, *why);
  const std::string text = fmt::format("no row of {} has {}", table, keys);
  const uint64_t unknown = left_out.unknown();
  if (unknown == 0 || formed.is_null(row)) return text;
  return fmt::format("{} ({} {} left out could be it, such as {})", text, grouped(unknown),
                     unknown == 1 ? "row that was" : "rows that were", left_out.unknown_example());
}

// Nodes that rows have in common with deletions are computed for other records than these.
bool Enricher::compute_deletions(const RecordBatch& batch, const Selection& tombstones) {
  if (tombstones.empty()) return true;
  for (size_t insert = 0; insert < inserts_.size(); ++insert)
    for (const uint32_t row : tombstones)
      if (batch.records[row].inserts.has(insert)) inserts_[insert].deletions.push_back(row);
  for (const sql::NodeId node : deletion_nodes_) {
    evaluator_->compute(node, tombstones);
    if (evaluator_->is_full()) return false;
  }
  return true;
}

bool Enricher::append_rows(std::span<const Origin> origins, Rejects& rejects,
                           std::span<RowBatch* const> rows) {
  for (size_t insert = 0; insert < inserts_.size(); ++insert)
    inserts_[insert].writer.reject_unfit(alive_.in(insert), rejects);
  alive_.narrowed();
  if (!run(shared_->stages.outputs)) return false;
  uint64_t bytes = 0;
  for (size_t insert = 0; insert < inserts_.size(); ++insert)
    bytes += inserts_[insert].writer.weigh(write_times_, alive_.in(insert),
                                           inserts_[insert].deletions, rejects);
  // The rows of a record alone have limits of their own.
  if (bytes > results_limit_ && given_ > 1) return false;
  for (size_t insert = 0; insert < inserts_.size(); ++insert)
    inserts_[insert].writer.append(write_times_, origins, alive_.in(insert),
                                   inserts_[insert].deletions, *rows[insert]);
  return true;
}

// Once nothing of the batch is taken back any more.
void Enricher::count_missed() {
  for (auto& [lookup, missed] : missed_)
    for (const std::string& keys : missed.found_missing) missed.keys.add(keys);
  for (size_t probe = 0; probe < hits_.size(); ++probe) {
    Found& found = found_[shared_->program.probes[probe].table];
    found.hits += hits_[probe];
    found.misses += looked_for_[probe] - hits_[probe];
  }
}

}  // namespace turntable
