// Which type a column of text has, judged by all of its values, and reading values as a type.
//
// Inference is cautious: what a number would not give back as it was is text. Numbers are as JSON
// writes them (base/number_form.h), so 007, +1, .5, NaN and inf are text, as are integers beyond
// bigint, and among fractions those beyond 2^53; booleans are "true" and "false".
#pragma once

#include <cstdint>
#include <string_view>

#include "row/arena.h"
#include "row/column.h"
#include "row/types.h"

namespace turntable {

// Of one column. Sees every value that is not NULL.
class TypeInference {
 public:
  void add(std::string_view text);
  // All that another saw of the same column.
  void add(const TypeInference& other);

  // int, bigint, double precision, boolean or text; text where it saw nothing.
  [[nodiscard]] Type type() const;

 private:
  enum Candidate : uint8_t { kBoolean = 1, kInt32 = 2, kInt64 = 4, kFloat64 = 8 };
  [[nodiscard]] static int candidates(std::string_view text);

  uint8_t possible_ = kBoolean | kInt32 | kInt64 | kFloat64;
  bool seen_ = false;
};

// True where a column of a text file can be declared with this type: all but interval.
[[nodiscard]] bool can_read_from_text(Type type);

// Sets column[row] to what the text says, or returns false where the column's type cannot hold it.
// It takes what a cast from text takes in SQL, so more than inference would, but for what nothing
// would say was left out: times with digits beyond microseconds, and offsets of a timestamp.
// Dates and times are in the forms of base/iso_time.h. Views point into `text`, or where the value
// is not a part of it (bytea, arrays) into `made`.
[[nodiscard]] bool set_from_text(Column& column, size_t row, std::string_view text, Arena& made);

}  // namespace turntable
