#include "sink/cassandra_schema.h"

#include "cassandra/schema.h"

namespace turntable {
namespace {

LiveColumn::Kind kind_of(cassandra::TableColumn::Kind kind) {
  switch (kind) {
    case cassandra::TableColumn::Kind::partition_key: return LiveColumn::Kind::partition;
    case cassandra::TableColumn::Kind::clustering: return LiveColumn::Kind::clustering;
    case cassandra::TableColumn::Kind::fixed: return LiveColumn::Kind::fixed;
    case cassandra::TableColumn::Kind::regular: break;
  }
  return LiveColumn::Kind::regular;
}

}  // namespace

Result<std::vector<LiveColumn>> read_cassandra_columns(cassandra::Session& session, const SinkTable& table) {
  ASSIGN_OR_RETURN(const auto columns, cassandra::read_table(session, table.keyspace, table.name));
  std::vector<LiveColumn> live;
  for (const cassandra::TableColumn& column : columns) {
    live.push_back({.name = column.name,
                    .type = column.type,
                    .kind = kind_of(column.kind),
                    .position = column.position,
                    .descending = column.descending});
  }
  return live;
}

}  // namespace turntable
