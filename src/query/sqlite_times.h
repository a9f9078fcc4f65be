// What a statement compares with columns of times, written as an SQLite file keeps it.
//
//   t >= '2024-03-03 10:15+0200'      a text in any form that names a moment
//   t >= 1709453700000                milliseconds since 1970
//   '2024-03-03' < t                  the column on the right
//   t IN ('2024-03-03', …)            a list, or t BETWEEN … AND …
//   (t, id) > ('2024-03-03', 0)       tuples, in lists too
//   t IS '…', CASE t WHEN '…'         and what max(t, '…') and nullif(t, '…') compare
//
// A column that is declared timestamp(6) keeps '2024-03-03T08:15:00.000000Z', an older one keeps
// milliseconds (sqlite/values.h). SQLite compares them as texts, so any other text or number would
// be smaller or larger than all of them, and the rows would be wrong without a word.
//
// What stands on either side is found by sqlite_meaning.h. A moment is rewritten where the other
// side is a kept time: a column, an alias, max() or min() of one, a subselect. Where the other side
// only has a time in it, or SQLite knows no type for it, the statement is refused and the message
// says what to write. Not looked at: patterns (LIKE, GLOB), which are meant for the text as it is
// kept; the columns that USING and NATURAL JOIN compare; and a UNION of SELECT * in a subselect,
// which is taken to have the types of its first part.
#pragma once

#include <string>

#include "base/result.h"
#include "query/statements.h"
#include "sqlite/database.h"

namespace turntable {

// How a table's column is declared, by asking SQLite for it; empty where there is none.
[[nodiscard]] std::string declared_in(sqlite::Database& db, const std::string& from,
                                      const std::string& column);

// Where a statement compares a column of times with something that is no time, or that the file
// cannot compare.
struct TimeFault {
  size_t byte = 0;
  std::string message;
  // A name is compared that SQLite knows no type for; perhaps no table has it.
  bool unknown_name = false;
};
// The statement with each time as its column keeps it, and with lists of tuples as SQLite has them.
[[nodiscard]] tl::expected<std::string, TimeFault> with_kept_times(sqlite::Database& db,
                                                                   const std::string& text);

}  // namespace turntable
