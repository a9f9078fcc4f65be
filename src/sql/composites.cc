#include "sql/composites.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "sql/composite_functions.h"
#include "sql/identifiers.h"

namespace turntable::sql {
namespace {

bool is_null_value(const Node& node) {
  const auto* literal = std::get_if<Literal>(&node.what);
  return literal != nullptr && std::holds_alternative<std::monostate>(*literal);
}

// Of a row of no declared type: f1, f2, as PostgreSQL calls them. Nothing where it is none of so
// many.
std::optional<size_t> unnamed_field(std::string_view name, size_t fields) {
  size_t number = 0;
  if (!name.starts_with('f') || name.starts_with("f0") || !read_number(name.substr(1), number) ||
      number == 0 || number > fields)
    return std::nullopt;
  return number - 1;
}

}  // namespace

std::string Composites::name_of(const Bound& value) const {
  const auto& type = build_.node(value).composite;
  return type == nullptr ? "a row of no type" : printable(type->name);
}

Bound Composites::add_row(std::vector<NodeId> fields, std::shared_ptr<const CompositeType> type,
                          Location at, std::string text) {
  uint32_t tables = 0;
  for (const NodeId field : fields) tables |= build_.node({field}).tables;
  return {build_.pool().add(
      {.type = Type::composite,
       .what =
           Call{.function = &row_function(), .arguments = std::move(fields), .prepared = nullptr},
       .tables = tables,
       .at = at,
       .text = std::move(text),
       .composite = std::move(type)})};
}

Bound Composites::row(std::vector<Bound> fields, Location at, std::string text) {
  std::vector<NodeId> nodes;
  for (const Bound& field : fields) nodes.push_back(field.node);
  Bound made = add_row(std::move(nodes), nullptr, at, std::move(text));
  made.fields = std::make_shared<const std::vector<Bound>>(std::move(fields));
  return made;
}

std::optional<std::vector<Bound>> Composites::fields_of(const Bound& value) const {
  if (value.fields != nullptr) return *value.fields;
  const auto* call = std::get_if<Call>(&build_.node(value).what);
  if (call == nullptr || call->function != &row_function()) return std::nullopt;
  std::vector<Bound> fields;
  for (const NodeId field : call->arguments) fields.push_back({field});
  return fields;
}

MaybeBound Composites::cast(const Bound& value, const std::shared_ptr<const CompositeType>& to,
                            CastContext context, Location at) {
  const Node& from = build_.node(value);
  if (value.fields != nullptr) return cast_row(*value.fields, from.text, to, context, at);
  if (value.open && is_null_value(from))
    return Bound{build_.pool().add({.type = Type::composite,
                                    .what = Literal(),
                                    .tables = 0,
                                    .at = from.at,
                                    .text = from.text,
                                    .composite = to})};
  if (from.type == Type::composite && from.composite == to) return Bound{value.node};
  const std::string name = printable(to->name);
  if (value.open) {
    faults_.add(at, fmt::format("a text is not read as a {0} (yet): write ROW(…)::{0}", name));
  } else if (from.type == Type::composite) {
    faults_.add(at, fmt::format("{} is {}, and cannot be made a {}: write ROW(…)::{} of its fields",
                                from.text, name_of(value), name, name));
  } else {
    faults_.add(at, fmt::format("there is no cast from {} to {}: write ROW(…)::{}",
                                sql_name(from.type), name, name));
  }
  return std::nullopt;
}

MaybeBound Composites::cast_row(const std::vector<Bound>& fields, const std::string& text,
                                const std::shared_ptr<const CompositeType>& to, CastContext context,
                                Location at) {
  const Schema& wanted = to->fields;
  if (fields.size() != wanted.size()) {
    faults_.add(at, fmt::format("{} has {} {}, and {} has {}", text, fields.size(),
                                fields.size() == 1 ? "field" : "fields", printable(to->name),
                                wanted.size()));
    return std::nullopt;
  }
  std::vector<NodeId> made;
  bool good = true;
  for (size_t i = 0; i < fields.size(); ++i) {
    const MaybeBound field = cast_field(fields[i], wanted[i], context, at);
    good = good && field;
    if (field) made.push_back(field->node);
  }
  if (!good) return std::nullopt;
  return add_row(std::move(made), to, at, text);
}

MaybeBound Composites::cast_field(const Bound& value, const ColumnDef& to, CastContext context,
                                  Location at) {
  const Node& from = build_.node(value);
  const Location place = from.at.line > 0 ? from.at : at;
  if (to.composite != nullptr) return cast(value, to.composite, context, place);
  if (!value.open && !can_cast(from.type, to.type, context)) {
    const bool known = find_cast(from.type, to.type) != nullptr;
    faults_.add(
        place,
        fmt::format(
            "field {} is {}, but {} is {}{}", printable(to.name), sql_name(to), from.text,
            is_row(value) ? name_of(value) : std::string(sql_name(from.type)),
            known ? fmt::format(": write cast({} AS {})", from.text, sql_name(to.type)) : ""));
    return std::nullopt;
  }
  const Fitting fitting = context == CastContext::on_demand ? Fitting::written : Fitting::assigned;
  MaybeBound made = build_.cast(value, to.type, place);
  if (made) made = build_.fit(*made, to.modifier, fitting, place);
  return made ? build_.stored(*made, place) : std::nullopt;
}

MaybeBound Composites::field(const Bound& value, const std::string& name, Location at,
                             std::string text) {
  const Node from = build_.node(value);
  if (!is_row(value)) {
    faults_.add(at, fmt::format("{} is {}, which has no fields", from.text,
                                value.open ? "a text" : sql_name(from.type)));
    return std::nullopt;
  }
  const auto written = fields_of(value);
  std::vector<std::string> names;
  std::optional<size_t> number;
  if (from.composite == nullptr) {
    CHECK(written);
    number = unnamed_field(name, written->size());
  } else {
    for (const ColumnDef& field : from.composite->fields) names.push_back(field.name);
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) number = static_cast<size_t>(found - names.begin());
  }
  if (!number) {
    faults_.add(at, fmt::format("{} has no field {}.{}", name_of(value), printable(name),
                                did_you_mean_name(name, names)));
    return std::nullopt;
  }
  if (written) return (*written)[*number];
  const ColumnDef& field = from.composite->fields[*number];
  if (is_null_value(from))
    return Bound{build_.pool().add({.type = field.type,
                                    .what = Literal(),
                                    .tables = 0,
                                    .at = at,
                                    .text = std::move(text),
                                    .composite = field.composite})};
  const Function& function = field_function(field.type);
  auto prepared = build_.constants().prepare(function, field_constant(*number));
  CHECK(prepared);
  return Bound{build_.pool().add(
      {.type = field.type,
       .what = Call{.function = &function, .arguments = {value.node}, .prepared = *prepared},
       .tables = from.tables,
       .at = at,
       .text = std::move(text),
       .composite = field.composite})};
}

Bound Composites::add_test(const Function& test, NodeId of, Location at, std::string text) {
  return {
      build_.pool().add({.type = Type::boolean,
                         .what = Call{.function = &test, .arguments = {of}, .prepared = nullptr},
                         .tables = build_.node({of}).tables,
                         .at = at,
                         .text = std::move(text)})};
}

// Of a row that is written, each field by itself, as PostgreSQL does: what is false for one field
// is not asked of the others.
MaybeBound Composites::null_test(const Bound& value, bool is_null, Location at, std::string text) {
  const auto fields = fields_of(value);
  if (!fields)
    return add_test(row_null_function(is_null, RowNull::by_fields), value.node, at,
                    std::move(text));
  std::vector<Bound> tests;
  for (const Bound& field : *fields) {
    if (is_row(field)) {
      tests.push_back(
          add_test(row_null_function(is_null, RowNull::as_whole), field.node, at, text));
      continue;
    }
    const auto test = find_function(is_null ? "is null" : "is not null", Kind::operation,
                                    std::vector<ArgumentType>{build_.node(field).type});
    CHECK(test);
    const MaybeBound made = build_.call(*test, {field}, {at}, at, text);
    if (!made) return std::nullopt;
    tests.push_back(*made);
  }
  if (tests.empty()) return build_.literal(Type::boolean, true, at, std::move(text));
  if (tests.size() == 1) return tests[0];
  const std::vector<ArgumentType> booleans(tests.size(), Type::boolean);
  const auto all = find_function("and", Kind::operation, booleans);
  CHECK(all);
  return build_.call(*all, tests, std::vector<Location>(tests.size(), at), at, std::move(text));
}

}  // namespace turntable::sql
