// Statements run by SQLite, on a file that is attached under its keyspace's name and only read.
//
// The same text gives the same result as on Cassandra, as far as this goes: SELECT * gives the
// columns in Cassandra's order (key, then by name); results of avg, sum, min, max and count have
// Cassandra's names and types; avg and sum compute as Cassandra's do; ALLOW FILTERING is taken and
// ignored. Rows come in the order of the table's key unless the statement says otherwise: within a
// partition that is Cassandra's order, while the partitions themselves come in order and not by
// Cassandra's hash.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/stop.h"
#include "query/row_stream.h"
#include "query/sqlite_fields.h"
#include "sqlite/database.h"

namespace turntable {

class SqliteStore final : public RowStore {
 public:
  // An empty keyspace is the one that the file remembers. Once `stop` asks for it, what runs fails;
  // it outlives the store. Errors: no such file, no database.
  [[nodiscard]] static Result<std::unique_ptr<RowStore>> open(const std::string& path,
                                                              std::string keyspace,
                                                              uint32_t page_rows,
                                                              const StopToken& stop);

  [[nodiscard]] tl::expected<std::unique_ptr<RowStream>, StoreFault> run(
      const CqlStatement& statement) override;

 private:
  SqliteStore(sqlite::Database db, std::string keyspace, uint32_t page_rows)
      : db_(std::move(db)), keyspace_(std::move(keyspace)), page_rows_(page_rows) {}

  [[nodiscard]] StoreFault explain(sqlite::Database::Fault fault, const CqlStatement& statement,
                                   const FieldNames& names);
  sqlite::Database db_;
  std::string keyspace_;
  uint32_t page_rows_;
};

}  // namespace turntable
