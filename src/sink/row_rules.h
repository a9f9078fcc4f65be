// What a pipeline's rows look like to a store that keeps one row for each key: which columns are
// written, whether rows need a write time, and what NULL does.
#pragma once

#include "row/row_batch.h"
#include "sink/ddl.h"
#include "sink/table.h"
#include "sql/program.h"

namespace turntable {

// Completes the table with what only the SELECT of the INSERT with this number tells. Where the key
// tells all records apart, no two of them meet in a row: nothing needs a write time, and NULL may
// be sent to Cassandra as unset, which costs no tombstone. Where they can meet, unset would mix the
// rows of two records. Only there, too, can times that a store narrows make two records one. What
// the pipeline asks for itself (table.write_times = record, table.nulls) stays.
void complete_table(const sql::Program& program, size_t insert, Dialect dialect, SinkTable& table);

// Where the table has a ttl_column: takes it out of the table's columns, and has it made behind
// them, where rows have it (RowForm::ttl). The table must be complete. What is wrong with it, or
// "".
[[nodiscard]] std::string take_ttl_column(sql::Program& program, size_t insert, SinkTable& table);

// How the rows of a table that is complete have to be written.
[[nodiscard]] RowForm row_form(const SinkTable& table, Dialect dialect);

}  // namespace turntable
