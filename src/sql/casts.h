// Casts among the types of a pipeline, with PostgreSQL's rules on which may happen unasked.
// https://www.postgresql.org/docs/15/typeconv.html
#pragma once

#include <span>

#include "base/result.h"
#include "sql/functions.h"

namespace turntable::sql {

enum class CastContext {
  implicit,    // Anywhere, unasked.
  assignment,  // Unasked, into a column of the sink.
  on_demand,   // With CAST or :: only.
};

struct Cast {
  CastContext context = CastContext::on_demand;
  Function function;  // One argument; kind is cast.
};

// Nothing where there is no such cast. `from` and `to` differ.
[[nodiscard]] const Cast* find_cast(Type from, Type to);

// True where a value of `from` may stand for one of `to` in that context.
[[nodiscard]] bool can_cast(Type from, Type to, CastContext context);

// True for the type that PostgreSQL prefers in its category, where several would do
// (pg_type.typispreferred).
[[nodiscard]] bool is_preferred(Type type);

// True for types of one category (pg_type.typcategory): numbers, or dates and points in time.
[[nodiscard]] bool same_category(Type a, Type b);

// The type that values of all these types are made, where they stand for one another: in CASE,
// COALESCE, IN. Text where none of them has a type of its own. The error is a sentence.
// https://www.postgresql.org/docs/15/typeconv-union-case.html
[[nodiscard]] Result<Type> common_type(std::span<const ArgumentType> types);

// From text to timestamptz, timestamp or time as find_cast() has it, but a time with digits beyond
// microseconds is out of range, where that cuts or rounds them.
[[nodiscard]] const Function& whole_time_cast(Type to);

}  // namespace turntable::sql
