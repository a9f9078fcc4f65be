// Saying how a live table differs from the pipeline's.
#pragma once

#include <string>

#include "base/result.h"
#include "sink/table_difference.h"

namespace turntable {

// The faults of a difference as one error of kind schema, a line each, with what can be done about
// them; or nothing. Notes and warnings go to the log.
[[nodiscard]] Status difference_error(const Difference& difference, const std::string& table);

// "spotify.plays has the new column n int." and a line break.
[[nodiscard]] std::string added_sentence(const SinkTable& table, const ColumnDef& column,
                                         Dialect dialect);

// Goes on behind an error of kind schema, so that the faults of all tables come in one pass: adds
// it to those of the tables before. Any other error is given back.
[[nodiscard]] Status collect_difference(Status of_table, Status& of_all);

}  // namespace turntable
