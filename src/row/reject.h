// A record that did not become a row, and why. Bad input is data: it is counted and kept, never
// logged per record.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace turntable {

// Stable codes; their names are part of the dead letters' format.
enum class RejectCode : uint8_t {
  empty_value,  // No value, or an empty one.
  invalid_utf8,
  json_syntax,    // Not JSON, not an object, nested too deep.
  missing_field,  // A NOT NULL column's field is absent.
  null_field,     // A NOT NULL column's field is null.
  wrong_type,     // A field's JSON type does not fit the column.
  out_of_range,   // A number that the column's type cannot hold.
  bad_value,      // An expression cannot take the value: a time not in the form, a failed cast, …
  null_key,       // NULL where the sink's key needs a value.
  row_refused,    // The sink refused this row alone.
  too_large,      // The record, its headers or its row are beyond a limit.
  unmatched,      // No row of the lookup has this key. Counted apart from rejected.
};

// "json_syntax" and so on.
[[nodiscard]] std::string_view reject_code_name(RejectCode code);

// The record's own fault, such as a value that is not JSON: no INSERT can make a row of it.
inline constexpr uint32_t kEveryInsert = ~0U;

struct Reject {
  uint32_t row = 0;  // Index into the RecordBatch.
  RejectCode code = RejectCode::bad_value;
  std::string reason;  // A sentence for a person: what was found, what was expected.
  // Which INSERT could make no row of the record, by its number; or kEveryInsert.
  uint32_t insert = kEveryInsert;
  // An unmatched record of a lookup with missing_key = 'drop': it is counted, and not kept as a
  // dead letter.
  bool drop = false;
};

// The rejects of one batch. An INSERT rejects a record once: the first reason counts.
using Rejects = std::vector<Reject>;

}  // namespace turntable
