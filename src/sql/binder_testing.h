// Helpers for the tests of the binder: a few tables, and what became of an INSERT as text.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "sql/testing.h"

namespace turntable::sql {

// One line; the statement under test begins in the second.
inline constexpr const char* kBinderTables =
    "CREATE TABLE plays (id int NOT NULL, n bigint, r real, d double precision, song text NOT "
    "NULL, "
    "time text, at timestamptz, good boolean, raw bytea); CREATE TABLE clicks (id int); CREATE "
    "TABLE "
    "songs (); CREATE TABLE artists (); CREATE TABLE out (); CREATE TABLE other ();\n";

inline std::map<std::string, BoundLookup> binder_lookups() {
  return {{"songs",
           {.schema = Schema{{"name", Type::text, false},
                             {"artist", Type::int64, false},
                             {"tempo", Type::float64, false},
                             {"mode", Type::float32, false},
                             {"id", Type::int32, true}}}},
          {"artists",
           {.schema = Schema{{"id", Type::int32, false},
                             {"label", Type::text, false},
                             {"name", Type::text, false}},
            .drop_missing = true}}};
}

inline BoundScript bind_statements(const std::string& statements) {
  return bind_text(kBinderTables + statements, binder_lookups());
}

inline std::string faults_of(const std::string& statements) {
  return bind_statements(statements).faults.text();
}

// "songs: s.name = p.song; s.tempo > 3", "left songs: …": keys, then conditions. The probe's number
// stands before it.
inline std::string join_text(const Program& program, const Join& join) {
  const Probe& probe = program.probes[join.probe];
  std::string keys;
  for (const JoinKey& key : probe.keys)
    keys += fmt::format("{}{} = {}", keys.empty() ? "" : ", ", program.nodes[key.stored].text,
                        program.nodes[key.probe].text);
  for (const NodeId condition : probe.conditions) keys += "; " + program.nodes[condition].text;
  return fmt::format("{} {}{}: {}", join.probe, join.left ? "left " : "", probe.table, keys);
}

// The joins of that INSERT, or the faults.
inline std::vector<std::string> joins_of(const BoundScript& bound, size_t insert = 0) {
  if (!bound.program) return {bound.faults.text()};
  std::vector<std::string> found;
  for (const Join& join : bound.program->inserts[insert].joins)
    found.push_back(join_text(*bound.program, join));
  return found;
}

inline std::vector<std::string> filters_of(const BoundScript& bound, size_t insert = 0) {
  if (!bound.program) return {bound.faults.text()};
  std::vector<std::string> found;
  for (const NodeId filter : bound.program->inserts[insert].filters)
    found.push_back(bound.program->nodes[filter].text);
  return found;
}

// The outputs, each "name type (as written)".
inline std::vector<std::string> outputs_of(const BoundScript& bound, size_t insert = 0) {
  if (!bound.program) return {bound.faults.text()};
  std::vector<std::string> found;
  for (const Output& output : bound.program->inserts[insert].outputs)
    found.push_back(fmt::format("{} {} ({})", output.name, sql_name(output.type),
                                bound.program->nodes[output.node].text));
  return found;
}

// Expects what every program must have: arguments before their users, keys of a probe that need
// only what is before it, and joins that ascend.
inline void expect_in_order(const Program& program) {
  for (NodeId id = 0; id < program.nodes.size(); ++id) {
    const auto* call = std::get_if<Call>(&program.nodes[id].what);
    if (call == nullptr) continue;
    for (const NodeId argument : call->arguments) EXPECT_LT(argument, id);
  }
  for (size_t probe = 0; probe < program.probes.size(); ++probe) {
    const uint32_t own = 2U << probe;
    EXPECT_FALSE(program.probes[probe].keys.empty());
    for (const JoinKey& key : program.probes[probe].keys) {
      EXPECT_LT(program.nodes[key.probe].tables, own);
      EXPECT_EQ(program.nodes[key.stored].tables, own);
      EXPECT_EQ(program.nodes[key.probe].type, program.nodes[key.stored].type);
    }
    for (const NodeId condition : program.probes[probe].conditions) {
      EXPECT_EQ(program.nodes[condition].type, Type::boolean);
      EXPECT_LT(program.nodes[condition].tables, own * 2);
    }
  }
  for (const InsertProgram& insert : program.inserts)
    EXPECT_TRUE(std::is_sorted(insert.joins.begin(), insert.joins.end(),
                               [](const Join& a, const Join& b) { return a.probe < b.probe; }));
}

}  // namespace turntable::sql
