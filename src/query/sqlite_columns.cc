#include "query/sqlite_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sqlite/values.h"

namespace turntable {
namespace {

bool is_aggregate(const std::string& function) {
  return function == "avg" || function == "sum" || function == "min" || function == "max" || function == "count";
}

// The declared type of a table's column, by asking SQLite for it.
std::optional<Type> type_in(sqlite::Database& db, const std::string& from, const std::string& column) {
  const auto select = db.prepare(fmt::format("SELECT {} FROM {}", sqlite::quote_name(column), from));
  return select ? sqlite::type_from_declaration(select->declared_type(0)) : std::nullopt;
}

// Cassandra 5 calls the results system.avg(tempo), and count where rows are counted.
void describe_aggregate(sqlite::Database& db, const SelectShape& shape, const SelectShape::Item& item, SqliteColumn& column) {
  const bool rows = item.function == "count" && (item.argument == "*" || item.argument.find_first_not_of("0123456789") == std::string::npos);
  if (!item.renamed) column.name = rows ? "count" : fmt::format("system.{}({})", item.function, item.argument);
  column.type = item.function == "count" ? Type::int64 : type_in(db, shape.from, item.argument);
}

// Key columns in key order, then the others by name.
void order_as_cassandra(sqlite::Database& db, const SelectShape& shape, const std::string& keyspace,
                        std::vector<SqliteColumn>& columns) {
  std::string table;
  std::string schema = keyspace;
  for (const CqlToken& token : tokens_of(shape.from)) {
    if (token.text == ".") schema = table;
    if (const auto name = token.name()) table = *name;
  }
  auto key = db.prepare(fmt::format("SELECT name, pk FROM pragma_table_xinfo({}, {}) WHERE pk > 0", sqlite::quote_text(table),
                                    sqlite::quote_text(schema)));
  if (!key) return;
  std::map<std::string, int64_t> place;
  for (auto more = key->step(); more && *more; more = key->step()) place[std::string(key->text(0))] = key->int64(1);
  std::stable_sort(columns.begin(), columns.end(), [&](const SqliteColumn& a, const SqliteColumn& b) {
    const auto a_key = place.find(a.name);
    const auto b_key = place.find(b.name);
    if (a_key != place.end() && b_key != place.end()) return a_key->second < b_key->second;
    if (a_key != place.end() || b_key != place.end()) return a_key != place.end();
    return a.name < b.name;
  });
}

}  // namespace

std::vector<SqliteColumn> columns_of(sqlite::Database& db, const sqlite::Statement& statement, std::string_view text,
                                     const std::string& keyspace) {
  std::vector<SqliteColumn> columns;
  for (int i = 0; i < statement.columns(); ++i)
    columns.push_back({i, statement.column_name(i), sqlite::type_from_declaration(statement.declared_type(i))});
  const std::optional<SelectShape> shape = shape_of(text);
  if (!shape) return columns;
  if (shape->all) {
    order_as_cassandra(db, *shape, keyspace, columns);
  } else if (shape->items.size() == columns.size()) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (is_aggregate(shape->items[i].function)) describe_aggregate(db, *shape, shape->items[i], columns[i]);
    }
  }
  return columns;
}

}  // namespace turntable
