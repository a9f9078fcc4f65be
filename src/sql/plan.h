// A checked pipeline: what is computed for every record, as a list of nodes over columns, and where
// it goes.
//
// Nodes are in an order in which arguments come before their users; equal expressions are one node,
// so that an expression that stands twice is computed once per batch. Table 0 is the stream; table
// i > 0 is lookups[i - 1].
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "row/types.h"
#include "sql/script.h"

namespace turntable::sql {

struct Function;  // sql/functions.h: a name, argument types, a result type, and a loop over
                  // columns.

// What a function made of its constant argument when the plan was bound: a compiled time format,
// for example.
class Prepared {
 public:
  virtual ~Prepared() = default;
};

using NodeId = uint32_t;
inline constexpr NodeId kNoNode = ~0U;

struct ColumnRef {
  uint32_t table = 0;
  uint32_t column = 0;  // Index into that table's schema in the Plan.
};

// A literal, or a constant expression's value. std::monostate is NULL; a real is held as double, a
// timestamp as int64_t, bytes as std::string.
using Literal = std::variant<std::monostate, bool, int64_t, double, std::string>;

struct Call {
  const Function* function = nullptr;
  std::vector<NodeId> arguments;             // Without the one that `prepared` was made of.
  std::shared_ptr<const Prepared> prepared;  // Where the function asks for it.
};

struct Node {
  Type type = Type::text;
  std::variant<ColumnRef, Literal, Call> what;
  uint32_t tables = 0;  // Bit t is set where table t is needed.
  Location at;          // For messages.
  std::string text;     // As written, for messages: "to_timestamp(p.time, …)".
};

struct LookupJoin {
  std::string table;
  Schema schema;
  uint32_t key_column = 0;  // Index into schema.
  NodeId probe = kNoNode;   // Of the key's type; needs no lookup.
};

// One column of the sink, filled by a node of exactly this type (an assignment cast is a node of
// its own).
struct Output {
  std::string name;
  Type type = Type::text;
  NodeId node = kNoNode;
};

struct Plan {
  std::string source;
  // The stream's declared columns first, then the hidden columns that are used (see
  // kHiddenColumns).
  Schema stream_schema;
  uint32_t declared_columns = 0;  // How many of stream_schema are declared.
  std::vector<LookupJoin> lookups;
  std::string sink;
  std::vector<Node> nodes;
  std::vector<Output> outputs;  // In the order of the sink's columns.

  // False where no value of that output is a time with more than milliseconds, as far as can be
  // told from what it is made of.
  [[nodiscard]] bool may_have_micros(const std::string& output) const;

  // NOT NULL where no input can make the column NULL.
  [[nodiscard]] Schema output_schema() const;

  // True where no two records of the topic can have the same values in these outputs: the record's
  // partition and offset are among them.
  [[nodiscard]] bool tells_records_apart(const std::vector<std::string>& outputs) const;
};

// kafka_topic text, kafka_partition int, kafka_offset bigint, kafka_timestamp timestamptz,
// kafka_key bytea, kafka_headers jsonb: every source has them.
[[nodiscard]] const Schema& hidden_columns();

}  // namespace turntable::sql
