#include "sql/array_casts.h"

#include <fmt/format.h>

#include <memory>
#include <numeric>
#include <optional>

#include "sql/functions/array_rows.h"

namespace turntable::sql {
namespace {

RowResult<Text> array_to_text(const RowArguments& row) {
  if (row.is_null(0)) return Nullable<Text>();
  std::string out;
  append_array_text(out, element_of(row.type(0)), row.text(0), row.arena());
  return bounded_result(out, row.arena());
}

Reason why_no_text(const CallInput&, uint32_t) {
  return too_long();
}

// Elements, each of them cast by itself. They and the arena must outlive this.
class CastElements {
 public:
  CastElements(const Function& cast, const Column& elements, Arena& arena)
      : argument_(&elements),
        state_(cast.open_state == nullptr ? nullptr : cast.open_state()),
        input_{.arguments = {&argument_, 1}, .arena = arena, .state = state_.get()},
        values_(cast.result) {
    Selection all(elements.rows());
    std::iota(all.begin(), all.end(), 0);
    values_.reset(elements.rows());
    Frame frame{input_, all, values_};
    cast.loop(frame);
  }
  CastElements(const CastElements&) = delete;
  CastElements& operator=(const CastElements&) = delete;

  [[nodiscard]] const CallInput& input() const { return input_; }
  [[nodiscard]] const Column& values() const { return values_; }

 private:
  const Column* argument_;
  std::unique_ptr<FunctionState> state_;
  CallInput input_;
  Column values_;
};

// Casts the elements of all rows at once, and puts them together again. `from` has the elements of
// each of `rows`.
void cast_elements(Frame& frame, const FlatElements& from, const Selection& rows) {
  const Type to = element_of(frame.result.type());
  std::optional<CastElements> cast;
  if (from.values.type() != to)
    cast.emplace(find_cast(from.values.type(), to)->function, from.values, frame.arena);
  const Column* const made = cast ? &cast->values() : &from.values;
  for (size_t number = 0; number < rows.size(); ++number) {
    const uint32_t row = rows[number];
    if (frame.result.state(row) != State::value) continue;
    ArrayWriter writer;
    bool good = true;
    for (uint32_t at = from.begin(number); good && at < from.end(number); ++at) {
      good = made->state(at) != State::failed && writer.elements().size() <= kResultBytesLimit;
      if (!good) break;
      append_cell(writer.elements(), *made, at);
      writer.count_element();
    }
    if (good) {
      frame.result.set(row, frame.arena.copy(writer.finish()));
    } else {
      frame.result.states()[row] = State::failed;
    }
  }
}

void cast_array(Frame& frame) {
  const Column& arrays = *frame.arguments[0];
  for (const uint32_t row : frame.rows) frame.result.states()[row] = arrays.state(row);
  FlatElements elements(element_of(arrays.type()));
  elements.take(arrays, frame.rows);
  cast_elements(frame, elements, frame.rows);
}

// The texts of the elements as arrays of text; a text that is no array fails its row.
Column arrays_of_texts(const Column& texts, const Selection& rows, Arena& arena) {
  Column arrays(array_of(Type::text));
  arrays.reset(texts.rows());
  for (const uint32_t row : rows) {
    arrays.states()[row] = texts.state(row);
    if (texts.state(row) != State::value) continue;
    const auto elements = split_array_text(texts.get<Text>(row));
    if (!elements) {
      arrays.states()[row] = State::failed;
      continue;
    }
    ArrayWriter writer;
    for (const auto& element : *elements) {
      if (element) {
        append_view_cell(writer.elements(), *element);
      } else {
        append_null_cell(writer.elements());
      }
      writer.count_element();
    }
    arrays.set(row, arena.copy(writer.finish()));
  }
  return arrays;
}

void cast_text_to_array(Frame& frame) {
  const Column arrays = arrays_of_texts(*frame.arguments[0], frame.rows, frame.arena);
  for (const uint32_t row : frame.rows) frame.result.states()[row] = arrays.state(row);
  FlatElements elements(Type::text);
  elements.take(arrays, frame.rows);
  cast_elements(frame, elements, frame.rows);
}

// Why one of the elements of that row cannot be cast.
Reason why_element(const Column& arrays, uint32_t row, Type to, Arena& arena) {
  FlatElements elements(element_of(arrays.type()));
  elements.take(arrays, {row});
  const Cast* const cast =
      elements.values.type() == to ? nullptr : find_cast(elements.values.type(), to);
  if (cast != nullptr) {
    const CastElements made(cast->function, elements.values, arena);
    for (uint32_t at = 0; at < elements.size(); ++at)
      if (made.values().state(at) == State::failed) return cast->function.explain(made.input(), at);
  }
  return array_too_long({.arguments = {}, .arena = arena}, row);
}

template <Type to>
Reason why_not_cast(const CallInput& input, uint32_t row) {
  return why_element(*input.arguments[0], row, to, input.arena);
}

template <Type to>
Reason why_no_array(const CallInput& input, uint32_t row) {
  const Column arrays = arrays_of_texts(*input.arguments[0], {row}, input.arena);
  if (arrays.state(row) == State::failed)
    return bad_value(fmt::format("'{}' is no array of {}: it is written {{a,b}}",
                                 printable(input.arguments[0]->get<Text>(row)), sql_name(to)));
  return why_element(arrays, row, to, input.arena);
}

Cast array_cast(Type from, Type to, CastContext context, Loop loop, Explain explain) {
  return {context,
          {.name = "cast",
           .arguments = {from},
           .result = to,
           .loop = loop,
           .explain = explain,
           .kind = Kind::cast}};
}

template <Type to>
void add_casts_to(std::vector<Cast>& all) {
  constexpr Type array = array_of(to);
  all.push_back(array_cast(array, Type::text, CastContext::assignment,
                           loop_over_arguments<Text, array_to_text>, why_no_text));
  if (to == Type::text || find_cast(Type::text, to) != nullptr)
    all.push_back(array_cast(Type::text, array, CastContext::on_demand, cast_text_to_array,
                             why_no_array<to>));
  for (const Type from : all_types()) {
    const Cast* const element = from == to ? nullptr : find_cast(from, to);
    if (element == nullptr) continue;
    all.push_back(
        array_cast(array_of(from), array, element->context, cast_array, why_not_cast<to>));
  }
}

template <Type... types>
std::vector<Cast> casts_to() {
  std::vector<Cast> all;
  (add_casts_to<types>(all), ...);
  return all;
}

}  // namespace

std::vector<Cast> array_casts() {
  using enum Type;
  return casts_to<boolean, int16, int32, int64, float32, float64, numeric, text, bytes, date, time,
                  timestamp, timestamptz, interval, uuid, jsonb>();
}

}  // namespace turntable::sql
