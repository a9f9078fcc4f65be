#include "sql/parse_composite.h"

#include <fmt/format.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/text.h"
#include "sql/parse_table.h"

namespace turntable::sql {
namespace {

// Those of its fields' types included, which are columns of their own in SQLite.
size_t count_fields(const CompositeType& type) {
  size_t count = 0;
  for (const ColumnDef& field : type.fields)
    count += 1 + (field.composite == nullptr ? 0 : count_fields(*field.composite));
  return count;
}

class CompositeParser {
 public:
  CompositeParser(ParseContext& context, TypeDef& made) : context_(context), made_(made) {}

  void parse(const PgQuery__CompositeTypeStmt& create) {
    const size_t faults_before = context_.faults();
    read_name(*create.typevar);
    for (const PgNode* node : list(create.n_coldeflist, create.coldeflist))
      add_field(*node->column_def);
    CompositeType type{.name = made_.name, .fields = std::move(fields_)};
    if (type.fields.empty() && context_.faults() == faults_before)
      context_.fault(made_.at, fmt::format("type {} has no fields", printable(made_.name)));
    if (count_fields(type) > kColumnsLimit)
      context_.fault(made_.at,
                     fmt::format("type {} has more than {} fields, those of its fields included",
                                 printable(made_.name), grouped(kColumnsLimit)));
    if (depth_of(type) > kCompositeDepthLimit)
      context_.fault(made_.at,
                     fmt::format("more than {} types lie in one another", kCompositeDepthLimit));
    if (context_.faults() == faults_before)
      made_.type = std::make_shared<const CompositeType>(std::move(type));
  }

 private:
  void read_name(const PgQuery__RangeVar& name) {
    made_.at = context_.at(name.location);
    made_.name = name.relname;
    if (!is_empty(name.schemaname)) context_.refuse(made_.at, "a schema before a type's name");
    if (type_from_sql(made_.name))
      context_.fault(made_.at, fmt::format("there is a type {} already: give this one another name",
                                           printable(made_.name)));
  }

  void add_field(const PgQuery__ColumnDef& definition) {
    const Location place = context_.at(definition.location);
    if (definition.coll_clause != nullptr)
      context_.refuse(context_.at(definition.coll_clause->location), "COLLATE");
    const auto type = parse_type(context_, *definition.type_name);
    if (!seen_.insert(definition.colname).second)
      context_.fault(place, fmt::format("field {} stands twice", printable(definition.colname)));
    if (!type) return;
    fields_.push_back({.name = definition.colname,
                       .type = type->type,
                       .modifier = type->modifier,
                       .composite = type->composite});
  }

  ParseContext& context_;
  TypeDef& made_;
  Schema fields_;
  std::set<std::string> seen_;
};

}  // namespace

TypeDef parse_composite(ParseContext& context, const PgQuery__CompositeTypeStmt& create) {
  TypeDef made;
  CompositeParser(context, made).parse(create);
  return made;
}

}  // namespace turntable::sql
