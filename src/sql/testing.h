// Helpers for the tests of this folder: from a piece of SQL to values.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/binder.h"
#include "sql/evaluator.h"
#include "sql/script.h"

namespace turntable::sql {

// A plan, or the faults that prevented it.
struct BoundScript {
  Script script;
  std::optional<Plan> plan;
  Faults faults{.file = "p.sql", .list = {}};
};

inline BoundScript bind_text(std::string_view text,
                             const std::map<std::string, BoundLookup>& lookups = {}) {
  BoundScript bound;
  bound.script = parse_script(text, {}, bound.faults);
  if (!bound.script.inserts.empty())
    bound.plan = sql::bind(bound.script, bound.script.inserts[0], lookups, bound.faults);
  return bound;
}

// What became of one row: its value as text, "NULL", or "reject: <reason>".
using Values = std::vector<std::string>;

// Evaluates an expression over rows of one text column x; nullopt is NULL.
inline Values evaluate_over(const std::string& expression,
                            const std::vector<std::optional<std::string>>& rows) {
  const BoundScript bound = bind_text(
      "CREATE TABLE s (x text); CREATE TABLE o ();"
      "INSERT INTO o SELECT cast(" +
      expression + " AS text) AS v FROM s;");
  if (!bound.plan) return {"fault: " + bound.faults.text()};
  Column x(Type::text);
  x.reset(rows.size());
  Selection alive;
  for (uint32_t row = 0; row < rows.size(); ++row) {
    alive.push_back(row);
    if (rows[row]) x.set<std::string_view>(row, *rows[row]);
  }
  const NodeId wanted = bound.plan->outputs[0].node;
  Evaluator evaluator(*bound.plan, {wanted});
  const TableInput table{.columns = {&x, 1}, .rows = nullptr};
  Rejects rejects;
  evaluator.evaluate({&table, 1}, rows.size(), alive, rejects);
  Values values(rows.size(), "lost");
  for (const uint32_t row : alive) {
    const Column& column = evaluator.result(wanted);
    values[row] = column.is_null(row) ? "NULL" : std::string(column.get<std::string_view>(row));
  }
  for (const Reject& reject : rejects) values[reject.row] = "reject: " + reject.reason;
  return values;
}

// Of an expression without columns: its value as text, or "fault: <message>" without the place.
inline std::string evaluate_constant(const std::string& expression) {
  const BoundScript bound = bind_text(
      "CREATE TABLE s (x text); CREATE TABLE o ();"
      "INSERT INTO o SELECT cast(" +
      expression + " AS text) AS v FROM s;");
  if (!bound.plan)
    return "fault: " + (bound.faults.empty() ? "none" : bound.faults.list[0].message);
  const Node& node = bound.plan->nodes[bound.plan->outputs[0].node];
  const auto* literal = std::get_if<Literal>(&node.what);
  if (literal == nullptr) return "not constant";
  return std::holds_alternative<std::monostate>(*literal) ? "NULL"
                                                          : std::get<std::string>(*literal);
}

}  // namespace turntable::sql
