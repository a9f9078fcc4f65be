// Cells of a result as text: as cqlsh shows them, as CSV fields, as JSON.
//
// The rules of cqlsh 6.2 (its own, without colours, in UTC) were taken from its behaviour;
// testdata/cqlsh.txt is what it printed for testdata/cqlsh.cql. Bytes that do not fit their type
// are shown as a blob, never trusted.
#pragma once

#include <string>

#include "sink/cql_type.h"
#include "row/cell.h"

namespace turntable {

// As cqlsh: five significant digits of a float behind its integer part, True and False, control
// characters and backslashes escaped.
[[nodiscard]] std::string cqlsh_text(const CqlType& type, CellView cell);

// The whole value: floats in the shortest form that reads back the same, texts as they are. NULL is
// the empty text.
[[nodiscard]] std::string plain_text(const CqlType& type, CellView cell);

// Appends a JSON value. NULL is null, and an empty value "". Numbers that JSON has not are texts,
// which Cassandra's INSERT … JSON takes: "NaN", "Infinity", "-Infinity" (its SELECT JSON loses
// them). Blobs are "0x…"; collections become arrays, maps and users' own types objects; a key that
// is no scalar is its JSON as a text.
void append_json(std::string& out, const CqlType& type, CellView cell);

// A text with backslashes doubled and control characters escaped, as cqlsh does.
[[nodiscard]] std::string cqlsh_escape(std::string_view text);

}  // namespace turntable
