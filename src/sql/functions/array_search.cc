// Functions that look for elements in arrays:
// https://www.postgresql.org/docs/15/functions-array.html and, for ANY and ALL,
// https://www.postgresql.org/docs/15/functions-comparisons.html.
#include <string>
#include <vector>

#include "sql/functions/array_rows.h"

namespace turntable::sql {
namespace {

// An argument as an element.
class SoughtElement {
 public:
  SoughtElement(const RowArguments& row, size_t i)
      : bytes_(row.cell(i)), cell_(CellReader(bytes_).next()) {}
  [[nodiscard]] CellView cell() const { return cell_; }
  [[nodiscard]] Text bytes() const { return bytes_; }

 private:
  std::string bytes_;
  CellView cell_;
};

bool has_null(Text array) {
  const std::vector<CellView> cells = cells_of(array);
  return std::any_of(cells.begin(), cells.end(), [](CellView cell) { return cell.is_null(); });
}

// --- array_position, array_positions

RowResult<int32_t> array_position(const RowArguments& row) {
  if (row.is_null(0)) return Nullable<int32_t>();
  // PostgreSQL looks at the start only where there is something to search.
  if (ArrayReader(row.text(0)).size() == 0) return Nullable<int32_t>();
  if (row.is_null(1) && !has_null(row.text(0))) return Nullable<int32_t>();
  const bool has_start = row.size() > 2;
  if (has_start && row.is_null(2)) return std::nullopt;
  const int64_t start = has_start ? row.get<int32_t>(2) : 1;
  const SoughtElement wanted(row, 1);
  const Type element = row.type(1);
  int32_t at = 1;
  for (ArrayReader reader(row.text(0)); !reader.done(); ++at)
    if (elements_equal(element, reader.next(), wanted.cell()) && at >= start)
      return Nullable<int32_t>(at);
  return Nullable<int32_t>();
}

Reason why_no_position(const CallInput&, uint32_t) {
  return bad_value("the position to begin at is NULL");
}

RowResult<Text> array_positions(const RowArguments& row) {
  if (row.is_null(0)) return Nullable<Text>();
  const SoughtElement wanted(row, 1);
  const Type element = row.type(1);
  ArrayWriter writer;
  int32_t at = 1;
  for (ArrayReader reader(row.text(0)); !reader.done(); ++at) {
    if (!elements_equal(element, reader.next(), wanted.cell())) continue;
    append_int32_cell(writer.elements(), at);
    writer.count_element();
  }
  return bounded_result(writer.finish(), row.arena());
}

// --- array_remove, array_replace

void append_again(ArrayWriter& writer, CellView cell) {
  if (cell.is_null()) {
    append_null_cell(writer.elements());
  } else {
    append_view_cell(writer.elements(), cell.bytes());
  }
  writer.count_element();
}

RowResult<Text> array_remove(const RowArguments& row) {
  if (row.is_null(0)) return Nullable<Text>();
  const SoughtElement wanted(row, 1);
  const Type element = row.type(1);
  ArrayWriter writer;
  for (ArrayReader reader(row.text(0)); !reader.done();) {
    const CellView cell = reader.next();
    if (!elements_equal(element, cell, wanted.cell())) append_again(writer, cell);
  }
  return bounded_result(writer.finish(), row.arena());
}

RowResult<Text> array_replace(const RowArguments& row) {
  if (row.is_null(0)) return Nullable<Text>();
  const SoughtElement wanted(row, 1);
  const SoughtElement by(row, 2);
  const Type element = row.type(1);
  ArrayWriter writer;
  for (ArrayReader reader(row.text(0)); !reader.done();) {
    const CellView cell = reader.next();
    append_again(writer, elements_equal(element, cell, wanted.cell()) ? by.cell() : cell);
    if (writer.elements().size() > kResultBytesLimit) return std::nullopt;
  }
  return bounded_result(writer.finish(), row.arena());
}

// --- @>, <@, &&

// NULL equals nothing here. Both are sorted, so that hostile arrays cost no more than sorting.
std::vector<CellView> sorted_values(Type element, Text array) {
  std::vector<CellView> cells = cells_of(array);
  std::erase_if(cells, [](CellView cell) { return cell.is_null(); });
  std::sort(cells.begin(), cells.end(), [element](CellView left, CellView right) {
    return element_order(element, left, right) < 0;
  });
  return cells;
}

bool array_contains(Type element, Text outer, Text inner) {
  if (has_null(inner)) return false;
  const auto left = sorted_values(element, outer);
  const auto right = sorted_values(element, inner);
  return std::all_of(right.begin(), right.end(), [&](CellView wanted) {
    return std::binary_search(left.begin(), left.end(), wanted, [element](CellView a, CellView b) {
      return element_order(element, a, b) < 0;
    });
  });
}

std::optional<uint8_t> contains_array(const RowArguments& row) {
  return array_contains(element_of(row.type(0)), row.text(0), row.text(1)) ? 1 : 0;
}

std::optional<uint8_t> is_contained_array(const RowArguments& row) {
  return array_contains(element_of(row.type(0)), row.text(1), row.text(0)) ? 1 : 0;
}

std::optional<uint8_t> arrays_overlap(const RowArguments& row) {
  const Type element = element_of(row.type(0));
  const auto left = sorted_values(element, row.text(0));
  const auto right = sorted_values(element, row.text(1));
  auto a = left.begin();
  auto b = right.begin();
  while (a != left.end() && b != right.end()) {
    const auto order = element_order(element, *a, *b);
    if (order == 0) return 1;
    ++(order < 0 ? a : b);
  }
  return 0;
}

// --- ANY and ALL

struct IsEqual {
  static bool test(std::strong_ordering order) { return order == 0; }
};
struct IsNotEqual {
  static bool test(std::strong_ordering order) { return order != 0; }
};
struct IsLess {
  static bool test(std::strong_ordering order) { return order < 0; }
};
struct IsLessOrEqual {
  static bool test(std::strong_ordering order) { return order <= 0; }
};
struct IsGreater {
  static bool test(std::strong_ordering order) { return order > 0; }
};
struct IsGreaterOrEqual {
  static bool test(std::strong_ordering order) { return order >= 0; }
};

// An element that is NULL leaves it open, unless another one decides.
template <class Test, bool any>
RowResult<uint8_t> test_elements(const RowArguments& row) {
  using Result = Nullable<uint8_t>;
  if (row.is_null(1)) return Result();
  ArrayReader reader(row.text(1));
  if (reader.size() == 0) return Result(any ? 0 : 1);
  if (row.is_null(0)) return Result();
  const SoughtElement left(row, 0);
  const Type element = row.type(0);
  bool open = false;
  while (!reader.done()) {
    const CellView cell = reader.next();
    if (cell.is_null()) {
      open = true;
    } else if (Test::test(element_order(element, left.cell(), cell)) == any) {
      return Result(any ? 1 : 0);
    }
  }
  return open ? Result() : Result(any ? 0 : 1);
}

template <class Test>
void add_quantified(std::vector<Function>& all, std::string_view any_name,
                    std::string_view all_name) {
  const auto operation = [](std::string_view name, Loop loop) {
    return Function{.name = name,
                    .arguments = {kAnyElement, kAnyArray},
                    .result = Type::boolean,
                    .loop = loop,
                    .kind = Kind::operation,
                    .nulls = NullRule::sees_null};
  };
  all.push_back(operation(any_name, loop_over_arguments<uint8_t, test_elements<Test, true>>));
  all.push_back(operation(all_name, loop_over_arguments<uint8_t, test_elements<Test, false>>));
}

}  // namespace

std::vector<Function> array_search_functions() {
  constexpr Type array = kCompatibleArray;
  constexpr Type element = kCompatibleElement;
  std::vector<Function> all;
  const auto sees_null = [&all](std::string_view name, std::vector<Type> arguments, Type result,
                                Loop loop, Explain explain) {
    all.push_back({.name = name,
                   .arguments = std::move(arguments),
                   .result = result,
                   .loop = loop,
                   .explain = explain,
                   .nulls = NullRule::sees_null});
  };
  constexpr Loop kPosition = loop_over_arguments<int32_t, array_position>;
  sees_null("array_position", {array, element}, Type::int32, kPosition, nullptr);
  sees_null("array_position", {array, element, Type::int32}, Type::int32, kPosition,
            why_no_position);
  sees_null("array_positions", {array, element}, array_of(Type::int32),
            loop_over_arguments<Text, array_positions>, array_too_long);
  sees_null("array_remove", {array, element}, array, loop_over_arguments<Text, array_remove>,
            array_too_long);
  sees_null("array_replace", {array, element, element}, array,
            loop_over_arguments<Text, array_replace>, array_too_long);

  const auto set_operation = [&all](std::string_view name, Loop loop) {
    all.push_back({.name = name,
                   .arguments = {kAnyArray, kAnyArray},
                   .result = Type::boolean,
                   .loop = loop,
                   .kind = Kind::operation});
  };
  set_operation("@>", loop_over_arguments<uint8_t, unless_null<uint8_t, contains_array>>);
  set_operation("<@", loop_over_arguments<uint8_t, unless_null<uint8_t, is_contained_array>>);
  set_operation("&&", loop_over_arguments<uint8_t, unless_null<uint8_t, arrays_overlap>>);

  add_quantified<IsEqual>(all, "= any", "= all");
  add_quantified<IsNotEqual>(all, "<> any", "<> all");
  add_quantified<IsLess>(all, "< any", "< all");
  add_quantified<IsLessOrEqual>(all, "<= any", "<= all");
  add_quantified<IsGreater>(all, "> any", "> all");
  add_quantified<IsGreaterOrEqual>(all, ">= any", ">= all");
  return all;
}

}  // namespace turntable::sql
