// The schema of a live table, as Cassandra keeps it in system_schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cassandra/session.h"

namespace turntable::cassandra {

struct TableColumn {
  enum class Kind { partition_key, clustering, regular, fixed /* CQL: static */ };
  std::string name;
  std::string type;  // "float", "frozen<list<int>>".
  Kind kind = Kind::regular;
  int position = -1;  // Within the partition key or the clustering key, from 0; else -1.
  bool descending = false;
};

// The columns in the order of a CREATE TABLE: partition key, clustering key, static ones, the rest
// by name. Empty where there is no such table. Names are as Cassandra keeps them: in lower case,
// unless they were quoted.
[[nodiscard]] Result<std::vector<TableColumn>> read_table(Session& session,
                                                          std::string_view keyspace,
                                                          std::string_view table);

// A table as a node knows it. One that was dropped and made anew has another id.
struct Table {
  std::string id;                    // 16 bytes; empty where there is no such table.
  std::vector<TableColumn> columns;  // As read_table() gives them.
};

// What Session::ask() is to be asked about a table. The questions about several tables may be put
// together, one table's behind another's.
[[nodiscard]] std::vector<std::string> table_questions(std::string_view keyspace,
                                                       std::string_view table);
// What its answers say, each of them about so many tables.
[[nodiscard]] std::vector<std::vector<Table>> tables_of(const Page& answers, size_t tables);

// The id of a table; empty where the table does not exist.
[[nodiscard]] Result<std::string> read_table_id(Session& session, std::string_view keyspace,
                                                std::string_view table);

// A user-defined type: its fields in their order, which is that of a value's bytes.
struct UserType {
  struct Field {
    std::string name;
    std::string type;  // "float", "frozen<list<int>>".
  };
  std::string name;
  std::vector<Field> fields;
};

// All types of a keyspace.
[[nodiscard]] Result<std::vector<UserType>> read_types(Session& session, std::string_view keyspace);

// Whether there is such a keyspace.
[[nodiscard]] Result<bool> has_keyspace(Session& session, std::string_view keyspace);

// The text as a CQL literal: in single quotes, with those inside doubled.
[[nodiscard]] std::string quote_text(std::string_view text);

}  // namespace turntable::cassandra
