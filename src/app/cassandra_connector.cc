// The connector 'cassandra': tables of one cluster, written through one session.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "app/client_options.h"
#include "app/connector.h"
#include "app/difference.h"
#include "app/retry_transient.h"
#include "app/row_options.h"
#include "base/log.h"
#include "base/text.h"
#include "sink/cassandra_schema.h"
#include "sink/cassandra_sink.h"
#include "sink/composite_ddl.h"
#include "sink/cql_conversion.h"

namespace turntable {
namespace {

// Seconds, as CQL has them, where there is no unit.
int64_t read_ttl(OptionReader& options) {
  const std::string text = options.text("ttl", "0");
  uint64_t seconds = 0;
  const bool bare = read_number(trim(text), seconds);
  const auto ttl = parse_duration(bare ? fmt::format("{}s", seconds) : text,
                                  std::chrono::seconds(kTtlSecondsLimit));
  if (ttl && ttl->count() % 1000 == 0) return ttl->count() / 1000;
  options.fault("ttl",
                fmt::format("ttl cannot be '{}', expected whole seconds such as '86400', or a time "
                            "such as '90s', '30min', '24h' or '730d', {} s (7,300 days) at most, "
                            "which is Cassandra's limit; '0': rows stay",
                            printable(text), grouped(kTtlSecondsLimit)));
  return 0;
}

void read_ttls(OptionReader& options, SinkTable& table) {
  table.ttl_seconds = read_ttl(options);
  if (!options.has("ttl_column")) return;
  table.ttl_column = options.required("ttl_column");
  if (options.has("ttl"))
    options.fault(
        "ttl_column",
        fmt::format("ttl and ttl_column exclude each other: coalesce({}, …) in the SELECT "
                    "gives a time to live to rows that have none",
                    printable(table.ttl_column)));
}

// What would be told by `schema apply` only.
void check_keyspace(OptionReader& options, const TableSpec& table) {
  if (table.table.keyspace.empty()) return;  // Reported already.
  const auto ddl = keyspace_ddl(table.table.keyspace, table.keyspace);
  if (ddl) return;
  const std::string& why = ddl.error().message;
  for (const char* option : {"replication_factor", "replication_class", "replication"})
    if (why.starts_with(option)) return options.fault(option, why);
  options.fault("keyspace", why);
}

// "a b, c d<e, f>" as "a b" and "c d<e, f>". What stands in double quotes is a name.
std::vector<std::string> split_types(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted) depth += c == '<' ? 1 : c == '>' ? -1 : 0;
    if (c == ',' && depth == 0 && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// The column's name in front of its type, as SQL reads names; the text loses it.
std::string take_name(std::string_view& text) {
  std::string name;
  if (!text.starts_with('"')) {
    const size_t end = std::min(text.find_first_of(" \t\n"), text.size());
    name = lowercase(text.substr(0, end));
    text.remove_prefix(end);
    return name;
  }
  size_t i = 1;
  for (; i < text.size(); ++i) {
    if (text[i] == '"' && (++i == text.size() || text[i] != '"')) break;
    name += text[i];
  }
  text.remove_prefix(std::min(i, text.size()));
  return name;
}

// 'tags set<text>, price decimal'. Whether the columns are there and can have these types is known
// when their own are (check_cql_types()).
void read_cql_types(OptionReader& options, SinkTable& table) {
  if (!options.has("cql_types")) return;
  for (const std::string& part : split_types(options.required("cql_types"))) {
    std::string_view type = trim(part);
    const std::string name = take_name(type);
    const auto canonical = canonical_cql_type(type);
    if (name.empty() || !canonical) {
      options.fault("cql_types",
                    fmt::format("cql_types has '{}', expected the name of a column and a type of "
                                "CQL, as in 'tags set<text>, price decimal'",
                                printable(trim(part), 60)));
    } else if (!table.cql_types.emplace(name, *canonical).second) {
      options.fault("cql_types", fmt::format("cql_types names {} twice", printable(name, 60)));
    }
  }
}

void read_cassandra(OptionReader& options, StoreSpec& store, TableSpec& table) {
  table.table.keyspace = options.required("keyspace");
  store.connection.contact_points = options.required("contact_points");
  read_connection(options, store.connection);
  read_ttls(options, table.table);
  read_cql_types(options, table.table);
  table.keyspace.replication_class = options.text("replication_class", "SimpleStrategy");
  table.keyspace.replication_factor = options.text("replication_factor", "1");
  table.keyspace.replication = options.text("replication", "");
  check_keyspace(options, table);
  read_row_options(options, table.table);
}

// Which cluster it is only its nodes could tell: two tables are in one where their contact points
// are the same, in whatever order.
std::string identity_of(const StoreSpec& store) {
  std::set<std::string> points;
  for (const std::string_view point : split(store.connection.contact_points, ',')) {
    std::string address = lowercase(trim(point));
    if (address.find(':') == std::string::npos) address += ":9042";
    points.insert(std::move(address));
  }
  return fmt::format("{}", fmt::join(points, ","));
}

std::string difference_of(const StoreSpec& one, const StoreSpec& other) {
  const cassandra::Options& a = one.connection;
  const cassandra::Options& b = other.connection;
  if (a.username != b.username) return "username";
  if (a.password != b.password) return "password";
  if (a.ca_file != b.ca_file) return "ca_file";
  if (a.certificate_file != b.certificate_file) return "certificate_file";
  if (a.key_file != b.key_file) return "key_file";
  if (a.consistency != b.consistency) return "consistency";
  if (a.local_dc != b.local_dc) return "local_dc";
  if (a.connect_timeout != b.connect_timeout) return "connect_timeout";
  if (a.request_timeout != b.request_timeout) return "request_timeout";
  // The keyspace is made once, for all of its tables.
  for (const TableSpec& table : one.tables) {
    const TableSpec& added = other.tables[0];
    if (table.table.keyspace != added.table.keyspace) continue;
    if (table.keyspace.replication != added.keyspace.replication) return "replication";
    if (table.keyspace.replication_class != added.keyspace.replication_class)
      return "replication_class";
    if (table.keyspace.replication_factor != added.keyspace.replication_factor)
      return "replication_factor";
  }
  return "";
}

// A cluster that is away is said, and tried again until it is there or a stop is requested.
Result<cassandra::Session> connect(const StoreSpec& store, const StopToken& stop) {
  std::optional<cassandra::Session> session;
  RETURN_IF_ERROR(retry_transient(stop, [&]() -> Status {
    ASSIGN_OR_RETURN(session, cassandra::Session::connect(store.connection));
    return {};
  }));
  return std::move(*session);
}

Status compare_tables(cassandra::Session& session, const StoreSpec& store) {
  Status all;
  for (const TableSpec& table : store.tables) {
    ASSIGN_OR_RETURN(const Difference difference, check_cassandra_table(session, table.table));
    RETURN_IF_ERROR(collect_difference(difference_error(difference, table.table.full_name()), all));
  }
  return all;
}

Result<std::unique_ptr<Sink>> open_cassandra(const SinkOpening& opening) {
  CassandraSinkOptions options{.connection = opening.store.connection,
                               .tables = opening.store.sink_tables()};
  // On the session that is written with: each one that is made may have to wait for a node that
  // hangs.
  if (opening.check_table)
    options.check = [&store = opening.store](cassandra::Session& session) {
      return compare_tables(session, store);
    };
  std::unique_ptr<CassandraSink> sink;
  RETURN_IF_ERROR(retry_transient(opening.stop, [&]() -> Status {
    ASSIGN_OR_RETURN(sink, CassandraSink::open(options));
    return {};
  }));
  return sink;
}

// Each keyspace once, before its first table.
Result<std::string> ddl_of(const StoreSpec& store) {
  std::string text;
  std::set<std::string> keyspaces;
  std::set<std::pair<std::string, std::string>> types;
  for (const TableSpec& table : store.tables) {
    for (const std::string& warning : narrowed_keys(table.table, {}, Dialect::cql))
      log::warn("{}", warning);
    if (!text.empty()) text += "\n";
    if (keyspaces.insert(table.table.keyspace).second) {
      ASSIGN_OR_RETURN(const std::string keyspace,
                       keyspace_ddl(table.table.keyspace, table.keyspace));
      text += keyspace + ";\n\n";
    }
    for (const auto& type : composite_types(table.table))
      if (types.emplace(table.table.keyspace, type->name).second)
        text += cql_type_ddl(table.table.keyspace, *type) + ";\n\n";
    text += table_ddl(table.table, Dialect::cql) + ";\n";
  }
  return text;
}

// The columns that the tables lack, each as the sentence that it was added.
Result<std::string> add_columns_to(cassandra::Session& session, const StoreSpec& store,
                                   const StopToken& stop) {
  std::string said;
  for (const TableSpec& table : store.tables) {
    ASSIGN_OR_RETURN(const Difference difference, check_cassandra_table(session, table.table));
    if (!difference.lacks_columns_only()) continue;
    for (const ColumnDef& column : difference.additions) {
      RETURN_IF_ERROR(retry_transient(
          stop, [&] { return add_cassandra_column(session, table.table, column); }));
      said += added_sentence(table.table, column, Dialect::cql);
    }
  }
  return said;
}

Result<std::string> create(const StoreSpec& store, const StopToken& stop, bool add_columns) {
  ASSIGN_OR_RETURN(cassandra::Session session, connect(store, stop));
  for (const TableSpec& table : store.tables)
    RETURN_IF_ERROR(retry_transient(
        stop, [&] { return create_cassandra_table(session, table.table, table.keyspace); }));
  std::string said;
  if (add_columns) {
    ASSIGN_OR_RETURN(said, add_columns_to(session, store, stop));
  }
  // A table that was there before may be another one.
  RETURN_IF_ERROR(compare_tables(session, store));
  for (const TableSpec& table : store.tables)
    said += fmt::format("{} is there, at {}.\n", printable(table.table.full_name()),
                        printable(store.connection.contact_points));
  return said;
}

Status compare(const StoreSpec& store, const StopToken& stop) {
  ASSIGN_OR_RETURN(cassandra::Session session, connect(store, stop));
  return compare_tables(session, store);
}

}  // namespace

const SinkConnector kCassandraConnector{
    .name = "cassandra",
    .dialect = Dialect::cql,
    .read = read_cassandra,
    .identity = identity_of,
    .difference = difference_of,
    .open = open_cassandra,
    .ddl = ddl_of,
    .create = create,
    .compare = compare,
    .compare_what_is_there = [](const StoreSpec& store, const StopToken& stop,
                                bool) { return compare(store, stop); },
};

}  // namespace turntable
