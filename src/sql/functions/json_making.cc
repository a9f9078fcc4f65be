// Operators and functions that make jsonb values, or change them:
// https://www.postgresql.org/docs/15/functions-json.html.
#include <algorithm>
#include <string>
#include <vector>

#include "json/json_number.h"
#include "sql/functions/array_rows.h"
#include "sql/functions/json_support.h"
#include "sql/functions/text_form.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

using json::Member;
using json::Value;
using JsonKind = json::Value::Kind;

std::optional<Text> bounded_json(const Value& value, Arena& arena) {
  std::string out;
  json::append_text(out, value);
  if (out.size() > kResultBytesLimit) return std::nullopt;
  return arena.copy(out);
}

// --- From values of other types

Value json_string(std::string text) {
  Value value;
  value.kind = JsonKind::string;
  value.text = std::move(text);
  return value;
}

// Numbers that JSON has no form for, such as NaN, are strings.
Value json_number(Text text) {
  Value value;
  const bool is_number = text.find_first_of("NI") == Text::npos;
  value.kind = is_number ? JsonKind::number : JsonKind::string;
  value.text = is_number ? json::numeric_form(text).value_or("0") : std::string(text);
  return value;
}

// 2024-03-03T10:15:00.25+00:00 of what PostgreSQL prints otherwise.
std::string iso_time_text(Text text, bool has_zone) {
  std::string out(text);
  const size_t blank = out.find(' ');
  if (blank == std::string::npos) return out;  // "infinity"
  out[blank] = 'T';
  if (has_zone) out.insert(out.find("+00") + 3, ":00");
  return out;
}

// Nothing where a jsonb is none that jsonb can hold.
std::optional<Value> json_of(JsonState& state, const Column& column, uint32_t row, Arena& arena) {
  Value made;
  if (column.is_null(row)) return made;
  const Type type = column.type();
  if (is_array(type)) {
    made.kind = JsonKind::array;
    Column element(element_of(type));
    element.reset(1);
    for (ArrayReader reader(column.get<Text>(row)); !reader.done();) {
      set_element(element, 0, reader.next());
      auto value = json_of(state, element, 0, arena);
      if (!value) return std::nullopt;
      made.members.push_back({.key = {}, .value = std::move(*value)});
    }
    return made;
  }
  if (type == Type::jsonb) return state.read(column.get<Text>(row));
  const Text text = text_form(column, row, BooleanForm::word, arena);
  switch (type) {
    case Type::boolean:
      made.kind = JsonKind::boolean;
      made.boolean = column.get<uint8_t>(row) != 0;
      return made;
    case Type::int16:
    case Type::int32:
    case Type::int64:
    case Type::float32:
    case Type::float64:
    case Type::numeric:
      return json_number(text);
    case Type::timestamp:
      return json_string(iso_time_text(text, false));
    case Type::timestamptz:
      return json_string(iso_time_text(text, true));
    default:
      return json_string(std::string(text));
  }
}

// A row's arguments as values, by a function that makes one value of them.
template <std::optional<Value> (*make)(JsonState& state, const RowArguments& row), bool strict>
void loop_making_json(Frame& frame) {
  JsonState& state = static_cast<JsonState&>(*frame.state);
  auto* const out = frame.result.data<Text>();
  State* const states = frame.result.states();
  for (const uint32_t row : frame.rows) {
    const RowArguments arguments(frame, row);
    states[row] = State::failed;
    if (arguments.any_failed()) continue;
    if (strict && arguments.any_null()) {
      states[row] = State::null;
      continue;
    }
    const auto made = make(state, arguments);
    const auto text = made ? bounded_json(*made, frame.arena) : std::nullopt;
    if (!text) continue;
    states[row] = State::value;
    out[row] = *text;
  }
}

std::optional<Value> to_jsonb(JsonState& state, const RowArguments& row) {
  return json_of(state, row.column(0), row.row(), row.arena());
}

std::optional<Value> build_array(JsonState& state, const RowArguments& row) {
  Value made;
  made.kind = JsonKind::array;
  for (size_t i = 0; i < row.size(); ++i) {
    auto value = json_of(state, row.column(i), row.row(), row.arena());
    if (!value) return std::nullopt;
    made.members.push_back({.key = {}, .value = std::move(*value)});
  }
  return made;
}

bool is_no_key(const RowArguments& row, size_t i) {
  return row.is_null(i) || is_array(row.type(i)) || row.type(i) == Type::jsonb;
}

// A key as it would be written in JSON, but for the quotes.
std::string key_text(const RowArguments& row, size_t i) {
  const Text text = text_form(row.column(i), row.row(), BooleanForm::word, row.arena());
  if (row.type(i) == Type::timestamp || row.type(i) == Type::timestamptz)
    return iso_time_text(text, row.type(i) == Type::timestamptz);
  return std::string(text);
}

std::optional<Value> build_object(JsonState& state, const RowArguments& row) {
  Value made;
  made.kind = JsonKind::object;
  if (row.size() % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < row.size(); i += 2) {
    if (is_no_key(row, i)) return std::nullopt;
    auto value = json_of(state, row.column(i + 1), row.row(), row.arena());
    if (!value) return std::nullopt;
    made.members.push_back({.key = key_text(row, i), .value = std::move(*value)});
  }
  json::sort_fields(made.members);
  return made;
}

Reason why_no_value(const CallInput& input, uint32_t row) {
  JsonState state;
  for (const Column* argument : input.arguments)
    if (argument->state(row) == State::value && !json_of(state, *argument, row, input.arena))
      return bad_value("an argument has what jsonb cannot hold");
  return too_long();
}

Reason why_no_object(const CallInput& input, uint32_t row) {
  const RowArguments arguments(input, row);
  if (arguments.size() % 2 != 0)
    return bad_value("it takes keys and values in turn, an even number of arguments");
  for (size_t i = 0; i < arguments.size(); i += 2)
    if (is_no_key(arguments, i))
      return bad_value(
          fmt::format("argument {} is a key, which is neither NULL, array nor jsonb", i + 1));
  return why_no_value(input, row);
}

// --- ||

// Values that are no objects are joined as arrays; what is no array is one of one element.
void append_elements(Value& array, Value from) {
  if (from.kind != JsonKind::array) {
    array.members.push_back({.key = {}, .value = std::move(from)});
    return;
  }
  for (Member& member : from.members) array.members.push_back(std::move(member));
}

Value joined_json(Value left, Value right) {
  if (left.kind == JsonKind::object && right.kind == JsonKind::object) {
    for (Member& member : right.members) left.members.push_back(std::move(member));
    json::sort_fields(left.members);
    return left;
  }
  Value array;
  array.kind = JsonKind::array;
  append_elements(array, std::move(left));
  append_elements(array, std::move(right));
  return array;
}

struct JsonConcatenate {
  static std::optional<Text> call(JsonState& state, Text left, Text right, Arena& arena) {
    auto a = state.read(left);
    auto b = state.read(right);
    if (!a || !b) return std::nullopt;
    return bounded_json(joined_json(std::move(*a), std::move(*b)), arena);
  }
  static Reason why(JsonState& state, Text left, Text right, Arena&) {
    if (!state.read(left)) return no_jsonb(left);
    if (!state.read(right)) return no_jsonb(right);
    return too_long();
  }
};

// --- -, #-

bool is_key_or_element(const Value& parent, const Member& member, Text name) {
  if (parent.kind == JsonKind::object) return member.key == name;
  return member.value.kind == JsonKind::string && member.value.text == name;
}

Reason no_deletion(JsonState& state, Text json, std::string_view from) {
  return state.read(json) ? bad_value(fmt::format("nothing can be deleted from {}", from))
                          : no_jsonb(json);
}

struct JsonDeleteKey {
  static std::optional<Text> call(JsonState& state, Text json, Text key, Arena& arena) {
    auto value = state.read(json);
    if (!value || !value->is_container()) return std::nullopt;
    std::erase_if(value->members,
                  [&](const Member& member) { return is_key_or_element(*value, member, key); });
    return bounded_json(*value, arena);
  }
  static Reason why(JsonState& state, Text json, Text, Arena&) {
    return no_deletion(state, json, "a scalar");
  }
};

struct JsonDeleteKeys {
  static std::optional<Text> call(JsonState& state, Text json, Text keys, Arena& arena) {
    auto value = state.read(json);
    if (!value || !value->is_container()) return std::nullopt;
    for (const CellView key : cells_of(keys)) {
      if (key.is_null()) continue;
      std::erase_if(value->members, [&](const Member& member) {
        return is_key_or_element(*value, member, key.bytes());
      });
    }
    return bounded_json(*value, arena);
  }
  static Reason why(JsonState& state, Text json, Text, Arena&) {
    return no_deletion(state, json, "a scalar");
  }
};

// The place of an element, which may be counted from the end; nothing where there is none.
std::optional<size_t> place_of(const Value& array, int64_t index) {
  const auto size = static_cast<int64_t>(array.members.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) return std::nullopt;
  return static_cast<size_t>(index);
}

void erase_element(Value& array, int64_t index) {
  if (const auto place = place_of(array, index))
    array.members.erase(array.members.begin() + static_cast<ptrdiff_t>(*place));
}

struct JsonDeleteElement {
  static std::optional<Text> call(JsonState& state, Text json, int32_t index, Arena& arena) {
    auto value = state.read(json);
    if (!value || value->kind != JsonKind::array) return std::nullopt;
    erase_element(*value, index);
    return bounded_json(*value, arena);
  }
  static Reason why(JsonState& state, Text json, int32_t, Arena&) {
    return no_deletion(state, json, "a scalar or an object by an index");
  }
};

// Why it cannot be done; what is not there is not deleted, which is no fault.
std::optional<std::string> delete_path(Value& root, const std::vector<CellView>& path) {
  if (!root.is_container()) return "nothing can be deleted from a scalar";
  if (root.members.empty() || path.empty()) return std::nullopt;
  Value* value = &root;
  for (size_t level = 0; level < path.size(); ++level) {
    if (path[level].is_null()) return fmt::format("element {} of the path is NULL", level + 1);
    const Text name = path[level].bytes();
    const bool last = level + 1 == path.size();
    if (value->kind == JsonKind::object) {
      const auto found = std::find_if(value->members.begin(), value->members.end(),
                                      [&](const Member& member) { return member.key == name; });
      if (found == value->members.end()) return std::nullopt;
      if (last) {
        value->members.erase(found);
        return std::nullopt;
      }
      value = &found->value;
    } else if (value->kind == JsonKind::array) {
      const auto index = path_index(name);
      if (!index) return fmt::format("element {} of the path is no int", level + 1);
      if (last) {
        erase_element(*value, *index);
        return std::nullopt;
      }
      const auto place = place_of(*value, *index);
      if (!place) return std::nullopt;
      value = &value->members[*place].value;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

struct JsonDeletePath {
  static std::optional<Text> call(JsonState& state, Text json, Text path, Arena& arena) {
    auto value = state.read(json);
    if (!value || delete_path(*value, cells_of(path))) return std::nullopt;
    return bounded_json(*value, arena);
  }
  static Reason why(JsonState& state, Text json, Text path, Arena&) {
    auto value = state.read(json);
    if (!value) return no_jsonb(json);
    return bad_value(delete_path(*value, cells_of(path)).value_or("it is too long"));
  }
};

// --- Other forms

void strip_nulls(Value& value) {
  if (value.kind == JsonKind::object)
    std::erase_if(value.members,
                  [](const Member& member) { return member.value.kind == JsonKind::null; });
  for (Member& member : value.members) strip_nulls(member.value);
}

struct JsonStripNulls {
  static std::optional<Text> call(JsonState& state, Text json, Arena& arena) {
    auto value = state.read(json);
    if (!value) return std::nullopt;
    strip_nulls(*value);
    return bounded_json(*value, arena);
  }
  static Reason why(JsonState&, Text json, Arena&) { return no_jsonb(json); }
};

struct JsonPretty {
  static std::optional<Text> call(JsonState& state, Text json, Arena& arena) {
    const auto value = state.read(json);
    // Every member has its line with as many blanks as it is deep, which is more than the text has.
    if (!value) return std::nullopt;
    std::string out;
    if (!json::append_pretty(out, *value, kResultBytesLimit)) return std::nullopt;
    return arena.copy(out);
  }
  static Reason why(JsonState& state, Text json, Arena&) {
    return state.read(json) ? too_long() : no_jsonb(json);
  }
};

}  // namespace

std::vector<Function> json_making_functions() {
  constexpr Type jsonb = Type::jsonb;
  std::vector<Function> all;
  const auto add = [&all]<class F>(std::type_identity<F>, std::string_view name,
                                   std::vector<Type> arguments, Type result, Kind kind) {
    all.push_back(function_of<F>({.name = name,
                                  .arguments = std::move(arguments),
                                  .result = result,
                                  .kind = kind,
                                  .costly = true}));
  };
  const auto operation = Kind::operation;
  add(std::type_identity<JsonConcatenate>(), "||", {jsonb, jsonb}, jsonb, operation);
  add(std::type_identity<JsonDeleteKey>(), "-", {jsonb, Type::text}, jsonb, operation);
  add(std::type_identity<JsonDeleteKeys>(), "-", {jsonb, array_of(Type::text)}, jsonb, operation);
  add(std::type_identity<JsonDeleteElement>(), "-", {jsonb, Type::int32}, jsonb, operation);
  add(std::type_identity<JsonDeletePath>(), "#-", {jsonb, array_of(Type::text)}, jsonb, operation);
  add(std::type_identity<JsonStripNulls>(), "jsonb_strip_nulls", {jsonb}, jsonb, Kind::function);
  add(std::type_identity<JsonPretty>(), "jsonb_pretty", {jsonb}, Type::text, Kind::function);

  for (const Type any : {kAnyElement, kAnyArray})
    all.push_back({.name = "to_jsonb",
                   .arguments = {any},
                   .result = jsonb,
                   .loop = loop_making_json<to_jsonb, true>,
                   .explain = why_no_value,
                   .open_state = open_json,
                   .costly = true});
  const auto builder = [](std::string_view name, std::vector<Type> arguments, Loop loop,
                          Explain explain) {
    const bool variadic = !arguments.empty();
    return Function{.name = name,
                    .arguments = std::move(arguments),
                    .result = Type::jsonb,
                    .loop = loop,
                    .explain = explain,
                    .variadic = variadic,
                    .nulls = NullRule::never_null,
                    .typing = Typing::any_types,
                    .open_state = open_json,
                    .costly = true};
  };
  all.push_back(builder("jsonb_build_array", {Type::text}, loop_making_json<build_array, false>,
                        why_no_value));
  all.push_back(
      builder("jsonb_build_array", {}, loop_making_json<build_array, false>, why_no_value));
  all.push_back(builder("jsonb_build_object", {Type::text, Type::text},
                        loop_making_json<build_object, false>, why_no_object));
  all.push_back(
      builder("jsonb_build_object", {}, loop_making_json<build_object, false>, why_no_object));
  return all;
}

}  // namespace turntable::sql
