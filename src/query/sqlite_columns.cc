#include "query/sqlite_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>

#include "base/text.h"
#include "query/sqlite_times.h"
#include "sink/table.h"
#include "sqlite/composite_json.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

bool is_aggregate(const std::string& function) {
  return function == "avg" || function == "sum" || function == "min" || function == "max" ||
         function == "count";
}

// Cassandra 5 calls the results system.avg(tempo), and count where rows are counted.
void describe_aggregate(sqlite::Database& db, const SelectShape& shape,
                        const SelectShape::Item& item, SqliteColumn& column) {
  const bool rows =
      item.function == "count" &&
      (item.argument == "*" || item.argument.find_first_not_of("0123456789") == std::string::npos);
  if (!item.renamed)
    column.name = rows ? "count" : fmt::format("system.{}({})", item.function, item.argument);
  if (item.function == "count") {
    column.type = Type::int64;
    return;
  }
  const std::string declared = declared_in(db, shape.from, item.argument);
  column.type = sqlite::type_from_declaration(declared);
  column.kept = sqlite::time_unit(declared);
  // A sum of ints may be larger than an int. Cassandra's wraps around.
  if (item.function == "sum" && (column.type == Type::int32 || column.type == Type::int16))
    column.type = Type::int64;
  // Its digits are texts, of which SQLite makes floats before it adds them.
  if ((item.function == "sum" || item.function == "avg") && column.type == Type::numeric)
    column.type = std::nullopt;
}

struct KeyColumn {
  std::string name;
  bool descending = false;
};

// Versions before declared the numbers in tables of ours (turntable_positions and others) as int.
bool reads_own_table(const SelectShape& shape) {
  for (const CqlToken& token : tokens_of(shape.from))
    if (const auto name = token.name(); name && name->starts_with("turntable_")) return true;
  return false;
}

// The primary key of the table that a statement reads, in order; empty where there is none.
std::vector<KeyColumn> key_of(sqlite::Database& db, const SelectShape& shape,
                              const std::string& keyspace) {
  std::string table;
  std::string schema = keyspace;
  for (const CqlToken& token : tokens_of(shape.from)) {
    if (token.text == ".") schema = table;
    if (const auto name = token.name()) table = *name;
  }
  auto rows = db.prepare(fmt::format(
      "SELECT x.name, x.desc FROM pragma_index_list({0}, {1}) l, pragma_index_xinfo(l.name, {1}) x "
      "WHERE l.origin = 'pk' AND x.key = 1 ORDER BY x.seqno",
      sqlite::quote_text(table), sqlite::quote_text(schema)));
  std::vector<KeyColumn> key;
  if (!rows) return key;
  for (auto more = rows->step(); more && *more; more = rows->step())
    key.push_back({std::string(rows->text(0)), rows->int64(1) != 0});
  return key;
}

// Key columns in key order, then the others by name.
void order_as_cassandra(const std::vector<KeyColumn>& key, std::vector<SqliteColumn>& columns) {
  const auto place = [&key](const SqliteColumn& column) {
    const auto found = std::find_if(
        key.begin(), key.end(), [&](const KeyColumn& part) { return part.name == column.name; });
    return found - key.begin();  // All others come behind.
  };
  std::stable_sort(columns.begin(), columns.end(),
                   [&](const SqliteColumn& a, const SqliteColumn& b) {
                     return std::tuple(place(a), std::string_view(a.name)) <
                            std::tuple(place(b), std::string_view(b.name));
                   });
}

}  // namespace

std::vector<SqliteColumn> columns_of(sqlite::Database& db, const sqlite::Statement& statement,
                                     std::string_view text, const std::string& keyspace) {
  std::vector<SqliteColumn> columns;
  for (int i = 0; i < statement.columns(); ++i)
    columns.push_back({i, statement.column_name(i),
                       sqlite::type_from_declaration(statement.declared_type(i)),
                       sqlite::time_unit(statement.declared_type(i)),
                       sqlite::composite_from_declaration(statement.declared_type(i))});
  for (SqliteColumn& column : columns)
    if (column.composite != nullptr) column.type = Type::composite;
  const std::optional<SelectShape> shape = shape_of(text);
  if (!shape) return columns;
  if (reads_own_table(*shape)) {
    for (SqliteColumn& column : columns)
      if (column.type == Type::int32) column.type = Type::int64;
  }
  if (shape->all) {
    // Cassandra has no such column: a query gets it where it names it.
    std::erase_if(columns, [](const SqliteColumn& column) {
      return lowercase(column.name) == kWriteTimeColumn;
    });
    // Nor has it columns for the fields of others.
    std::vector<std::string> of_rows;
    for (const SqliteColumn& column : columns)
      if (column.composite != nullptr) of_rows.push_back(column.name + ".");
    std::erase_if(columns, [&](const SqliteColumn& column) {
      return std::any_of(of_rows.begin(), of_rows.end(), [&](const std::string& prefix) {
        return column.name.starts_with(prefix);
      });
    });
    order_as_cassandra(key_of(db, *shape, keyspace), columns);
  } else if (shape->items.size() == columns.size()) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (is_aggregate(shape->items[i].function))
        describe_aggregate(db, *shape, shape->items[i], columns[i]);
    }
  }
  return columns;
}

std::string in_key_order(sqlite::Database& db, const std::string& text,
                         const std::string& keyspace) {
  const std::optional<SelectShape> shape = shape_of(text);
  if (!shape) return text;
  for (const SelectShape::Item& item : shape->items) {
    if (is_aggregate(item.function)) return text;
  }
  std::optional<size_t> limit;
  int depth = 0;
  for (const CqlToken& token : tokens_of(text)) {
    if (token.text == "(") ++depth;
    if (token.text == ")") --depth;
    if (depth > 0) continue;
    for (const std::string_view word :
         {"order", "group", "distinct", "having", "union", "except", "intersect", "window"}) {
      if (token.is(word)) return text;
    }
    if (token.is("limit")) limit = token.begin;
  }
  std::string order;
  for (const KeyColumn& column : key_of(db, *shape, keyspace))
    order += fmt::format("{} {}{}", order.empty() ? " ORDER BY" : ",",
                         sqlite::quote_name(column.name), column.descending ? " DESC" : "");
  return limit ? text.substr(0, *limit) + order + " " + text.substr(*limit) : text + order;
}

}  // namespace turntable
