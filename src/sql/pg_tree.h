// libpg_query's tree, as far as the parser walks it: where its nodes begin, and what to call those
// that are refused. Included by the parser only.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace turntable::sql {

using PgNode = PgQuery__Node;

// protobuf-c's repeated fields as spans.
inline std::span<PgNode* const> list(size_t count, PgNode* const* nodes) {
  return {nodes, count};
}

// Of a String node; empty for any other.
[[nodiscard]] inline std::string string_of(const PgNode* node) {
  return node->node_case == PG_QUERY__NODE__NODE_STRING ? node->string->sval : "";
}

[[nodiscard]] inline bool is_empty(const char* text) {
  return text == nullptr || *text == '\0';
}

// What to call an expression, an operator's kind or a constraint that is not supported.
[[nodiscard]] const char* expression_name(const PgNode* node);
[[nodiscard]] const char* operator_name(PgQuery__AExprKind kind);
[[nodiscard]] const char* constraint_name(PgQuery__ConstrType type);

// The byte at which a node begins, as far as libpg_query tells; nothing where it does not.
[[nodiscard]] std::optional<size_t> begin_of(const PgNode* node);

}  // namespace turntable::sql
