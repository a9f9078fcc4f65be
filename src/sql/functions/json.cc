// Operators and functions that look into jsonb values:
// https://www.postgresql.org/docs/15/functions-json.html. They want no tree of the whole value
// where a part of it is asked for.
#include <algorithm>
#include <vector>

#include "sql/functions/array_rows.h"
#include "sql/functions/json_support.h"

namespace turntable::sql {
namespace {

using JsonKind = json::Value::Kind;
using JsonResult = std::optional<Nullable<Text>>;

// What a part of a value is given as: jsonb, or text. A jsonb that a column has as it came may hold
// what PostgreSQL's cannot, such as the character U+0000; a part of it is given as it came too.
template <bool as_text>
JsonResult given(JsonState& state, std::optional<Text> part, Arena& arena) {
  if (!part) return Nullable<Text>();
  if constexpr (as_text) {
    return state.as_text(*part, arena);
  } else {
    return Nullable<Text>(state.printed(*part, arena).value_or(*part));
  }
}

Reason no_part(Text json) {
  return bad_value(fmt::format("{} has what jsonb cannot hold", printable(json)));
}

template <bool as_text>
struct JsonFieldOf {
  static JsonResult call(JsonState& state, Nullable<Text> json, Text key, Arena& arena) {
    if (json.null) return Nullable<Text>();
    return given<as_text>(state, state.reader().field(json.value, key), arena);
  }
  static Reason why(JsonState&, Nullable<Text> json, Text, Arena&) { return no_part(json.value); }
};

template <bool as_text>
struct JsonElementOf {
  static JsonResult call(JsonState& state, Nullable<Text> json, int32_t index, Arena& arena) {
    if (json.null) return Nullable<Text>();
    return given<as_text>(state, state.reader().element(json.value, index), arena);
  }
  static Reason why(JsonState&, Nullable<Text> json, int32_t, Arena&) {
    return no_part(json.value);
  }
};

// A part that was found before, such as by the decoder.
template <bool as_text>
struct JsonWhole {
  static JsonResult call(JsonState& state, Nullable<Text> part, Arena& arena) {
    if (part.null) return Nullable<Text>();
    return given<as_text>(state, part.value, arena);
  }
  static Reason why(JsonState&, Nullable<Text> part, Arena&) { return no_part(part.value); }
};

// The value at the path; nothing where there is none.
std::optional<Text> at_path(json::Reader& reader, Text json, const std::vector<CellView>& path) {
  std::optional<Text> part = json;
  for (const CellView element : path) {
    // Blanks may stand in front of a value that is kept as it came.
    const size_t begin = part->find_first_not_of(" \t\n\r");
    const char first = begin == Text::npos ? '\0' : (*part)[begin];
    if (first == '{') {
      part = reader.field(*part, element.bytes());
    } else if (first == '[') {
      const auto index = path_index(element.bytes());
      part = index ? reader.element(*part, *index) : std::nullopt;
    } else {
      part = std::nullopt;
    }
    if (!part) break;
  }
  return part;
}

bool any_is_null(const std::vector<CellView>& path) {
  return std::any_of(path.begin(), path.end(), [](CellView element) { return element.is_null(); });
}

template <bool as_text>
struct JsonAtPath {
  static JsonResult call(JsonState& state, Nullable<Text> json, Text path, Arena& arena) {
    if (json.null) return Nullable<Text>();
    const auto elements = cells_of(path);
    if (any_is_null(elements)) return Nullable<Text>();
    return given<as_text>(state, at_path(state.reader(), json.value, elements), arena);
  }
  static Reason why(JsonState&, Nullable<Text> json, Text, Arena&) { return no_part(json.value); }
};

// jsonb_extract_path(json, 'a', 'b'): any number of texts.
template <bool as_text>
void extract_path(Frame& frame) {
  JsonState& state = static_cast<JsonState&>(*frame.state);
  auto* const out = frame.result.data<Text>();
  State* const states = frame.result.states();
  for (const uint32_t row : frame.rows) {
    const RowArguments arguments(frame, row);
    states[row] = State::failed;
    if (arguments.any_failed()) continue;
    states[row] = State::null;
    if (arguments.any_null()) continue;
    std::vector<CellView> path;
    for (size_t i = 1; i < arguments.size(); ++i) path.emplace_back(arguments.text(i));
    const JsonResult made =
        given<as_text>(state, at_path(state.reader(), arguments.text(0), path), frame.arena);
    states[row] = !made ? State::failed : made->null ? State::null : State::value;
    if (made) out[row] = made->value;
  }
}

Reason why_no_extract(const CallInput& input, uint32_t row) {
  return no_part(input.arguments[0]->get<Text>(row));
}

// --- ?, ?|, ?&

bool has_key(const json::Value& value, Text key) {
  if (value.kind == JsonKind::object) return value.field(key) != nullptr;
  if (value.kind == JsonKind::string) return value.text == key;
  return value.kind == JsonKind::array &&
         std::any_of(value.members.begin(), value.members.end(), [key](const json::Member& member) {
           return member.value.kind == JsonKind::string && member.value.text == key;
         });
}

struct JsonHasKey {
  static std::optional<uint8_t> call(JsonState& state, Text json, Text key) {
    const auto value = state.read(json);
    if (!value) return std::nullopt;
    return has_key(*value, key) ? 1 : 0;
  }
  static Reason why(JsonState&, Text json, Text) { return no_part(json); }
};

template <bool any>
struct JsonHasKeys {
  static std::optional<uint8_t> call(JsonState& state, Text json, Text keys) {
    const auto value = state.read(json);
    if (!value) return std::nullopt;
    for (const CellView key : cells_of(keys))
      if (!key.is_null() && has_key(*value, key.bytes()) == any) return any ? 1 : 0;
    return any ? 0 : 1;
  }
  static Reason why(JsonState&, Text json, Text) { return no_part(json); }
};

// --- @>, <@

template <bool swapped>
struct JsonContains {
  static std::optional<uint8_t> call(JsonState& state, Text left, Text right) {
    const auto outer = state.read(swapped ? right : left);
    const auto inner = state.read(swapped ? left : right);
    if (!outer || !inner) return std::nullopt;
    return json::contains(*outer, *inner) ? 1 : 0;
  }
  static Reason why(JsonState& state, Text left, Text right) {
    return no_part(state.read(left) ? right : left);
  }
};

// --- Kinds and sizes

struct JsonTypeof {
  static std::optional<Text> call(JsonState& state, Text json) {
    const auto value = state.read(json);
    if (!value) return std::nullopt;
    return kind_text(value->kind);
  }
  static Reason why(JsonState&, Text json) { return no_part(json); }
};

struct JsonArrayLength {
  static std::optional<int32_t> call(JsonState& state, Text json) {
    const auto value = state.read(json);
    if (!value || value->kind != JsonKind::array) return std::nullopt;
    return static_cast<int32_t>(value->members.size());
  }
  static Reason why(JsonState&, Text json) {
    return bad_value(fmt::format("{} is no array", printable(json)));
  }
};

}  // namespace

const Function& json_part_function(bool as_text) {
  static const Function kJson = function_of<JsonWhole<false>>({.name = "->",
                                                               .arguments = {Type::jsonb},
                                                               .result = Type::jsonb,
                                                               .kind = Kind::operation,
                                                               .costly = true});
  static const Function kText = function_of<JsonWhole<true>>({.name = "->>",
                                                              .arguments = {Type::jsonb},
                                                              .result = Type::text,
                                                              .kind = Kind::operation,
                                                              .costly = true});
  return as_text ? kText : kJson;
}

std::vector<Function> json_functions() {
  constexpr Type jsonb = Type::jsonb;
  constexpr Type text = Type::text;
  constexpr Type texts = array_of(Type::text);
  std::vector<Function> all;
  const auto add_operator = [&all]<class F>(std::type_identity<F>, std::string_view name,
                                            Type right, Type result) {
    all.push_back(function_of<F>({.name = name,
                                  .arguments = {Type::jsonb, right},
                                  .result = result,
                                  .kind = Kind::operation,
                                  .costly = true}));
  };
  add_operator(std::type_identity<JsonFieldOf<false>>(), "->", text, jsonb);
  add_operator(std::type_identity<JsonElementOf<false>>(), "->", Type::int32, jsonb);
  add_operator(std::type_identity<JsonFieldOf<true>>(), "->>", text, text);
  add_operator(std::type_identity<JsonElementOf<true>>(), "->>", Type::int32, text);
  add_operator(std::type_identity<JsonAtPath<false>>(), "#>", texts, jsonb);
  add_operator(std::type_identity<JsonAtPath<true>>(), "#>>", texts, text);
  add_operator(std::type_identity<JsonHasKey>(), "?", text, Type::boolean);
  add_operator(std::type_identity<JsonHasKeys<true>>(), "?|", texts, Type::boolean);
  add_operator(std::type_identity<JsonHasKeys<false>>(), "?&", texts, Type::boolean);
  add_operator(std::type_identity<JsonContains<false>>(), "@>", jsonb, Type::boolean);
  add_operator(std::type_identity<JsonContains<true>>(), "<@", jsonb, Type::boolean);

  const auto extract = [](std::string_view name, Type result, Loop loop) {
    return Function{.name = name,
                    .arguments = {Type::jsonb, Type::text},
                    .result = result,
                    .loop = loop,
                    .explain = why_no_extract,
                    .variadic = true,
                    .nulls = NullRule::sees_null,
                    .open_state = open_json,
                    .costly = true};
  };
  all.push_back(extract("jsonb_extract_path", jsonb, extract_path<false>));
  all.push_back(extract("jsonb_extract_path_text", text, extract_path<true>));
  all.push_back(function_of<JsonTypeof>(
      {.name = "jsonb_typeof", .arguments = {jsonb}, .result = text, .costly = true}));
  all.push_back(function_of<JsonArrayLength>(
      {.name = "jsonb_array_length", .arguments = {jsonb}, .result = Type::int32, .costly = true}));
  return all;
}

}  // namespace turntable::sql
