// How values of a pipeline's types become cells of Cassandra's. Most are in their wire form already
// (row/cell.h) and pass as they are; a column of another CQL type gets a conversion, made once,
// when the live table is known.
//
//   smallint, int, bigint   tinyint, smallint, int, bigint within their ranges; varint, decimal
//   real, double precision  float, double from real; double
//   numeric                 decimal, varint where nothing is behind the point; NaN and Infinity
//                           reject
//   text                    text, varchar, ascii, inet
//   timestamp, timestamptz  timestamp
//   time                    time, but for 24:00
//   interval                duration, where no two parts have different signs
//   uuid                    uuid, timeuuid where it is one
//   arrays                  list and set of what their elements can be, frozen or not; a NULL
//                           element rejects
//   jsonb                   text; map from text, where it is an object whose values the map's can
//                           be
//   boolean, bytea, date    boolean, blob, date
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "row/cell.h"
#include "row/types.h"
#include "sink/cql_type.h"

namespace turntable {

// Appends a cell that is not NULL as a cell of the CQL type; or gives what is wrong with it, to
// stand behind "column x is ": "300, which tinyint cannot hold". Then what was appended is
// unspecified.
using CqlConversion =
    std::function<std::optional<std::string>(const CellView& cell, std::string& out)>;

struct CqlFit {
  CqlConversion convert;  // Empty: all values pass as they are.
};

// Nothing where a CQL column of this type cannot have the values. Points in time are cells that
// count milliseconds.
[[nodiscard]] std::optional<CqlFit> cql_fit(Type type, std::string_view cql_type);

// The types, without collections, that some pipeline's values go into, by their CQL names.
[[nodiscard]] std::vector<std::string_view> writable_cql_types();

// A type's name as Cassandra's own tables have it: "set< TEXT >" is "set<text>", varchar is text.
// Nothing where it is no type of CQL, or has something in it that is no type.
[[nodiscard]] std::optional<std::string> canonical_cql_type(std::string_view name);

}  // namespace turntable
