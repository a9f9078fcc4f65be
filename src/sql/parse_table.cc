#include "sql/parse_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "sql/type_modifiers.h"

namespace turntable::sql {
namespace {

void refuse_constraint(ParseContext& context, const PgNode* node) {
  const PgQuery__ConstrType type = node->constraint->contype;
  if (type == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY) {
    context.fault(context.at(node),
                  "PRIMARY KEY is not supported here: a sink's key is its option primary_key");
  } else {
    context.refuse(context.at(node), constraint_name(type));
  }
}

// What may be meant is a column called like, as in `like text`.
void refuse_like(ParseContext& context, const PgQuery__TableLikeClause& like) {
  context.refuse(context.at(like.relation->location), "LIKE a table",
                 "a column called like is written \"like\", in double quotes");
}

// Types that are written otherwise, or not there, in lower case: what comes nearest here.
struct OtherType {
  std::string_view name;
  std::string_view ours;
};
constexpr OtherType kOtherTypes[] = {
    {"string", "text"},
    {"nvarchar", "text"},
    {"char", "varchar(n) or text"},
    {"character", "varchar(n) or text"},
    {"character varying", "text"},
    {"bpchar", "varchar(n) or text"},
    {"clob", "text"},
    {"tinyint", "smallint"},
    {"mediumint", "int"},
    {"int32", "int"},
    {"int64", "bigint"},
    {"long", "bigint"},
    {"serial", "int"},
    {"bigserial", "bigint"},
    {"float32", "real"},
    {"float64", "double precision"},
    {"number", "numeric"},
    {"timestamp_ltz", "timestamptz"},
    {"timestamp_ntz", "timestamp"},
    {"datetime", "timestamptz"},
    {"json", "jsonb"},
    {"variant", "jsonb"},
    {"map", "jsonb"},
    {"struct", "jsonb"},
    {"row", "jsonb"},
    {"blob", "bytea"},
    {"binary", "bytea"},
    {"varbinary", "bytea"},
    {"bytes", "bytea"},
};

// `written`: as in the file; `name`: as libpg_query calls it.
std::string unknown_type_text(const std::string& written, const std::string& name,
                              const std::vector<TypeDef>& declared) {
  std::vector<std::string> names = type_names();
  for (const TypeDef& type : declared) names.push_back(type.name);
  std::string all;
  for (const Type type : all_types())
    all += fmt::format("{}{}", all.empty() ? "" : ", ", sql_name(type));
  const auto* const other = std::find_if(
      std::begin(kOtherTypes), std::end(kOtherTypes),
      [&](const OtherType& type) { return type.name == lowercase(written) || type.name == name; });
  const std::string hint = other != std::end(kOtherTypes) ? fmt::format(" Write {}.", other->ours)
                                                          : did_you_mean(written, names);
  return fmt::format("there is no type {}.{} Types are {}", printable(written), hint, all);
}

// Nothing, and a fault, where the type takes no such modifier.
std::optional<TypeModifier> parse_modifier(ParseContext& context, const PgQuery__TypeName& name,
                                           Type type, Location place) {
  TypeModifier modifier;
  if (name.n_typmods == 0) return modifier;
  std::vector<int32_t> numbers;
  for (const PgNode* node : list(name.n_typmods, name.typmods))
    if (node->node_case == PG_QUERY__NODE__NODE_A_CONST && node->a_const->isnull == 0 &&
        node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL)
      numbers.push_back(node->a_const->ival->ival);
  const size_t most = type == Type::numeric ? 2 : 1;
  if (numbers.size() != name.n_typmods || numbers.size() > most) {
    context.fault(place, fmt::format("behind {} may stand {} in parentheses", sql_name(type),
                                     most == 2 ? "one or two whole numbers" : "one whole number"));
    return std::nullopt;
  }
  modifier.size = numbers[0];
  if (numbers.size() > 1) modifier.scale = numbers[1];
  const Status good =
      name.n_array_bounds > 0
          ? fail(ErrorKind::usage, "an array's elements take no length or precision")
          : check_modifier(type, modifier);
  if (good) return modifier;
  context.fault(place, good.error().message);
  return std::nullopt;
}

void add_table_column(ParseContext& context, const PgQuery__ColumnDef& definition,
                      TableDef& table) {
  ColumnDef column;
  column.name = definition.colname;
  const Location place = context.at(definition.location);
  if (definition.coll_clause != nullptr)
    context.refuse(context.at(definition.coll_clause->location), "COLLATE");
  if (!is_empty(definition.compression)) context.refuse(place, "COMPRESSION");
  if (definition.n_fdwoptions > 0) context.refuse(place, "OPTIONS");
  for (const PgNode* constraint : list(definition.n_constraints, definition.constraints)) {
    const auto kind = constraint->constraint->contype;
    if (kind == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL) {
      column.not_null = true;
    } else if (kind != PG_QUERY__CONSTR_TYPE__CONSTR_NULL) {
      refuse_constraint(context, constraint);
    }
  }
  const auto type = parse_type(context, *definition.type_name);
  if (!type) {
    table.faulty = true;
    return;
  }
  column.type = type->type;
  column.modifier = type->modifier;
  column.composite = type->composite;
  table.columns.push_back(std::move(column));
  table.column_locations.push_back(place);
}

void add_table_option(ParseContext& context, const PgQuery__DefElem& element, TableDef& table) {
  Option option;
  option.at = context.at(element.location);
  option.name = element.defname;
  // Unquoted and dotted, as in kafka.acks = 1.
  if (!is_empty(element.defnamespace))
    option.name = std::string(element.defnamespace) + "." + option.name;
  const PgNode* value = element.arg;
  if (value == nullptr) {
    option.value = "true";
  } else if (value->node_case == PG_QUERY__NODE__NODE_STRING) {
    option.value = value->string->sval;
  } else if (value->node_case == PG_QUERY__NODE__NODE_INTEGER) {
    option.value = std::to_string(value->integer->ival);
  } else if (value->node_case == PG_QUERY__NODE__NODE_FLOAT) {
    option.value = value->float_->fval;
  } else if (value->node_case == PG_QUERY__NODE__NODE_TYPE_NAME && value->type_name->n_names == 1 &&
             value->type_name->n_typmods == 0 && value->type_name->n_array_bounds == 0) {
    option.value = string_of(value->type_name->names[0]);
  } else {
    context.fault(option.at,
                  fmt::format("the value of option {} must stand in quotes", option.name));
    table.faulty = true;
    return;
  }
  table.options.push_back(std::move(option));
}

void refuse_table_clauses(ParseContext& context, const PgQuery__CreateStmt& create,
                          Location table) {
  if (create.n_inh_relations > 0) context.refuse(context.at(create.inh_relations[0]), "INHERITS");
  if (create.partbound != nullptr || create.partspec != nullptr) context.refuse(table, "PARTITION");
  if (create.of_typename != nullptr)
    context.refuse(context.at(create.of_typename->location), "OF a type");
  if (create.if_not_exists) context.refuse(table, "IF NOT EXISTS");
  if (create.oncommit > PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_NOOP)
    context.refuse(table, "ON COMMIT");
  if (!is_empty(create.tablespacename)) context.refuse(table, "TABLESPACE");
  if (!is_empty(create.access_method)) context.refuse(table, "USING");
  for (const PgNode* constraint : list(create.n_constraints, create.constraints))
    refuse_constraint(context, constraint);
}

// A type of CREATE TYPE. What was wrong with the type itself was said there.
std::optional<DeclaredType> composite_type(ParseContext& context, const PgQuery__TypeName& name,
                                           const TypeDef& declared, Location place) {
  if (name.n_array_bounds > 0) {
    context.refuse(place, fmt::format("an array of {}", printable(declared.name)));
    return std::nullopt;
  }
  if (name.n_typmods > 0) {
    context.fault(place, fmt::format("{} takes no length or precision", printable(declared.name)));
    return std::nullopt;
  }
  if (declared.type == nullptr) return std::nullopt;
  return DeclaredType{.type = Type::composite, .composite = declared.type};
}

}  // namespace

TableDef parse_table(ParseContext& context, const PgQuery__CreateStmt& create) {
  TableDef table;
  table.at = context.at(create.relation->location);
  table.name = parse_table_name(context, *create.relation);
  refuse_table_clauses(context, create, table.at);
  for (const PgNode* element : list(create.n_table_elts, create.table_elts)) {
    if (element->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) {
      add_table_column(context, *element->column_def, table);
    } else if (element->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
      refuse_constraint(context, element);
    } else {
      refuse_like(context, *element->table_like_clause);
    }
  }
  for (const PgNode* element : list(create.n_options, create.options))
    add_table_option(context, *element->def_elem, table);
  return table;
}

std::optional<DeclaredType> parse_type(ParseContext& context, const PgQuery__TypeName& name) {
  const Location place = context.at(name.location);
  std::string written;
  for (const PgNode* part : list(name.n_names, name.names)) {
    if (string_of(part) == "pg_catalog") continue;
    written += fmt::format("{}{}", written.empty() ? "" : ".", string_of(part));
  }
  if (name.setof || name.pct_type) {
    context.refuse(place, name.setof ? "SETOF" : "%TYPE");
    return std::nullopt;
  }
  if (name.n_array_bounds > 1) {
    context.refuse(place, "an array of arrays");
    return std::nullopt;
  }
  const auto type = type_from_sql(written);
  const auto declared =
      std::find_if(context.types().begin(), context.types().end(),
                   [&](const TypeDef& one) { return name.n_names == 1 && one.name == written; });
  if (!type && declared != context.types().end())
    return composite_type(context, name, *declared, place);
  if (!type) {
    const std::string in_file = context.type_text(name.location);
    context.fault(place,
                  unknown_type_text(in_file.empty() ? written : in_file, written, context.types()));
    return std::nullopt;
  }
  const auto modifier = parse_modifier(context, name, *type, place);
  if (!modifier) return std::nullopt;
  return DeclaredType{name.n_array_bounds > 0 ? array_of(*type) : *type, *modifier};
}

std::string parse_table_name(ParseContext& context, const PgQuery__RangeVar& table) {
  const Location place = context.at(table.location);
  if (!is_empty(table.schemaname)) context.refuse(place, "a schema before a table's name");
  if (!table.inh) context.refuse(place, "ONLY");
  if (std::string_view(table.relpersistence) == "t") context.refuse(place, "TEMPORARY");
  if (std::string_view(table.relpersistence) == "u") context.refuse(place, "UNLOGGED");
  return table.relname;
}

}  // namespace turntable::sql
