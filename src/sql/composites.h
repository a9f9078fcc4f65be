// Rows in expressions: ROW(…), casts to types of CREATE TYPE, fields, IS NULL. PostgreSQL's rules
// for rows: https://www.postgresql.org/docs/15/rowtypes.html. What it can do with rows beside that,
// such as comparing them, is refused.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sql/casts.h"
#include "sql/node_builder.h"

namespace turntable::sql {

class Composites {
 public:
  // Both must outlive it.
  Composites(NodeBuilder& build, Faults& faults) : build_(build), faults_(faults) {}

  // A row of no declared type.
  Bound row(std::vector<Bound> fields, Location at, std::string text);

  // The value as one of the type; each field of a row of no declared type is cast in that context.
  MaybeBound cast(const Bound& value, const std::shared_ptr<const CompositeType>& to,
                  CastContext context, Location at);

  // (value).name
  MaybeBound field(const Bound& value, const std::string& name, Location at, std::string text);

  // value IS [NOT] NULL.
  MaybeBound null_test(const Bound& value, bool is_null, Location at, std::string text);

  [[nodiscard]] bool is_row(const Bound& value) const {
    return !value.open && build_.node(value).type == Type::composite;
  }
  // "features", or "a row of no type".
  [[nodiscard]] std::string name_of(const Bound& value) const;

 private:
  MaybeBound cast_row(const std::vector<Bound>& fields, const std::string& text,
                      const std::shared_ptr<const CompositeType>& to, CastContext context,
                      Location at);
  MaybeBound cast_field(const Bound& value, const ColumnDef& to, CastContext context, Location at);
  Bound add_row(std::vector<NodeId> fields, std::shared_ptr<const CompositeType> type, Location at,
                std::string text);
  // The fields of a value that is written as a row; nothing where it is another expression.
  [[nodiscard]] std::optional<std::vector<Bound>> fields_of(const Bound& value) const;
  Bound add_test(const Function& test, NodeId of, Location at, std::string text);

  NodeBuilder& build_;
  Faults& faults_;
};

}  // namespace turntable::sql
