// Binds a SELECT of the file: its tables, its joins, its WHERE and its list.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sql/binder.h"
#include "sql/bound_select.h"
#include "sql/expressions.h"
#include "sql/syntax.h"

namespace turntable::sql {

// A view whose SELECT is bound. Its items have names and types.
struct BoundView {
  std::unique_ptr<const BoundSelect> select;
  size_t depth = 1;  // How many views stand on one another, itself included.
};

// Views may stand on views, but not more than so many.
inline constexpr size_t kViewDepthLimit = 32;

// What all SELECTs of a file share.
struct BindContext {
  const Script& script;
  const BindOptions& options;
  Faults& faults;
  PreparedConstants constants = {};
  std::map<std::string, BoundView> views = {};
  FunctionCalls functions = {.functions = script.functions};
};

// Faults are in the context; the SELECT is complete only where there are none.
[[nodiscard]] std::unique_ptr<BoundSelect> bind_select(const SelectSyntax& syntax,
                                                       BindContext& context);

// How many views stand on one another below the SELECT.
[[nodiscard]] size_t view_depth(const SelectSyntax& syntax, const BindContext& context);

}  // namespace turntable::sql
