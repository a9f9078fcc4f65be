// Lets the decoder find parts of jsonb columns: `e.track -> 'a' ->> 'b'` becomes a column that is
// filled while the record is read, and no tree is built of e.track.
//
// The idea: an operator -> or ->> with a constant key over a declared column of the stream, or over
// another such ->, is a path. Where nothing but paths reads the column, each path becomes a column
// of the stream that has the value at its end as it stands in the record; what is left of the
// expression is json_part_function() of that column, which says what the operator would have said,
// failures included. A path that another one begins with ends where that one does, and the rest is
// computed as it was written:
//
//   e.track ->> 'artist'                       the path [artist], as text
//   e.track -> 'a',  e.track -> 'a' ->> 'b'    the path [a]; ->> 'b' is computed on it
//   e.track -> 'a',  e.track                   no path: the column is kept
#pragma once

#include "sql/program.h"

namespace turntable {

// Fills Program::json_paths, and puts their columns into the program. Call it once, before the
// program is used: nodes get other numbers.
void push_down_json(sql::Program& program);

}  // namespace turntable
