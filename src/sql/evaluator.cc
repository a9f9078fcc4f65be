#include "sql/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sql/constants.h"

namespace turntable::sql {
namespace {

template <class T>
void gather(const Column& from, const uint32_t* rows, const Selection& alive, Column& to) {
  const T* const values = from.data<T>();
  const uint8_t* const states = from.valid();
  T* const out = to.data<T>();
  uint8_t* const out_states = to.valid();
  for (const uint32_t row : alive) {
    const uint32_t source = rows[row];
    if (source == kNoMatch) {
      out_states[row] = kNullValue;
    } else {
      out[row] = values[source];
      out_states[row] = states[source];
    }
  }
}

void gather(const Column& from, const uint32_t* rows, const Selection& alive, Column& to) {
  switch (from.type()) {
    case Type::boolean:
      return gather<uint8_t>(from, rows, alive, to);
    case Type::int32:
      return gather<int32_t>(from, rows, alive, to);
    case Type::int64:
    case Type::timestamp:
      return gather<int64_t>(from, rows, alive, to);
    case Type::float32:
      return gather<float>(from, rows, alive, to);
    case Type::float64:
      return gather<double>(from, rows, alive, to);
    case Type::text:
    case Type::bytes:
    case Type::jsonb:
      return gather<std::string_view>(from, rows, alive, to);
  }
}

}  // namespace

Evaluator::Evaluator(const Plan& plan, std::vector<NodeId> wanted)
    : plan_(plan), wanted_(std::move(wanted)), view_(plan.nodes.size(), nullptr) {
  std::vector<bool> needed(plan.nodes.size(), false);
  for (const NodeId node : wanted_) needed[node] = true;
  // Arguments have smaller numbers than their users, so one walk backwards finds all that is
  // needed.
  for (size_t node = plan.nodes.size(); node-- > 0;) {
    if (!needed[node]) continue;
    if (const auto* call = std::get_if<Call>(&plan.nodes[node].what))
      for (const NodeId argument : call->arguments) needed[argument] = true;
  }
  columns_.reserve(plan.nodes.size());
  for (NodeId node = 0; node < plan.nodes.size(); ++node) {
    columns_.emplace_back(plan.nodes[node].type);
    if (needed[node]) order_.push_back(node);
  }
}

std::vector<uint32_t> Evaluator::columns_read(uint32_t table) const {
  std::vector<uint32_t> columns;
  for (const NodeId node : order_) {
    const auto* ref = std::get_if<ColumnRef>(&plan_.nodes[node].what);
    if (ref != nullptr && ref->table == table) columns.push_back(ref->column);
  }
  return columns;
}

void Evaluator::evaluate(std::span<const TableInput> tables, size_t rows, Selection& alive,
                         Rejects& rejects) {
  arena_.reset();
  failures_.clear();
  for (const NodeId node : order_) {
    const Node& what = plan_.nodes[node];
    if (const auto* ref = std::get_if<ColumnRef>(&what.what)) {
      compute_column(node, *ref, tables, rows, alive);
    } else if (const auto* literal = std::get_if<Literal>(&what.what)) {
      compute_constant(node, *literal, rows);
    } else {
      compute_call(node, std::get<Call>(what.what), rows, alive);
    }
  }
  if (!failures_.empty()) drop_failed(alive, rejects);
}

const Column& Evaluator::result(NodeId node) const {
  CHECK(node < view_.size() && view_[node] != nullptr);
  return *view_[node];
}

void Evaluator::compute_column(NodeId node, const ColumnRef& ref,
                               std::span<const TableInput> tables, size_t rows,
                               const Selection& alive) {
  CHECK(ref.table < tables.size() && ref.column < tables[ref.table].columns.size());
  const TableInput& table = tables[ref.table];
  const Column& column = table.columns[ref.column];
  CHECK(column.type() == plan_.nodes[node].type);
  if (table.rows == nullptr) {
    CHECK(column.rows() >= rows);
    view_[node] = &column;
    return;
  }
  make_room(node, rows);
  gather(column, table.rows, alive, columns_[node]);
}

// Filled once; again only for a batch that is larger than all before it.
void Evaluator::compute_constant(NodeId node, const Literal& value, size_t rows) {
  view_[node] = &columns_[node];
  if (columns_[node].rows() >= rows) return;
  columns_[node].reset(std::bit_ceil(rows));
  fill_constant(columns_[node], value);
}

void Evaluator::compute_call(NodeId node, const Call& call, size_t rows, const Selection& alive) {
  make_room(node, rows);
  arguments_.clear();
  for (const NodeId argument : call.arguments) arguments_.push_back(view_[argument]);
  Frame frame{.arguments = arguments_,
              .rows = alive,
              .result = columns_[node],
              .arena = arena_,
              .prepared = call.prepared.get(),
              .node = node,
              .failures = failures_};
  call.function->loop(frame);
}

// What a row of an earlier batch left is overwritten for every row that is alive; the others'
// values are unspecified.
void Evaluator::make_room(NodeId node, size_t rows) {
  view_[node] = &columns_[node];
  if (columns_[node].rows() < rows) columns_[node].reset(rows);
}

void Evaluator::drop_failed(Selection& alive, Rejects& rejects) const {
  std::erase_if(alive, [&](uint32_t row) {
    const auto failed = std::find_if(wanted_.begin(), wanted_.end(), [&](NodeId node) {
      return view_[node]->valid()[row] == kFailedValue;
    });
    if (failed == wanted_.end()) return false;
    rejects.push_back(reject_of(*failed, row));
    return true;
  });
}

// Finds where the failure began: the node that failed while its arguments had values.
Reject Evaluator::reject_of(NodeId node, uint32_t row) const {
  for (;;) {
    const auto& arguments = std::get<Call>(plan_.nodes[node].what).arguments;
    const auto failed = std::find_if(arguments.begin(), arguments.end(), [&](NodeId argument) {
      return view_[argument]->valid()[row] == kFailedValue;
    });
    if (failed == arguments.end()) break;
    node = *failed;
  }
  // Nodes are computed in the order of their numbers, and rows within them: the list is sorted.
  const auto failure = std::lower_bound(failures_.begin(), failures_.end(), std::pair(node, row),
                                        [](const Failure& candidate, const auto& place) {
                                          return std::pair(candidate.node, candidate.row) < place;
                                        });
  CHECK(failure != failures_.end() && failure->node == node && failure->row == row);
  const Call& call = std::get<Call>(plan_.nodes[node].what);
  // A cast is known by what it was to cast, a function by its name.
  const std::string_view subject = call.function->kind == Kind::cast
                                       ? plan_.nodes[call.arguments[0]].text
                                   : call.function->kind == Kind::operation ? plan_.nodes[node].text
                                                                            : call.function->name;
  return {.row = row,
          .code = failure->code,
          .reason = fmt::format("{}: {}", subject, failure->message)};
}

}  // namespace turntable::sql
