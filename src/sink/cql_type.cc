#include "sink/cql_type.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

using Kind = CqlType::Kind;

struct Named {
  std::string_view name;
  Kind kind;
};

constexpr auto kNames = std::to_array<Named>({
    {"ascii", Kind::ascii},
    {"bigint", Kind::bigint},
    {"blob", Kind::blob},
    {"boolean", Kind::boolean},
    {"counter", Kind::counter},
    {"date", Kind::date},
    {"decimal", Kind::decimal},
    {"double", Kind::double_},
    {"duration", Kind::duration},
    {"float", Kind::float_},
    {"inet", Kind::inet},
    {"int", Kind::int_},
    {"smallint", Kind::smallint},
    {"text", Kind::text},
    {"time", Kind::time},
    {"timestamp", Kind::timestamp},
    {"timeuuid", Kind::timeuuid},
    {"tinyint", Kind::tinyint},
    {"uuid", Kind::uuid},
    {"varchar", Kind::text},
    {"varint", Kind::varint},
    {"list", Kind::list},
    {"map", Kind::map},
    {"set", Kind::set},
    {"tuple", Kind::tuple},
    {"udt", Kind::udt},
    {"vector", Kind::vector},
    {sqlite::kMicrosTypeName, Kind::timestamp_micros},
    {sqlite::kLocalTypeName, Kind::timestamp_local},
    {"interval", Kind::interval},
});

Kind kind_of(std::string_view name) {
  const auto found = std::find_if(kNames.begin(), kNames.end(),
                                  [&](const Named& named) { return named.name == name; });
  return found == kNames.end() ? Kind::unknown : found->kind;
}

// "a, b<c, d>" as "a" and "b<c, d>". What stands in double quotes is a name.
std::vector<std::string_view> arguments(std::string_view text) {
  std::vector<std::string_view> out;
  size_t begin = 0;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (quoted) continue;
    if (text[i] == '<') ++depth;
    if (text[i] == '>') --depth;
    if (text[i] == ',' && depth == 0) {
      out.push_back(trim(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  out.push_back(trim(text.substr(begin)));
  return out;
}

// The name in front of a field, which loses it: "the ""name""": text.
std::optional<std::string> take_name(std::string_view& field) {
  if (!field.starts_with('"')) return std::nullopt;
  std::string name;
  size_t i = 1;
  for (; i < field.size(); ++i) {
    if (field[i] == '"' && (++i == field.size() || field[i] != '"')) break;
    name.push_back(field[i]);
  }
  if (i >= field.size() || field[i] != ':' || !is_utf8(name)) return std::nullopt;
  field.remove_prefix(i + 1);
  return name;
}

bool right_count(Kind kind, size_t parts) {
  switch (kind) {
    case Kind::list:
    case Kind::set:
      return parts == 1;
    case Kind::map:
    case Kind::vector:
      return parts == 2;
    case Kind::tuple:
    case Kind::udt:
      return parts >= 1;
    default:
      return false;
  }
}

CqlType parse(std::string_view name, int depth) {
  name = trim(name);
  const size_t open = name.find('<');
  if (open == std::string_view::npos) {
    const Kind kind = kind_of(name);
    return {.kind = kind >= Kind::list ? Kind::unknown : kind, .parts = {}};
  }
  if (name.back() != '>' || depth > kTypeDepthLimit) return {};
  const std::string_view outer = name.substr(0, open);
  const auto inner = arguments(name.substr(open + 1, name.size() - open - 2));
  if (outer == "frozen" && inner.size() == 1) return parse(inner[0], depth + 1);
  CqlType type{.kind = kind_of(outer), .parts = {}};
  if (!right_count(type.kind, inner.size())) return {};
  if (type.kind == Kind::vector) {
    if (!read_number(inner[1], type.elements)) return {};
    type.parts.push_back(parse(inner[0], depth + 1));
    return type;
  }
  if (type.kind == Kind::udt) {
    for (std::string_view part : inner) {
      auto field = take_name(part);
      if (!field) return {};
      type.names.push_back(std::move(*field));
      type.parts.push_back(parse(part, depth + 1));
    }
    return type;
  }
  for (const std::string_view part : inner) type.parts.push_back(parse(part, depth + 1));
  return type;
}

}  // namespace

CqlType parse_cql_type(std::string_view name) {
  return parse(name, 0);
}

}  // namespace turntable
