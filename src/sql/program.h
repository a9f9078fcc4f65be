// A checked pipeline: what is computed for every record, as nodes over columns, and what becomes of
// it in each INSERT.
//
// All INSERTs share one list of nodes. Arguments come before their users, and equal expressions are
// one node, so that an expression is computed once per batch however often it stands in the file.
// Table 0 is the stream; table i > 0 is probes[i - 1].
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "row/interval.h"
#include "row/numeric.h"
#include "row/types.h"
#include "row/uuid.h"
#include "sql/script.h"

namespace turntable::sql {

struct Function;  // sql/functions.h: a name, argument types, a result type, and a loop over
                  // columns.

// What a function made of its constant argument when the pipeline was bound: a compiled time
// format, for example.
class Prepared {
 public:
  virtual ~Prepared() = default;
};

// Tables of a program, the stream included: a node's tables are bits.
inline constexpr size_t kTablesLimit = 32;

using NodeId = uint32_t;
inline constexpr NodeId kNoNode = ~0U;

struct ColumnRef {
  uint32_t table = 0;
  uint32_t column = 0;  // Index into that table's schema in the Program.
};

// A literal, or a constant expression's value. std::monostate is NULL; a real is held as double,
// integers, dates and times as int64_t, what columns hold as views as std::string.
using Literal =
    std::variant<std::monostate, bool, int64_t, double, std::string, Numeric, Interval, Uuid>;

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
  // Of Type::composite; null where it is a row of no declared type.
  std::shared_ptr<const CompositeType> composite = nullptr;
};

// One side of an equality in a join's ON: the values of `probe`, which needs the stream and earlier
// lookups only, are looked up among those of `stored`, which needs this lookup only. Both have the
// same type.
struct JoinKey {
  NodeId probe = kNoNode;
  NodeId stored = kNoNode;
};

// A lookup and the way in which it is joined. A lookup that is joined in two ways is two probes.
// Several INSERTs that join it in the same way share one. Probe number i is table i + 1.
struct Probe {
  std::string table;  // The lookup's name in the file.
  Schema schema;
  std::vector<JoinKey> keys;  // At least one. All of them must be equal.
  // Further conditions of ON: boolean nodes over the stream, earlier lookups and this one. They
  // test the row that the keys led to: where one is not true there is no match.
  std::vector<NodeId> conditions = {};
  bool drop_missing = false;  // missing_key = 'drop'.
};

// A part of a declared jsonb column that the decoder finds while it reads the record, so that the
// column itself need not be kept and read once more: the value at the keys, each in the object of
// the one before it, as it came.
struct JsonPath {
  uint32_t column = 0;  // A declared column of the stream, which nothing else reads.
  std::vector<std::string> keys;

  bool operator==(const JsonPath&) const = default;
};

// How an INSERT joins a probe's lookup.
struct Join {
  uint32_t probe = 0;  // Index into Program::probes. An INSERT's joins ascend.
  bool left = false;   // LEFT JOIN: without a match the lookup's columns are NULL.
};

// One column of the sink, filled by a node of exactly this type (an assignment cast is a node of
// its own).
struct Output {
  std::string name;
  Type type = Type::text;
  NodeId node = kNoNode;
  std::shared_ptr<const CompositeType> composite = nullptr;
};

// What one INSERT makes of each record: nothing where a filter is not true, else a row.
struct InsertProgram {
  std::string sink;  // The table's name in the file; it names the INSERT too.
  std::vector<Join> joins = {};
  // Conjuncts of WHERE, boolean nodes. Those that need only the stream are tested before the joins.
  std::vector<NodeId> filters = {};
  std::vector<Output> outputs = {};  // In the order of the sink's columns.
};

struct Program {
  std::string source;
  // The stream's declared columns first, then one for each of json_paths, then the hidden columns
  // that are used (see kHiddenColumns).
  Schema stream_schema;
  uint32_t declared_columns = 0;  // How many of stream_schema are declared.
  // Parts of the stream's jsonb columns. The paths in one column do not begin with one another.
  std::vector<JsonPath> json_paths;

  // How many of stream_schema the decoder fills.
  [[nodiscard]] size_t decoded_columns() const { return declared_columns + json_paths.size(); }
  std::vector<Probe> probes;  // A probe's keys need only probes before it.
  std::vector<Node> nodes;
  std::vector<InsertProgram> inserts;

  // The nodes that are computed for `wanted`, themselves included: ascending, so that arguments
  // come before their users.
  [[nodiscard]] std::vector<NodeId> needed_for(std::span<const NodeId> wanted) const;

  // The columns of a table that are read to compute `wanted`.
  [[nodiscard]] std::vector<uint32_t> columns_read(std::span<const NodeId> wanted,
                                                   uint32_t table) const;

  // The functions below are about the INSERT with that number.

  // False where no value of that output is a time with more than milliseconds, as far as can be
  // told from what it is made of.
  [[nodiscard]] bool may_have_micros(size_t insert, const std::string& output) const;

  // NOT NULL where no input can make the column NULL.
  [[nodiscard]] Schema output_schema(size_t insert) const;

  // True where no two records of the topic can have the same values in these outputs: the record's
  // partition and offset are among them.
  [[nodiscard]] bool tells_records_apart(size_t insert,
                                         const std::vector<std::string>& outputs) const;

  // A call of a volatile function that one of these outputs is made of, or null: the record would
  // get another value when it is computed again.
  [[nodiscard]] const Node* volatile_call_in(size_t insert,
                                             const std::vector<std::string>& outputs) const;
};

// kafka_topic text, kafka_partition int, kafka_offset bigint, kafka_timestamp timestamptz,
// kafka_key bytea, kafka_headers jsonb: every source has them.
[[nodiscard]] const Schema& hidden_columns();

}  // namespace turntable::sql
