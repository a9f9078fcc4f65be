// Times in the key of a table. They count microseconds; of a text with more digits, as Java's
// Instant writes it, the rest is cut for a timestamptz and rounded for a timestamp or time. In a
// key that would make one row of two records, and nobody would see it: such times are refused
// instead.
//
// Example: with primary_key = 'person, at', the times "10:15:00.000000100" and "10:15:00.000000900"
// of a day would be one `at`.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sql/program.h"

namespace turntable::sql {

// Which values of the key are looked at: where a store keeps milliseconds, times less than that
// apart fall together anyway, and the start of a run says so.
enum class TimesInKeys { kept, said_to_be_narrowed };

// The stream's declared times that are in the key of that INSERT's table as they are or as text,
// joined by || or not, or chosen by CASE, COALESCE, NULLIF, GREATEST or LEAST. Casts from text to a
// time that are in it are replaced by ones that refuse what they would cut or round, in nodes of
// this INSERT's own: what other INSERTs compute stays as it is. What takes a part of a time, as
// extract and to_char do, is wanted so. None where the key tells all records apart.
[[nodiscard]] std::set<std::string> keep_key_times_whole(Program& program, size_t insert,
                                                         const std::vector<std::string>& key,
                                                         TimesInKeys times);

}  // namespace turntable::sql
