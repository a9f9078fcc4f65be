// A declared column of the JSON decoder, with what was found for it in the record at hand, and the
// sentence that says what is wrong with it. Inside decode/ only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "decode/json_paths.h"
#include "row/reject.h"
#include "row/types.h"

namespace turntable {

inline constexpr size_t kShownBytes = 80;  // Of a name or a value in a reason.

struct JsonField {
  JsonField(const ColumnDef& column, bool whole_time)
      : name(column.name), type(column.type), not_null(column.not_null), whole(whole_time) {}

  void note(RejectCode fault, std::string_view what) {
    faulty = true;
    code = fault;
    found = what;
  }
  [[nodiscard]] bool is_integer() const { return type == Type::int32 || type == Type::int64; }
  [[nodiscard]] bool is_float() const { return type == Type::float32 || type == Type::float64; }

  // Of a field that is faulty: "The field 'id' is 1.0, but it must be of type int."
  [[nodiscard]] std::string reason() const;
  // " With numbers = 'lenient' on its table it is taken as 1."; nothing where it is not.
  [[nodiscard]] std::string lenient_reason() const;

  std::string name;
  Type type;
  bool not_null;
  bool whole;            // A time that must not be cut,
  bool cut = false;      // or that was.
  JsonPaths paths = {};  // Of a jsonb of which only parts are wanted.

  uint64_t seen_in = 0;  // The serial number of the last record that had the field.
  bool met = false;      // In a record that was read to its end.
  bool faulty = false;
  RejectCode code = RejectCode::wrong_type;
  std::string_view found;  // The value, in the record.
};

}  // namespace turntable
