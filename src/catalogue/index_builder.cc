#include "catalogue/index_builder.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "base/check.h"
#include "catalogue/csv_survey.h"
#include "row/cell.h"

namespace turntable {
namespace {

template <class T>
void copy_as(const Column& from, size_t row, Column& to, size_t at) {
  to.set(at, from.get<T>(row));
}

std::vector<Type> key_types(const IndexRule& rule, const Schema& schema) {
  std::vector<Type> types;
  for (const uint32_t column : rule.columns) types.push_back(schema[column].type);
  for (const sql::NodeId node : rule.nodes) types.push_back(rule.program->nodes[node].type);
  return types;
}

}  // namespace

void copy_value(const Column& from, size_t row, Column& to, size_t at) {
  if (from.state(row) != State::value) return to.set_null(at);
  with_cpp_type(from.type(), [&]<class T>() { copy_as<T>(from, row, to, at); });
}

std::optional<uint32_t> key_column(const IndexRule& rule, const Schema& schema) {
  if (rule.columns.size() == 1 && FlatIndex::can_index(schema[rule.columns[0]].type))
    return rule.columns[0];
  return std::nullopt;
}

IndexKeys::IndexKeys(const IndexRule& rule, const Schema& schema)
    : rule_(rule),
      form_(key_types(rule, schema)),
      is_column_(key_column(rule, schema).has_value()),
      copies_(form_.type()) {
  if (rule.nodes.empty()) return;
  evaluator_ = std::make_unique<sql::Evaluator>(*rule.program, rule.nodes);
  tables_.resize(rule.program->probes.size() + 1);
}

void IndexKeys::compute(std::span<const Column> columns, size_t rows) {
  rows_.resize(rows);
  std::iota(rows_.begin(), rows_.end(), 0U);
  parts_.clear();
  if (evaluator_) {
    tables_[rule_.table].columns = columns;
    evaluator_->begin(tables_, rows);
    evaluator_->compute_all(rows_);
    for (const sql::NodeId node : rule_.nodes) parts_.push_back(&evaluator_->result(node));
  } else {
    for (const uint32_t column : rule_.columns) parts_.push_back(&columns[column]);
  }
  keys_ = &form_.of(parts_, rows_);
  if (is_column_ || !is_view(keys_->type())) return;
  copies_.reset(rows);
  for (size_t row = 0; row < rows; ++row) {
    copies_.states()[row] = keys_->state(row);
    if (keys_->state(row) == State::value)
      copies_.set(row, texts_.copy(keys_->get<std::string_view>(row)));
  }
  keys_ = &copies_;
}

std::string IndexKeys::text(size_t row) const {
  std::string text;
  for (const Column* part : parts_) {
    if (!text.empty()) text += ", ";
    std::string cell;
    append_cell(cell, *part, row);
    const std::string value = cell_text(CellReader(cell).next(), part->type());
    text += part->type() == Type::int32 || part->type() == Type::int64 ? value : quoted(value);
  }
  return text;
}

std::string IndexKeys::why(size_t row) const {
  const auto failed = std::find_if(rule_.nodes.begin(), rule_.nodes.end(), [&](sql::NodeId node) {
    return evaluator_->result(node).state(row) == State::failed;
  });
  CHECK(failed != rule_.nodes.end());
  return evaluator_->why(*failed, static_cast<uint32_t>(row)).message;
}

IndexBuilder::IndexBuilder(const IndexRule& rule, const Schema& schema, size_t rows,
                           bool last_counts)
    : column_(key_column(rule, schema)),
      last_counts_(last_counts),
      own_keys_(KeyForm(key_types(rule, schema)).type()),
      index_(rows) {
  if (!column_) own_keys_.reset(rows);
}

IndexBuilder::Added IndexBuilder::add(const IndexKeys& keys, size_t row,
                                      std::vector<Column>& columns, uint32_t at) {
  const Column& from = keys.keys();
  if (from.state(row) == State::failed) return {.failed = true};
  if (from.is_null(row)) return {.empty = true};
  Column& stored = column_ ? columns[*column_] : own_keys_;
  copy_value(from, row, stored, at);
  const uint32_t same = index_.find_or_add(stored, at);
  if (same == FlatIndex::kNoRow) return {.leads = true};
  if (last_counts_) index_.replace(stored, same, at);
  return {.leads = last_counts_, .same = same};
}

}  // namespace turntable
