#include "sink/ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "sink/composite_ddl.h"
#include "sink/cql_conversion.h"
#include "sink/replication.h"
#include "sql/identifiers.h"
#include "sql/script.h"
#include "sqlite/composite_json.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

// Words that CQL takes as names only in quotes: Cassandra 5's reserved_keywords.txt, and DEFAULT,
// UNSET, MBEAN, MBEANS, REPLACE, which other versions reserve.
constexpr std::array kReserved = std::to_array<std::string_view>({
    "add",    "allow",       "alter",  "and",          "apply",    "asc",      "authorize",
    "batch",  "begin",       "by",     "columnfamily", "create",   "default",  "delete",
    "desc",   "describe",    "drop",   "entries",      "execute",  "from",     "full",
    "grant",  "if",          "in",     "index",        "infinity", "insert",   "into",
    "is",     "keyspace",    "limit",  "materialized", "mbean",    "mbeans",   "modify",
    "nan",    "norecursive", "not",    "null",         "of",       "on",       "or",
    "order",  "primary",     "rename", "replace",      "revoke",   "schema",   "select",
    "set",    "table",       "to",     "token",        "truncate", "unlogged", "unset",
    "update", "use",         "using",  "view",         "where",    "with",
});

constexpr size_t kCqlNameLimit = 48;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_plain_cql(std::string_view name) {
  if (name.empty() || !is_lower(name[0])) return false;
  if (!std::all_of(name.begin(), name.end(),
                   [](char c) { return is_lower(c) || is_digit(c) || c == '_'; }))
    return false;
  return std::find(kReserved.begin(), kReserved.end(), name) == kReserved.end();
}

// Keyspaces and tables become folders of Cassandra:
// https://cassandra.apache.org/doc/latest/cassandra/developing/cql/ddl.html
bool is_cql_table_name(std::string_view name) {
  return !name.empty() && name.size() <= kCqlNameLimit && is_letter(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::vector<std::string> quoted(const std::vector<std::string>& names, Dialect dialect) {
  std::vector<std::string> out;
  for (const std::string& name : names) out.push_back(quote_name(name, dialect));
  return out;
}

std::string cql_full_name(const SinkTable& table) {
  return table.keyspace.empty() ? quote_name(table.name, Dialect::cql)
                                : quote_name(table.keyspace, Dialect::cql) + "." +
                                      quote_name(table.name, Dialect::cql);
}

std::string cql_table(const SinkTable& table) {
  std::string out = fmt::format("CREATE TABLE IF NOT EXISTS {} (\n", cql_full_name(table));
  for (const ColumnDef& column : table.columns)
    out += fmt::format("    {} {},\n", quote_name(column.name, Dialect::cql),
                       cql_type_of(table, column));
  std::vector<std::string> key = {"(" + joined(quoted(table.key.partition, Dialect::cql), ", ") +
                                  ")"};
  std::vector<std::string> order;
  for (const ClusteringColumn& column : table.key.clustering) {
    key.push_back(quote_name(column.name, Dialect::cql));
    order.push_back(key.back() + (column.descending ? " DESC" : " ASC"));
  }
  out += fmt::format("    PRIMARY KEY ({})\n)", joined(key, ", "));
  if (!order.empty()) out += fmt::format(" WITH CLUSTERING ORDER BY ({})", joined(order, ", "));
  return out;
}

// With a rowid, and the key as an index beside it: rows are appended and only the short keys are
// sorted in, which writes a quarter to a half more rows a second than WITHOUT ROWID. One
// partition's rows come through the index, in the order in which Cassandra gives them.
std::string sqlite_table(const SinkTable& table) {
  std::string out =
      fmt::format("CREATE TABLE IF NOT EXISTS {} (\n", quote_name(table.name, Dialect::sqlite));
  for (const ColumnDef& column : table.columns) {
    const bool required = table.key.has(column.name) || column.not_null;
    out += fmt::format("    {} {}{},\n", quote_name(column.name, Dialect::sqlite),
                       sqlite::declared_type(column), required ? " NOT NULL" : "");
    for (const FieldColumn& field : field_columns(column))
      out += fmt::format("    {} {},\n", quote_name(field.name, Dialect::sqlite), field.definition);
  }
  if (table.has_write_times())
    out += fmt::format("    {} bigint,\n", quote_name(kWriteTimeColumn, Dialect::sqlite));
  std::vector<std::string> key = quoted(table.key.partition, Dialect::sqlite);
  for (const ClusteringColumn& column : table.key.clustering)
    key.push_back(quote_name(column.name, Dialect::sqlite) + (column.descending ? " DESC" : ""));
  out += fmt::format("    PRIMARY KEY ({})\n)", joined(key, ", "));
  return out;
}

// What both dialects can quote: anything, but for what would end the statement early (a NUL byte)
// or make messages and logs unreadable.
void check_name(std::string_view what, std::string_view name, std::vector<std::string>& faults) {
  if (name.size() > kStoreNameBytesLimit) {
    faults.push_back(fmt::format("the name of the {} '{}' is longer than {} bytes", what,
                                 printable(name, 60), kStoreNameBytesLimit));
  } else if (printable(name, name.size() + 1) != name) {
    faults.push_back(
        fmt::format("the name of the {} '{}' has control characters in it, or is not UTF-8", what,
                    printable(name)));
  }
}

// Names under which SQLite or we keep something else.
void check_sqlite_names(const SinkTable& table, std::vector<std::string>& faults) {
  const std::string name = lowercase(table.name);
  for (const std::string_view prefix : {"sqlite_", "turntable_"}) {
    if (name.starts_with(prefix))
      faults.push_back(fmt::format("the name of the table '{}' begins with {}, as those of {} do",
                                   printable(table.name), prefix,
                                   prefix == "sqlite_" ? "SQLite itself" : "turntable itself"));
  }
  for (const ColumnDef& column : table.columns)
    if (table.has_write_times() && lowercase(column.name) == kWriteTimeColumn)
      faults.push_back(fmt::format("column {} of {} has the name under which write times are kept",
                                   column.name, table.name));
  // The keyspace is the schema under which queries attach the file.
  const std::string keyspace = lowercase(table.keyspace);
  if (keyspace == "main" || keyspace == "temp")
    faults.push_back(
        fmt::format("the keyspace cannot be named '{}' in SQLite, which has a schema "
                    "of that name already",
                    printable(table.keyspace)));
}

void check_names(const SinkTable& table, Dialect dialect, std::vector<std::string>& faults) {
  const auto check = [&](std::string_view what, const std::string& name) {
    if (dialect == Dialect::cql && !is_cql_table_name(name)) {
      faults.push_back(fmt::format(
          "Cassandra cannot take '{}' as the name of a {}: a letter, then letters, digits "
          "and _, {} at most",
          printable(name), what, kCqlNameLimit));
    } else if (name.empty()) {
      faults.push_back(fmt::format("the name of the {} is empty", what));
    } else {
      check_name(what, name, faults);
    }
  };
  if (dialect == Dialect::cql || !table.keyspace.empty()) check("keyspace", table.keyspace);
  check("table", table.name);
  if (dialect == Dialect::sqlite) check_sqlite_names(table, faults);
  if (table.columns.empty()) faults.push_back(fmt::format("table {} has no columns", table.name));
  if (table.columns.size() > sql::kColumnsLimit)
    faults.push_back(fmt::format("table {} has {} columns, more than {}", table.name,
                                 grouped(table.columns.size()), grouped(sql::kColumnsLimit)));
  std::set<std::string> seen;
  for (const ColumnDef& column : table.columns) {
    if (column.name.empty()) {
      faults.push_back(fmt::format("a column of {} has no name", table.name));
    } else {
      check_name("column", column.name, faults);
    }
    // SQLite takes names that differ in case only for the same.
    const std::string name = dialect == Dialect::sqlite ? lowercase(column.name) : column.name;
    if (!seen.insert(name).second)
      faults.push_back(fmt::format("column {} stands twice in {}", column.name, table.name));
    if (dialect == Dialect::cql) continue;
    for (const FieldColumn& field : field_columns(column))
      if (!seen.insert(lowercase(field.name)).second)
        faults.push_back(
            fmt::format("column {} stands twice in {}: SQLite has the fields of {} as "
                        "columns, too",
                        field.name, table.name, column.name));
  }
  if (seen.size() > sql::kColumnsLimit && table.columns.size() <= sql::kColumnsLimit)
    faults.push_back(fmt::format("table {} has {} columns and fields, more than {}", table.name,
                                 grouped(seen.size()), grouped(sql::kColumnsLimit)));
}

std::vector<std::string> column_names(const Schema& schema) {
  std::vector<std::string> names;
  for (const ColumnDef& column : schema) names.push_back(column.name);
  return names;
}

// Whether Cassandra takes a column of this type in the key.
void check_cql_key_type(const SinkTable& table, const ColumnDef& column,
                        std::vector<std::string>& faults) {
  const std::string type = cql_type_of(table, column);
  if (type.find("duration") != std::string::npos) {
    faults.push_back(
        fmt::format("column {} is part of the key of {}, where Cassandra takes no durations",
                    printable(column.name), table.full_name()));
  } else if (type.find('<') != std::string::npos && !type.starts_with("frozen<")) {
    faults.push_back(
        fmt::format("column {} is part of the key of {}, where Cassandra takes "
                    "collections only as frozen<{}>",
                    printable(column.name), table.full_name(), type));
  }
}

}  // namespace

std::vector<std::string> check_cql_types(const SinkTable& table) {
  std::vector<std::string> faults;
  for (const auto& [name, type] : table.cql_types) {
    const auto column =
        std::find_if(table.columns.begin(), table.columns.end(),
                     [&name = name](const ColumnDef& one) { return one.name == name; });
    if (column == table.columns.end()) {
      faults.push_back(fmt::format("cql_types names {}, which is no column of {}.{}",
                                   printable(name, 60), table.full_name(),
                                   sql::did_you_mean_name(name, column_names(table.columns))));
    } else if (!cql_fit(column->type, type)) {
      faults.push_back(fmt::format("cql_types makes {} a {}, which {} cannot go into",
                                   printable(name, 60), type, sql_name(*column)));
    }
  }
  return faults;
}

std::string quote_name(std::string_view name, Dialect dialect) {
  if (dialect == Dialect::cql && is_plain_cql(name)) return std::string(name);
  return sqlite::quote_name(name);  // Both double the quotes inside.
}

std::string_view column_type(Type type, Dialect dialect) {
  return dialect == Dialect::cql ? cql_name(type) : sqlite::type_name(type);
}

std::string cql_type_of(const SinkTable& table, const ColumnDef& column) {
  const auto told = table.cql_types.find(column.name);
  if (told != table.cql_types.end()) return told->second;
  if (column.composite != nullptr) return cql_composite_name(*column.composite);
  std::string type(cql_name(column.type));
  return is_array(column.type) && table.key.has(column.name) ? "frozen<" + type + ">" : type;
}

std::string column_type_in(const SinkTable& table, const ColumnDef& column, Dialect dialect) {
  return dialect == Dialect::cql ? cql_type_of(table, column) : sqlite::declared_type(column);
}

std::vector<std::string> check_table(const SinkTable& table, Dialect dialect) {
  std::vector<std::string> faults;
  check_names(table, dialect, faults);
  if (dialect == Dialect::cql)
    for (const ColumnDef& column : table.columns)
      if (table.key.has(column.name)) check_cql_key_type(table, column, faults);
  for (std::string& fault : check_composites(table, dialect == Dialect::cql))
    faults.push_back(std::move(fault));
  if (table.key.empty()) {
    faults.push_back(fmt::format(
        "{} has no primary_key: without it a record that is read again would become a second row",
        table.full_name()));
  }
  std::set<std::string> seen;
  for (const std::string& name : table.key.columns()) {
    const std::vector<std::string> names = column_names(table.columns);
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      faults.push_back(fmt::format("primary_key names {}, which is no column of {}.{}",
                                   printable(name, 60), table.full_name(),
                                   sql::did_you_mean_name(name, names)));
    } else if (table.unwritten.contains(name)) {
      faults.push_back(fmt::format(
          "primary_key names {}, which INSERT INTO {} (…) does not list: a row needs its whole key",
          name, table.name));
    }
    if (!seen.insert(name).second)
      faults.push_back(fmt::format("primary_key names {} twice", printable(name, 60)));
  }
  return faults;
}

Result<std::string> keyspace_ddl(const std::string& keyspace, const KeyspaceOptions& options) {
  if (!is_cql_table_name(keyspace)) {
    return fail(
        ErrorKind::usage,
        fmt::format("Cassandra cannot take '{}' as the name of a keyspace", printable(keyspace)));
  }
  std::string map;
  if (!trim(options.replication).empty()) {
    ASSIGN_OR_RETURN(map, replication_map(options.replication));
  } else {
    const std::string& factor = options.replication_factor;
    if (factor.empty() || factor.size() > 4 ||
        !std::all_of(factor.begin(), factor.end(), is_digit) || factor[0] == '0') {
      return fail(
          ErrorKind::usage,
          fmt::format("replication_factor = '{}' is no count of replicas: expected 1 or more",
                      printable(factor)));
    }
    if (options.replication_class != "SimpleStrategy" &&
        options.replication_class != "NetworkTopologyStrategy") {
      return fail(ErrorKind::usage,
                  fmt::format("replication_class = '{}' is not known: expected SimpleStrategy or "
                              "NetworkTopologyStrategy",
                              printable(options.replication_class)));
    }
    map = fmt::format("{{'class': '{}', 'replication_factor': {}}}", options.replication_class,
                      factor);
  }
  return fmt::format("CREATE KEYSPACE IF NOT EXISTS {} WITH replication = {}",
                     quote_name(keyspace, Dialect::cql), map);
}

std::string table_ddl(const SinkTable& table, Dialect dialect) {
  CHECK(check_table(table, dialect).empty());
  return dialect == Dialect::cql ? cql_table(table) : sqlite_table(table);
}

namespace {

// In SQLite, behind the column itself.
std::string add_fields_ddl(const SinkTable& table, const ColumnDef& column) {
  std::string text;
  for (const FieldColumn& field : field_columns(column))
    text +=
        fmt::format(";\nALTER TABLE {} ADD COLUMN {} {}", quote_name(table.name, Dialect::sqlite),
                    quote_name(field.name, Dialect::sqlite), field.definition);
  return text;
}

}  // namespace

std::string add_column_ddl(const SinkTable& table, const ColumnDef& column, Dialect dialect) {
  const bool cql = dialect == Dialect::cql;
  return fmt::format("ALTER TABLE {} ADD {}{} {}",
                     cql ? cql_full_name(table) : quote_name(table.name, dialect),
                     cql ? "" : "COLUMN ", quote_name(column.name, dialect),
                     column_type_in(table, column, dialect)) +
         (cql ? "" : add_fields_ddl(table, column));
}

namespace {

// The last row of a key wins, as in Cassandra: the one with the highest write time, where rows have
// one. INSERT OR REPLACE would also delete rows of other keys, where the table has another unique
// index.
std::string on_conflict(const SinkTable& table) {
  if (table.key.empty()) return "";
  const std::string there = quote_name(table.name, Dialect::sqlite) + ".";
  std::vector<std::string> updates;
  for (const ColumnDef& column : table.written()) {
    if (table.key.has(column.name)) continue;
    const std::string name = quote_name(column.name, Dialect::sqlite);
    updates.push_back(table.nulls == Nulls::unset
                          ? fmt::format("{0} = ifnull(excluded.{0}, {1}{0})", name, there)
                          : fmt::format("{0} = excluded.{0}", name));
  }
  std::string condition;
  if (table.has_write_times()) {
    const std::string time = quote_name(kWriteTimeColumn, Dialect::sqlite);
    updates.push_back(fmt::format("{0} = excluded.{0}", time));
    // Rows that another program has written may have no time, and are older than all.
    condition = fmt::format(" WHERE ifnull({1}{0} <= excluded.{0}, true)", time, there);
  }
  return fmt::format(
      " ON CONFLICT ({}) DO {}{}", joined(quoted(table.key.columns(), Dialect::sqlite), ", "),
      updates.empty() ? "NOTHING" : "UPDATE SET " + joined(updates, ", "), condition);
}

}  // namespace

std::string insert_dml(const SinkTable& table, Dialect dialect) {
  const Schema written = table.written();
  std::vector<std::string> names = quoted(column_names(written), dialect);
  if (dialect == Dialect::sqlite && table.has_write_times())
    names.push_back(quote_name(kWriteTimeColumn, dialect));
  std::vector<std::string> marks(names.size(), "?");
  // A table may be made anew with other types while the statement is prepared. With the type beside
  // it, Cassandra refuses to prepare it again, where it would take the bytes as they are.
  if (dialect == Dialect::cql) {
    for (size_t i = 0; i < marks.size(); ++i)
      marks[i] = fmt::format("({})?", cql_type_of(table, written[i]));
  }
  const std::string into =
      "INSERT INTO " +
      (dialect == Dialect::cql ? cql_full_name(table) : quote_name(table.name, dialect));
  std::vector<std::string> attributes;
  if (dialect == Dialect::cql && table.ttl_seconds > 0)
    attributes.push_back(fmt::format("TTL {}", table.ttl_seconds));
  if (dialect == Dialect::cql && !table.ttl_column.empty()) attributes.push_back("TTL ?");
  if (dialect == Dialect::cql && table.has_write_times()) attributes.push_back("TIMESTAMP ?");
  const std::string with = attributes.empty() ? "" : " USING " + joined(attributes, " AND ");
  if (dialect == Dialect::sqlite && table.deletes) {
    for (size_t i = 0; i < marks.size(); ++i) marks[i] = fmt::format("?{}", i + 1);
    const KeyTerms key = key_terms(table);
    return fmt::format(
        "{} ({}) SELECT {} WHERE NOT EXISTS (SELECT 1 FROM {} WHERE {} AND {} >= {}){}", into,
        joined(names, ", "), joined(marks, ", "), quote_name(deletions_name(table), dialect),
        key.equal, quote_name(kWriteTimeColumn, dialect), key.write_time, on_conflict(table));
  }
  return fmt::format("{} ({}) VALUES ({}){}{}", into, joined(names, ", "), joined(marks, ", "),
                     with, dialect == Dialect::sqlite ? on_conflict(table) : "");
}

std::vector<bool> key_cells(const SinkTable& table) {
  std::vector<bool> cells;
  for (const ColumnDef& column : table.written()) cells.push_back(table.key.has(column.name));
  return cells;
}

KeyTerms key_terms(const SinkTable& table) {
  const Schema written = table.written();
  const std::vector<bool> in_key = key_cells(table);
  std::vector<std::string> columns;
  std::vector<std::string> values;
  std::vector<std::string> equal;
  for (size_t i = 0; i < written.size(); ++i) {
    if (!in_key[i]) continue;
    columns.push_back(quote_name(written[i].name, Dialect::sqlite));
    values.push_back(fmt::format("?{}", i + 1));
    equal.push_back(fmt::format("{} = {}", columns.back(), values.back()));
  }
  return {.columns = joined(columns, ", "),
          .values = joined(values, ", "),
          .equal = joined(equal, " AND "),
          .write_time = fmt::format("?{}", written.size() + 1)};
}

std::string deletions_name(const SinkTable& table) {
  return "turntable_deletions_" + table.name;
}

std::string delete_dml(const SinkTable& table, Dialect dialect) {
  CHECK(table.has_write_times());
  if (dialect == Dialect::sqlite) {
    const KeyTerms key = key_terms(table);
    return fmt::format("DELETE FROM {} WHERE {} AND ifnull({} <= {}, true)",
                       quote_name(table.name, dialect), key.equal,
                       quote_name(kWriteTimeColumn, dialect), key.write_time);
  }
  const Schema written = table.written();
  const std::vector<bool> in_key = key_cells(table);
  std::vector<std::string> equal;
  for (size_t i = 0; i < written.size(); ++i)
    if (in_key[i])
      equal.push_back(fmt::format("{} = ({})?", quote_name(written[i].name, dialect),
                                  cql_type_of(table, written[i])));
  return fmt::format("DELETE FROM {} USING TIMESTAMP ? WHERE {}", cql_full_name(table),
                     joined(equal, " AND "));
}

}  // namespace turntable
