#include "sql/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sql/constants.h"

namespace turntable::sql {
namespace {

template <class T>
void gather(const Column& from, const uint32_t* places, const Selection& rows, Column& to) {
  const T* const values = from.data<T>();
  const State* const states = from.states();
  T* const out = to.data<T>();
  State* const out_states = to.states();
  for (const uint32_t row : rows) {
    out[row] = values[places[row]];
    out_states[row] = states[places[row]];
  }
}

void gather(const Column& from, const uint32_t* places, const Selection& rows, Column& to) {
  with_cpp_type(from.type(), [&]<class T>() { gather<T>(from, places, rows, to); });
}

std::vector<bool> nodes_that_may_fail(const Program& program) {
  std::vector<bool> may_fail;
  for (const Node& node : program.nodes) {
    const auto* call = std::get_if<Call>(&node.what);
    may_fail.push_back(call != nullptr &&
                       (call->function->can_fail() ||
                        std::any_of(call->arguments.begin(), call->arguments.end(),
                                    [&](NodeId argument) { return may_fail[argument]; })));
  }
  return may_fail;
}

bool any_failed(const Column& column, const Selection& rows) {
  const State* const states = column.states();
  uint8_t seen = 0;
  for (const uint32_t row : rows) seen |= static_cast<uint8_t>(states[row] == State::failed);
  return seen != 0;
}

}  // namespace

Evaluator::Evaluator(const Program& program, std::span<const NodeId> wanted, size_t bytes_limit)
    : program_(program),
      may_fail_(nodes_that_may_fail(program)),
      order_(program.needed_for(wanted)),
      view_(program.nodes.size(), nullptr),
      arguments_(program.nodes.size()),
      states_(program.nodes.size()),
      arena_(bytes_limit) {
  columns_.reserve(program.nodes.size());
  for (const Node& node : program.nodes) columns_.emplace_back(node.type);
  for (const NodeId node : order_) {
    const auto* call = std::get_if<Call>(&program.nodes[node].what);
    if (call == nullptr) continue;
    arguments_[node].reserve(call->arguments.size());
    if (call->function->open_state != nullptr) states_[node] = call->function->open_state();
  }
}

void Evaluator::begin(std::span<const TableInput> tables, size_t rows) {
  tables_.assign(tables.begin(), tables.end());
  rows_ = rows;
  arena_.reset();
  is_full_ = false;
  for (const NodeId node : order_) view_[node] = nullptr;
}

void Evaluator::compute(NodeId node, const Selection& rows) {
  const auto& what = program_.nodes[node].what;
  if (const auto* ref = std::get_if<ColumnRef>(&what)) {
    compute_column(node, *ref, rows);
  } else if (const auto* literal = std::get_if<Literal>(&what)) {
    compute_constant(node, *literal);
  } else {
    compute_call(node, std::get<Call>(what), rows);
  }
}

void Evaluator::compute_all(const Selection& rows) {
  for (const NodeId node : order_) compute(node, rows);
}

const Column& Evaluator::result(NodeId node) const {
  CHECK(node < view_.size() && view_[node] != nullptr);
  return *view_[node];
}

void Evaluator::compute_column(NodeId node, const ColumnRef& ref, const Selection& rows) {
  CHECK(ref.table < tables_.size() && ref.column < tables_[ref.table].columns.size());
  const TableInput& table = tables_[ref.table];
  const Column& column = table.columns[ref.column];
  CHECK(column.type() == program_.nodes[node].type);
  if (table.rows == nullptr) {
    CHECK(column.rows() >= rows_);
    view_[node] = &column;
    return;
  }
  make_room(node);
  gather(column, table.rows, rows, columns_[node]);
}

// Filled once; again only for a batch that is larger than all before it.
void Evaluator::compute_constant(NodeId node, const Literal& value) {
  view_[node] = &columns_[node];
  if (columns_[node].rows() >= rows_) return;
  columns_[node].reset(std::bit_ceil(rows_));
  fill_constant(columns_[node], value);
}

void Evaluator::compute_call(NodeId node, const Call& call, const Selection& rows) {
  make_room(node);
  arguments_[node].clear();
  for (const NodeId argument : call.arguments) arguments_[node].push_back(&result(argument));
  Frame frame{input_of(node, call, arena_), rows, columns_[node]};
  try {
    call.function->loop(frame);
  } catch (const ArenaFull&) {
    is_full_ = true;
  }
}

// What a row of an earlier batch left is overwritten for every row that is computed; the others'
// values are unspecified.
void Evaluator::make_room(NodeId node) {
  view_[node] = &columns_[node];
  if (columns_[node].rows() < rows_) columns_[node].reset(rows_);
}

CallInput Evaluator::input_of(NodeId node, const Call& call, Arena& arena) const {
  return {.arguments = arguments_[node],
          .arena = arena,
          .prepared = call.prepared.get(),
          .state = states_[node].get()};
}

// Follows the failure down to where it began: a node that failed though its arguments did not.
Reason Evaluator::why(NodeId node, uint32_t row) const {
  Arena arena;
  for (;;) {
    CHECK(result(node).state(row) == State::failed);
    const Call& call = std::get<Call>(program_.nodes[node].what);
    const Function& function = *call.function;
    const CallInput input = input_of(node, call, arena);
    const auto failed =
        std::find_if(input.arguments.begin(), input.arguments.end(),
                     [&](const Column* column) { return column->state(row) == State::failed; });
    if (failed == input.arguments.end()) {
      CHECK(function.can_fail());
      Reason reason = function.explain(input, row);
      // A cast is known by what it was to cast, a function by its name.
      const std::string_view subject =
          function.kind == Kind::cast        ? program_.nodes[call.arguments[0]].text
          : function.kind == Kind::operation ? program_.nodes[node].text
                                             : function.name;
      reason.message = fmt::format("{}: {}", subject, reason.message);
      return reason;
    }
    node = call.arguments[function.blame != nullptr
                              ? function.blame(input, row)
                              : static_cast<size_t>(failed - input.arguments.begin())];
  }
}

void Evaluator::drop_failed(std::span<const NodeId> nodes, Selection& rows,
                            Rejects& rejects) const {
  const auto failed_in = [&](NodeId node, uint32_t row) {
    return may_fail_[node] && result(node).state(row) == State::failed;
  };
  // Mostly there is none, and no row needs a look at each of its nodes.
  if (std::none_of(nodes.begin(), nodes.end(),
                   [&](NodeId node) { return may_fail_[node] && any_failed(result(node), rows); }))
    return;
  std::erase_if(rows, [&](uint32_t row) {
    const auto failed =
        std::find_if(nodes.begin(), nodes.end(), [&](NodeId node) { return failed_in(node, row); });
    if (failed == nodes.end()) return false;
    Reason reason = why(*failed, row);
    rejects.push_back({.row = row, .code = reason.code, .reason = std::move(reason.message)});
    return true;
  });
}

}  // namespace turntable::sql
