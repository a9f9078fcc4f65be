#include <fmt/format.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "row/cell.h"
#include "sql/array_value.h"
#include "sql/builtins.h"
#include "sql/composite_functions.h"

namespace turntable::sql {
namespace {

using RowBytes = std::string_view;

// Of one batch; kept for its memory.
struct RowsAtHand final : FunctionState {
  Selection rows;
  std::vector<uint64_t> sizes;
  std::vector<char*> places;
};

std::unique_ptr<FunctionState> open_rows_at_hand() {
  return std::make_unique<RowsAtHand>();
}

bool any_argument_failed(const CallInput& input, uint32_t row) {
  for (const Column* argument : input.arguments)
    if (argument->state(row) == State::failed) return true;
  return false;
}

// Memory for all rows is taken between two passes over the arguments, as when rows become cells.
void make_rows(Frame& frame) {
  auto& [rows, sizes, places] = static_cast<RowsAtHand&>(*frame.state);
  rows.clear();
  for (const uint32_t row : frame.rows) {
    frame.result.states()[row] = State::failed;
    if (!any_argument_failed(frame, row)) rows.push_back(row);
  }
  sizes.assign(rows.size(), 0);
  for (const Column* argument : frame.arguments) add_cell_sizes(*argument, rows, sizes);
  places.clear();
  size_t kept = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (sizes[i] > kResultBytesLimit) continue;
    places.push_back(frame.arena.allocate(sizes[i]));
    frame.result.set(rows[i], RowBytes(places.back(), sizes[i]));
    rows[kept++] = rows[i];
  }
  rows.resize(kept);
  for (const Column* argument : frame.arguments)
    write_cells(*argument, rows, kNullCell, TimeUnit::micros, places);
}

Reason why_no_row(const CallInput&, uint32_t) {
  return {RejectCode::too_large,
          fmt::format("a row has more than {} bytes", grouped(kResultBytesLimit))};
}

struct FieldNumber final : Prepared {
  size_t number = 0;
};

Result<std::shared_ptr<const Prepared>> prepare_field(std::string_view constant) {
  auto field = std::make_shared<FieldNumber>();
  CHECK(read_number(constant, field->number));
  return field;
}

CellView field_in(RowBytes row, size_t number) {
  CellReader cells(row);
  CellView field;
  for (size_t i = 0; i <= number; ++i) field = cells.done() ? CellView() : cells.next();
  return field;
}

void take_fields(Frame& frame) {
  const size_t number = static_cast<const FieldNumber&>(*frame.prepared).number;
  const Column& from = *frame.arguments[0];
  Column& to = frame.result;
  for (const uint32_t row : frame.rows) {
    to.states()[row] = from.state(row);
    if (from.state(row) != State::value) continue;
    const CellView field = field_in(from.get<RowBytes>(row), number);
    if (is_array(to.type()) && !field.is_null()) {
      to.set(row, field.bytes());
    } else {
      set_element(to, row, field);
    }
  }
}

bool is_null_as(RowNull rule, bool wanted, const Column& column, uint32_t row) {
  if (column.is_null(row)) return wanted;
  if (rule == RowNull::as_whole) return !wanted;
  for (CellReader cells(column.get<RowBytes>(row)); !cells.done();)
    if (cells.next().is_null() != wanted) return false;
  return true;
}

template <bool wanted, RowNull rule>
void test_null(Frame& frame) {
  const Column& from = *frame.arguments[0];
  for (const uint32_t row : frame.rows) {
    if (from.state(row) == State::failed) {
      frame.result.states()[row] = State::failed;
    } else {
      frame.result.set<uint8_t>(row, is_null_as(rule, wanted, from, row) ? 1 : 0);
    }
  }
}

Function null_test(bool wanted, Loop loop) {
  return {.name = wanted ? "is null" : "is not null",
          .arguments = {Type::composite},
          .result = Type::boolean,
          .loop = loop,
          .kind = Kind::operation,
          .nulls = NullRule::never_null};
}

}  // namespace

const Function& row_function() {
  static const Function kRow{.name = "row",
                             .arguments = {},
                             .result = Type::composite,
                             .loop = make_rows,
                             .explain = why_no_row,
                             .variadic = true,
                             .nulls = NullRule::never_null,
                             .typing = Typing::any_types,
                             .open_state = open_rows_at_hand};
  return kRow;
}

const Function& field_function(Type result) {
  static const std::vector<Function> kFields = [] {
    std::vector<Type> types = all_types();
    for (const Type type : all_types()) types.push_back(array_of(type));
    types.push_back(Type::composite);
    std::vector<Function> all;
    for (const Type type : types)
      all.push_back({.name = ".",
                     .arguments = {Type::composite},
                     .result = type,
                     .loop = take_fields,
                     .kind = Kind::operation,
                     .nulls = NullRule::sees_null,
                     .prepare = prepare_field});
    return all;
  }();
  for (const Function& field : kFields)
    if (field.result == result) return field;
  CHECK(false);
  return kFields.front();
}

std::string field_constant(size_t field) {
  return std::to_string(field);
}

const Function& row_null_function(bool is_null, RowNull rule) {
  static const std::array<Function, 4> kTests{
      null_test(false, test_null<false, RowNull::by_fields>),
      null_test(true, test_null<true, RowNull::by_fields>),
      null_test(false, test_null<false, RowNull::as_whole>),
      null_test(true, test_null<true, RowNull::as_whole>)};
  return kTests[(is_null ? 1 : 0) + (rule == RowNull::as_whole ? 2 : 0)];
}

}  // namespace turntable::sql
