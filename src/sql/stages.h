// In which order a program's nodes are computed for a batch, and for which records.
//
// Every INSERT narrows a selection of its own from stage to stage: its filter on the stream, its
// joins, its other filters. A node that several stages or INSERTs need is computed once, at the
// first stage that needs it, for the records that are then alive in any INSERT that will need it:
// selections only narrow, so its value is there for all later users.
//
// There is one exception. The conditions of a join are tested on the row that its keys led to. If
// one is not true there is no match, and in an INSERT that joins with LEFT JOIN the record lives on
// with NULL in the lookup's columns. So a node that needs the lookup, and that its join's
// conditions need too, is computed once more for such INSERTs, at the first later stage that needs
// it. Whoever runs the steps just computes it again.
#pragma once

#include <span>
#include <vector>

#include "row/insert_set.h"
#include "sql/program.h"

namespace turntable::sql {

// Compute `node` for the records that are alive in any of `inserts`.
struct Step {
  NodeId node = kNoNode;
  InsertSet inserts;
};

// The steps of a stage ascend by node, so that arguments come before their users.
struct Stages {
  // Before the joins: filters that need only the stream, or nothing.
  std::vector<Step> stream_filters;
  // Then each probe in its order: what its keys need, the probe itself, what its further conditions
  // need.
  struct Probing {
    std::vector<Step> keys;
    std::vector<Step> conditions;
    InsertSet inserts;  // Those that join it.
  };
  std::vector<Probing> probes;  // By probe.
  std::vector<Step> joined_filters;
  std::vector<Step> outputs;

  // Every node of all steps, once, ascending.
  [[nodiscard]] std::vector<NodeId> nodes() const;
};

// True for a filter that is tested before the joins.
[[nodiscard]] bool needs_no_lookup(const Node& node);

// `outputs`: by INSERT, the nodes that its outputs need for each record; others are not computed.
[[nodiscard]] Stages stages_of(const Program& program,
                               std::span<const std::vector<NodeId>> outputs);

}  // namespace turntable::sql
