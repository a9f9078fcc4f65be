// What is said of declared fields that events do not have. Names match exactly, and SQL folds a
// name without double quotes to lower case: a field userId that is declared without them is never
// there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace turntable {

// What a decoder knows about the fields of the records that it has read.
struct FieldCensus {
  uint64_t records = 0;             // JSON objects.
  std::vector<std::string> absent;  // Declared fields that none of them had.
  std::vector<std::string> others;  // Fields that nobody declared; not all of them.
};

// True for "userId" and "userid", which SQL makes one where there are no double quotes. ASCII only,
// as PostgreSQL folds names in UTF-8: it leaves "Ü" as it is.
[[nodiscard]] bool same_but_for_case(std::string_view name, std::string_view other);

// Of several decoders of one table. Those that have read nothing know nothing.
[[nodiscard]] FieldCensus merged(std::span<const FieldCensus> parts);

// A sentence for each absent field, with what is probably meant; the last one says how many more
// there are. None where no object was read: nothing is known of its fields.
[[nodiscard]] std::vector<std::string> warnings_of(const FieldCensus& census,
                                                   std::string_view table);

// To stand behind "The field 'userid' is missing.": ` There is "userId": …`, a near name, or
// nothing.
[[nodiscard]] std::string near_field(std::string_view name, std::span<const std::string> others);

// "The event has none of the declared fields (id, name). It has only before, after."
[[nodiscard]] std::string none_of_declared(std::span<const std::string> declared,
                                           std::span<const std::string> found);

}  // namespace turntable
