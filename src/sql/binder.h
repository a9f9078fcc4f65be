// From syntax to a Plan: names are resolved, types checked, casts inserted, equal expressions
// merged.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "sql/plan.h"
#include "sql/script.h"

namespace turntable::sql {

// What the binder must know of a table beyond its declaration.
struct BoundLookup {
  Schema schema;           // Declared, or inferred by whoever loaded it.
  std::string key_column;  // The column that the join must name.
};

// Binds one INSERT. Schemas of lookups come from `lookups` by table name. Faults carry the place in
// the file; the plan is there only if there are none at all, the script's own included. On a script
// with faults it finds more of them: what is missing there is not missed again. A lookup that is
// not in `lookups` is taken as declared; if it declares no columns, all faults but those in its
// columns are found, and there is no plan.
[[nodiscard]] std::optional<Plan> bind(const Script& script, const Insert& insert,
                                       const std::map<std::string, BoundLookup>& lookups,
                                       Faults& faults);

}  // namespace turntable::sql
