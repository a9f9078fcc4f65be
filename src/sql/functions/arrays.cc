// Functions and operators that make arrays, take them apart and measure them:
// https://www.postgresql.org/docs/15/functions-array.html. Arrays have one level and begin at 1.
#include <string>

#include "base/check.h"
#include "sql/array_functions.h"
#include "sql/functions/array_rows.h"
#include "sql/functions/characters.h"
#include "sql/functions/text_form.h"

namespace turntable::sql {
namespace {

constexpr Type kInteger = Type::int32;

// The bytes of an array's elements.
Text element_bytes(Text array) {
  return array.substr(4);
}

RowResult<Text> array_of_cells(size_t size, const std::string& cells, Arena& arena) {
  std::string array;
  append_be32(array, static_cast<uint32_t>(size));
  array += cells;
  return bounded_result(array, arena);
}

// --- ARRAY[…]

RowResult<Text> make_array(const RowArguments& row) {
  std::string cells;
  for (size_t i = 0; i < row.size(); ++i) {
    append_cell(cells, row.column(i), row.row());
    if (cells.size() > kResultBytesLimit) return std::nullopt;
  }
  return array_of_cells(row.size(), cells, row.arena());
}

// --- Subscripts

// Where the array is NULL, PostgreSQL does not evaluate its subscripts, so that they cannot fail.
State with_subscripts(State array, State subscripts) {
  return array == State::value ? subscripts : array;
}

void subscript(Frame& frame) {
  const Column& arrays = *frame.arguments[0];
  const Column& indices = *frame.arguments[1];
  State* const states = frame.result.states();
  for (const uint32_t row : frame.rows) {
    states[row] = with_subscripts(arrays.state(row), indices.state(row));
    if (states[row] != State::value) continue;
    ArrayReader reader(arrays.get<Text>(row));
    const int32_t index = indices.get<int32_t>(row);
    states[row] = State::null;
    if (index < 1 || static_cast<size_t>(index) > reader.size()) continue;
    for (int32_t i = 1; i < index; ++i) static_cast<void>(reader.next());
    set_element(frame.result, row, reader.next());
  }
}

std::optional<Text> slice(Text array, int64_t first, int64_t last, Arena& arena) {
  ArrayReader reader(array);
  std::string cells;
  size_t size = 0;
  Text rest = element_bytes(array);
  for (int64_t at = 1; !reader.done() && at <= last; ++at) {
    const CellView cell = reader.next();
    const size_t bytes = 4 + (cell.is_null() ? 0 : cell.bytes().size());
    if (at >= first) {
      cells += rest.substr(0, bytes);
      ++size;
    }
    rest.remove_prefix(bytes);
  }
  const RowResult<Text> made = array_of_cells(size, cells, arena);
  return made ? std::optional(made->value) : std::nullopt;
}

void slice_array(Frame& frame) {
  const Column& arrays = *frame.arguments[0];
  const Column& first = *frame.arguments[1];
  const Column& last = *frame.arguments[2];
  State* const states = frame.result.states();
  for (const uint32_t row : frame.rows) {
    states[row] =
        with_subscripts(arrays.state(row), loops::combined(first.state(row), last.state(row)));
    if (states[row] != State::value) continue;
    const auto made =
        slice(arrays.get<Text>(row), first.get<int32_t>(row), last.get<int32_t>(row), frame.arena);
    states[row] = State::failed;
    if (made) frame.result.set(row, *made);
  }
}

struct TrimArray {
  static std::optional<Text> call(Text array, int32_t count, Arena& arena) {
    const auto size = static_cast<int64_t>(ArrayReader(array).size());
    if (count < 0 || count > size) return std::nullopt;
    return slice(array, 1, size - count, arena);
  }
  static Reason why(Text array, int32_t count, Arena&) {
    return bad_value(fmt::format("{} elements cannot be trimmed off an array of {}", count,
                                 ArrayReader(array).size()));
  }
};

// --- Sizes

struct Cardinality {
  static int32_t call(Text array) { return static_cast<int32_t>(ArrayReader(array).size()); }
};

// NULL for an array without elements, and for any dimension but the first.
template <bool lower>
struct ArrayBound {
  static Nullable<int32_t> call(Nullable<Text> array, Nullable<int32_t> dimension) {
    if (array.null || dimension.null || dimension.value != 1) return {};
    const int32_t size = Cardinality::call(array.value);
    if (size == 0) return {};
    return lower ? 1 : size;
  }
};

struct ArrayDimensions {
  static Nullable<int32_t> call(Nullable<Text> array) {
    if (array.null || Cardinality::call(array.value) == 0) return {};
    return 1;
  }
};

// --- Joining

RowResult<Text> concatenate(const RowArguments& row) {
  if (row.is_null(0) && row.is_null(1)) return Nullable<Text>();
  if (row.is_null(0)) return Nullable<Text>(row.text(1));
  if (row.is_null(1)) return Nullable<Text>(row.text(0));
  std::string cells(element_bytes(row.text(0)));
  cells += element_bytes(row.text(1));
  return array_of_cells(ArrayReader(row.text(0)).size() + ArrayReader(row.text(1)).size(), cells,
                        row.arena());
}

template <size_t array, size_t element>
RowResult<Text> with_element_added(const RowArguments& row) {
  const bool has_array = !row.is_null(array);
  const size_t size = has_array ? ArrayReader(row.text(array)).size() : 0;
  const Text elements = has_array ? element_bytes(row.text(array)) : Text();
  std::string cells;
  if (element > array) cells = elements;
  append_cell(cells, row.column(element), row.row());
  if (element < array) cells += elements;
  return array_of_cells(size + 1, cells, row.arena());
}

// --- To and from text

RowResult<Text> array_to_string(const RowArguments& row) {
  if (row.is_null(0) || row.is_null(1)) return Nullable<Text>();
  const bool shows_null = row.size() > 2 && !row.is_null(2);
  ElementText text(element_of(row.type(0)));
  std::string out;
  bool first = true;
  for (ArrayReader reader(row.text(0)); !reader.done();) {
    const CellView cell = reader.next();
    if (cell.is_null() && !shows_null) continue;
    if (!first) out += row.text(1);
    first = false;
    out += cell.is_null() ? row.text(2) : text.of(cell, row.arena());
    if (out.size() > kResultBytesLimit) return std::nullopt;
  }
  return bounded_result(out, row.arena());
}

Reason array_text_too_long(const CallInput&, uint32_t) {
  return too_long();
}

// Without a separator (NULL) every character is an element; with an empty one the text is.
RowResult<Text> string_to_array(const RowArguments& row) {
  if (row.is_null(0)) return Nullable<Text>();
  Text rest = row.text(0);
  const bool has_null = row.size() > 2 && !row.is_null(2);
  const Text as_null = has_null ? row.text(2) : Text();
  ArrayWriter writer;
  const auto add = [&](Text element) {
    if (has_null && as_null == element) {
      append_null_cell(writer.elements());
    } else {
      append_view_cell(writer.elements(), element);
    }
    writer.count_element();
  };
  if (rest.empty()) return bounded_result(writer.finish(), row.arena());
  if (row.is_null(1)) {
    for (; !rest.empty(); rest.remove_prefix(character_bytes(rest[0])))
      add(rest.substr(0, character_bytes(rest[0])));
  } else if (row.text(1).empty()) {
    add(rest);
  } else {
    const Text separator = row.text(1);
    for (;;) {
      const size_t end = rest.find(separator);
      add(rest.substr(0, end));
      if (end == Text::npos) break;
      rest.remove_prefix(end + separator.size());
    }
  }
  return bounded_result(writer.finish(), row.arena());
}

Function array_maker(Type element) {
  return {.name = "array",
          .arguments = {element},
          .result = array_of(element),
          .loop = loop_over_arguments<Text, make_array>,
          .explain = array_too_long,
          .variadic = true,
          .nulls = NullRule::never_null};
}

}  // namespace

const Function& array_function(Type element) {
  static const std::vector<Function> kMakers = [] {
    std::vector<Function> all;
    for (const Type type : all_types()) all.push_back(array_maker(type));
    return all;
  }();
  CHECK(!is_array(element));
  return kMakers[static_cast<size_t>(element)];
}

const Function& empty_array_function(Type element) {
  static const std::vector<Function> kMakers = [] {
    std::vector<Function> all;
    for (const Type type : all_types()) {
      all.push_back(array_maker(type));
      all.back().arguments.clear();
      all.back().variadic = false;
    }
    return all;
  }();
  CHECK(!is_array(element));
  return kMakers[static_cast<size_t>(element)];
}

std::vector<Function> array_functions() {
  constexpr Type text = Type::text;
  constexpr Type texts = array_of(Type::text);
  std::vector<Function> all;
  const auto sees_null = [](std::string_view name, std::vector<Type> arguments, Type result,
                            Loop loop, Kind kind = Kind::function) {
    return Function{.name = name,
                    .arguments = std::move(arguments),
                    .result = result,
                    .loop = loop,
                    .explain = array_too_long,
                    .kind = kind,
                    .nulls = NullRule::sees_null};
  };
  all.push_back({.name = "[]",
                 .arguments = {kAnyArray, kInteger},
                 .result = kAnyElement,
                 .loop = subscript,
                 .kind = Kind::operation,
                 .nulls = NullRule::sees_null});
  all.push_back({.name = "[:]",
                 .arguments = {kAnyArray, kInteger, kInteger},
                 .result = kAnyArray,
                 .loop = slice_array,
                 .explain = array_too_long,
                 .kind = Kind::operation});
  all.push_back(function_of<TrimArray>(
      {.name = "trim_array", .arguments = {kAnyArray, kInteger}, .result = kAnyArray}));

  all.push_back(function_of<Cardinality>(
      {.name = "cardinality", .arguments = {kAnyArray}, .result = kInteger}));
  for (const std::string_view name : {"array_length", "array_upper"})
    all.push_back(function_of<ArrayBound<false>>(
        {.name = name, .arguments = {kAnyArray, kInteger}, .result = kInteger}));
  all.push_back(function_of<ArrayBound<true>>(
      {.name = "array_lower", .arguments = {kAnyArray, kInteger}, .result = kInteger}));
  all.push_back(function_of<ArrayDimensions>(
      {.name = "array_ndims", .arguments = {kAnyArray}, .result = kInteger}));

  constexpr Type array = kCompatibleArray;
  constexpr Type element = kCompatibleElement;
  constexpr Loop kAppend = loop_over_arguments<Text, with_element_added<0, 1>>;
  constexpr Loop kPrepend = loop_over_arguments<Text, with_element_added<1, 0>>;
  constexpr Loop kConcatenate = loop_over_arguments<Text, concatenate>;
  all.push_back(sees_null("||", {array, array}, array, kConcatenate, Kind::operation));
  all.push_back(sees_null("||", {array, element}, array, kAppend, Kind::operation));
  all.push_back(sees_null("||", {element, array}, array, kPrepend, Kind::operation));
  all.push_back(sees_null("array_cat", {array, array}, array, kConcatenate));
  all.push_back(sees_null("array_append", {array, element}, array, kAppend));
  all.push_back(sees_null("array_prepend", {element, array}, array, kPrepend));

  for (const bool with_null : {false, true}) {
    const auto null_text = [with_null](std::vector<Type> types) {
      if (with_null) types.push_back(Type::text);
      return types;
    };
    all.push_back(sees_null("array_to_string", null_text({kAnyArray, text}), text,
                            loop_over_arguments<Text, array_to_string>));
    all.back().explain = array_text_too_long;
    all.push_back(sees_null("string_to_array", null_text({text, text}), texts,
                            loop_over_arguments<Text, string_to_array>));
  }
  return all;
}

}  // namespace turntable::sql
