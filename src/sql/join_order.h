// In which order the lookups of a SELECT are looked up, and by what.
//
// Inner joins may be written in any order: their conditions are one pool, and whichever lookup has
// an equality with what is already there can be next. The order of the text is kept where it can
// be. A condition belongs to the lookup that makes the last of its tables known.
//
// Example: FROM artists a JOIN songs s ON s.artist = a.id JOIN plays p ON p.song = s.name. The
// stream is p; s is looked up by p.song, then a by s.artist.
#pragma once

#include <optional>
#include <vector>

#include "sql/bound_select.h"

namespace turntable::sql {

// A lookup of the SELECT, and how it is looked up. All nodes are the SELECT's own.
struct OrderedJoin {
  uint32_t table = 0;
  std::vector<JoinKey> keys;
  std::vector<NodeId> conditions;
};

struct JoinOrder {
  uint32_t stream = 0;
  std::vector<OrderedJoin> joins;
  // Conditions of inner joins that can be tested only when all lookups are there.
  std::vector<NodeId> filters;
};

// Nothing, and faults, where a lookup has no equality by which it could be looked up. The SELECT
// has one stream.
[[nodiscard]] std::optional<JoinOrder> order_joins(const BoundSelect& select, Faults& faults);

}  // namespace turntable::sql
