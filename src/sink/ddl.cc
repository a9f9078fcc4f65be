#include "sink/ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "sink/replication.h"
#include "sql/script.h"
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
    out +=
        fmt::format("    {} {},\n", quote_name(column.name, Dialect::cql), cql_name(column.type));
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
  const std::vector<std::string> key_columns = table.key.columns();
  for (const ColumnDef& column : table.columns) {
    const bool in_key =
        std::find(key_columns.begin(), key_columns.end(), column.name) != key_columns.end();
    out +=
        fmt::format("    {} {}{},\n", quote_name(column.name, Dialect::sqlite),
                    sqlite::type_name(column.type), in_key || column.not_null ? " NOT NULL" : "");
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
  }
}

std::vector<std::string> column_names(const Schema& schema) {
  std::vector<std::string> names;
  for (const ColumnDef& column : schema) names.push_back(column.name);
  return names;
}

// Type names are equal where they mean the same column.
bool same_type(Type wanted, const std::string& live, Dialect dialect) {
  if (dialect == Dialect::cql) {
    // varchar is what some versions call text.
    return live == cql_name(wanted) || (cql_name(wanted) == "text" && live == "varchar");
  }
  if (lowercase(trim(live)) == "integer") return wanted == Type::int32 || wanted == Type::int64;
  return sqlite::type_from_declaration(live) == wanted;
}

// The live columns of one kind, in their order.
std::vector<LiveColumn> of_kind(std::span<const LiveColumn> live, LiveColumn::Kind kind) {
  std::vector<LiveColumn> out;
  for (const LiveColumn& column : live) {
    if (column.kind == kind) out.push_back(column);
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.position < b.position; });
  return out;
}

std::vector<std::string> names_of(const std::vector<LiveColumn>& columns) {
  std::vector<std::string> names;
  for (const LiveColumn& column : columns) names.push_back(column.name);
  return names;
}

void compare_key(const SinkTable& table, std::span<const LiveColumn> live, Dialect dialect,
                 Difference& difference) {
  std::vector<std::string> wanted = table.key.partition;
  std::vector<std::string> wanted_clustering;
  for (const ClusteringColumn& column : table.key.clustering)
    wanted_clustering.push_back(column.name);
  std::vector<LiveColumn> partition = of_kind(live, LiveColumn::Kind::partition);
  const std::vector<LiveColumn> clustering = of_kind(live, LiveColumn::Kind::clustering);
  // SQLite knows one key, not two halves.
  std::string_view what = "partition key";
  if (dialect == Dialect::sqlite) {
    what = "primary key";
    partition.insert(partition.end(), clustering.begin(), clustering.end());
    wanted.insert(wanted.end(), wanted_clustering.begin(), wanted_clustering.end());
  }
  const auto differ = [&](std::string_view part, const std::vector<std::string>& has,
                          const std::vector<std::string>& wants) {
    if (dialect == Dialect::sqlite ? lowercase(joined(has, ",")) == lowercase(joined(wants, ","))
                                   : has == wants)
      return false;
    difference.faults.push_back(
        fmt::format("the {} is ({}), expected ({})", part, joined(has, ", "), joined(wants, ", ")));
    return true;
  };
  bool other = differ(what, names_of(partition), wanted);
  if (dialect == Dialect::cql)
    other |= differ("clustering key", names_of(clustering), wanted_clustering);
  if (other) return;
  for (const ClusteringColumn& column : table.key.clustering) {
    for (const LiveColumn& there : live) {
      if (there.name != column.name || there.descending == column.descending) continue;
      difference.faults.push_back(fmt::format("column {} is ordered {}, expected {}", column.name,
                                              there.descending ? "DESC" : "ASC",
                                              column.descending ? "DESC" : "ASC"));
    }
  }
}

}  // namespace

std::string quote_name(std::string_view name, Dialect dialect) {
  if (dialect == Dialect::cql && is_plain_cql(name)) return std::string(name);
  return sqlite::quote_name(name);  // Both double the quotes inside.
}

std::string_view column_type(Type type, Dialect dialect) {
  return dialect == Dialect::cql ? cql_name(type) : sqlite::type_name(type);
}

std::vector<std::string> check_table(const SinkTable& table, Dialect dialect) {
  std::vector<std::string> faults;
  check_names(table, dialect, faults);
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
                                   did_you_mean(name, names)));
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

// The last row of a key wins, as in Cassandra: the one with the highest write time, where rows have
// one. INSERT OR REPLACE would also delete rows of other keys, where the table has another unique
// index.
std::string on_conflict(const SinkTable& table) {
  if (table.key.empty()) return "";
  const std::vector<std::string> key = table.key.columns();
  const std::string there = quote_name(table.name, Dialect::sqlite) + ".";
  std::vector<std::string> updates;
  for (const ColumnDef& column : table.written()) {
    if (std::find(key.begin(), key.end(), column.name) != key.end()) continue;
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
  return fmt::format(" ON CONFLICT ({}) DO {}{}", joined(quoted(key, Dialect::sqlite), ", "),
                     updates.empty() ? "NOTHING" : "UPDATE SET " + joined(updates, ", "),
                     condition);
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
      marks[i] = fmt::format("({})?", cql_name(written[i].type));
  }
  const std::string into =
      "INSERT INTO " +
      (dialect == Dialect::cql ? cql_full_name(table) : quote_name(table.name, dialect));
  std::vector<std::string> attributes;
  if (dialect == Dialect::cql && table.ttl_seconds > 0)
    attributes.push_back(fmt::format("TTL {}", table.ttl_seconds));
  if (dialect == Dialect::cql && table.has_write_times()) attributes.push_back("TIMESTAMP ?");
  const std::string with = attributes.empty() ? "" : " USING " + joined(attributes, " AND ");
  return fmt::format("{} ({}) VALUES ({}){}{}", into, joined(names, ", "), joined(marks, ", "),
                     with, dialect == Dialect::sqlite ? on_conflict(table) : "");
}

std::vector<std::string> narrowed_keys(const SinkTable& table, std::span<const LiveColumn> live,
                                       Dialect dialect) {
  std::vector<std::string> warnings;
  for (const std::string& name : table.microsecond_keys) {
    if (dialect == Dialect::cql) {
      warnings.push_back(
          fmt::format("column {} is part of the key of {} and Cassandra keeps milliseconds: events "
                      "less than a millisecond apart fall together",
                      printable(name), table.full_name()));
      continue;
    }
    const auto there = std::find_if(live.begin(), live.end(), [&](const LiveColumn& column) {
      return lowercase(column.name) == lowercase(name);
    });
    if (there == live.end() || sqlite::time_unit(there->type) == TimeUnit::micros) continue;
    warnings.push_back(fmt::format(
        "column {} is part of the key of {} and keeps milliseconds, since it was made "
        "as {}: events less than a millisecond apart fall together. A table that is "
        "made anew keeps microseconds, as {}",
        printable(name), table.full_name(), there->type, sqlite::type_name(Type::timestamp)));
  }
  return warnings;
}

Difference compare(const SinkTable& table, std::span<const LiveColumn> live, Dialect dialect) {
  Difference difference;
  const auto same_name = [dialect](const std::string& a, const std::string& b) {
    return dialect == Dialect::sqlite ? lowercase(a) == lowercase(b) : a == b;
  };
  for (const ColumnDef& column : table.columns) {
    const auto there = std::find_if(live.begin(), live.end(), [&](const LiveColumn& other) {
      return same_name(other.name, column.name);
    });
    const std::string_view wanted = column_type(column.type, dialect);
    if (there == live.end()) {
      difference.faults.push_back(
          fmt::format("column {} is missing, expected {}", column.name, wanted));
    } else if (!same_type(column.type, there->type, dialect)) {
      difference.faults.push_back(fmt::format("column {} is {}, expected {}", column.name,
                                              there->type.empty() ? "of no type" : there->type,
                                              wanted));
    } else if (there->kind == LiveColumn::Kind::fixed) {
      difference.faults.push_back(
          fmt::format("column {} is static, expected one value for each row", column.name));
    }
  }
  for (const LiveColumn& column : live) {
    const bool known =
        std::any_of(table.columns.begin(), table.columns.end(),
                    [&](const ColumnDef& ours) { return same_name(ours.name, column.name); });
    if (known) continue;
    if (dialect == Dialect::sqlite && same_name(column.name, std::string(kWriteTimeColumn))) {
      // In a column for texts, 9 would be later than 10.
      if (table.has_write_times() && !same_type(Type::int64, column.type, dialect) &&
          !same_type(Type::int32, column.type, dialect))
        difference.faults.push_back(fmt::format("column {} is {}, expected bigint", column.name,
                                                column.type.empty() ? "of no type" : column.type));
      continue;
    }
    if (column.required) {
      difference.faults.push_back(
          fmt::format("column {} ({}) must not be NULL, and the pipeline has no value for it",
                      column.name, column.type));
    } else if (column.kind == LiveColumn::Kind::regular || column.kind == LiveColumn::Kind::fixed) {
      difference.notes.push_back(fmt::format("column {} ({}) is not in the pipeline and stays NULL",
                                             column.name, column.type));
    }
  }
  compare_key(table, live, dialect, difference);
  difference.warnings = narrowed_keys(table, live, dialect);
  return difference;
}

}  // namespace turntable
