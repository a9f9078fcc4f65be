#include "enrich/same_expression.h"

#include <algorithm>
#include <variant>

#include "sql/functions.h"

namespace turntable {

bool same_expression(const sql::Program& program, sql::NodeId one, sql::NodeId other) {
  const sql::Node& a = program.nodes[one];
  const sql::Node& b = program.nodes[other];
  if (a.type != b.type || a.what.index() != b.what.index()) return false;
  if (const auto* column = std::get_if<sql::ColumnRef>(&a.what))
    return column->column == std::get<sql::ColumnRef>(b.what).column;
  if (const auto* literal = std::get_if<sql::Literal>(&a.what))
    return *literal == std::get<sql::Literal>(b.what);
  const auto& call = std::get<sql::Call>(a.what);
  const auto& same = std::get<sql::Call>(b.what);
  // What was prepared of equal constants is one object.
  return call.function == same.function && !call.function->is_volatile &&
         call.prepared == same.prepared &&
         std::equal(call.arguments.begin(), call.arguments.end(), same.arguments.begin(),
                    same.arguments.end(),
                    [&](sql::NodeId x, sql::NodeId y) { return same_expression(program, x, y); });
}

}  // namespace turntable
