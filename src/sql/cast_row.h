// A row of the table of casts (sql/casts.cc), made of a function for one value.
#pragma once

#include "sql/casts.h"
#include "sql/loops.h"

namespace turntable::sql {

// F is a struct as sql/loops.h describes it, with one argument.
template <class F>
Cast cast_row(Type from, Type to, CastContext context) {
  return {context,
          function_of<F>({.name = "cast", .arguments = {from}, .result = to, .kind = Kind::cast})};
}

}  // namespace turntable::sql
