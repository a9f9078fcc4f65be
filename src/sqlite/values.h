// Cells as SQLite keeps them, and back.
//
//   boolean     0 or 1 in a column declared `boolean`
//   smallint,   integers                `smallint`, `int`, `bigint`
//   int, bigint
//   real        the float as a double   `real`
//   double      a double                `double precision`; a NaN, which SQLite has not, is the
//                                       text 'NaN'
//   numeric     its digits as a text, since a number would be a float: `numeric text`. They are
//               ordered as texts; CAST(price AS real) orders them as numbers, nearly
//   text        text                    `text`
//   bytea       a blob                  `blob`
//   timestamptz '2024-03-03T10:15:00.000000Z', which SQLite's date functions read, in
//               `timestamp(6)`; outside of the years 0001 to 9999 the microseconds since 1970 as
//               an integer
//   timestamp   the same without the Z, in `timestamp without time zone`
//   date        '2024-03-03' in `date`; outside of the years 1 to 9999 the days since 1970 as an
//               integer
//   time        '10:15:00.000000' in `time`
//   interval    '1 year 2 mons -3 days +04:05:06.07' in `interval`, not in its order
//   uuid        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' in `uuid`
//   jsonb       its text                `json text`
//   arrays      JSON, such as '[1,null,3]', in `int[]`
//   composite   JSON, with a generated column for each field: composite_json.h
//
// The declared types lead back to the Type, and have the affinity that leaves values as they are.
//
// A column that is declared `timestamp` or `datetime` keeps milliseconds,
// '2024-03-03T10:15:00.000Z': so were tables made before microseconds were kept. Texts of one
// column have one length, since they are compared and ordered as texts, and a row that is written
// again must have the same key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "row/cell.h"
#include "row/types.h"
#include "sqlite/database.h"

namespace turntable::sqlite {

// The declaration of a column that keeps microseconds of times.
inline constexpr std::string_view kMicrosTypeName = "timestamp(6)";

// `timestamp` alone is what tables of versions before have for timestamptz.
inline constexpr std::string_view kLocalTypeName = "timestamp without time zone";

// How a column of this type is declared.
[[nodiscard]] std::string_view type_name(Type type);

// The type of a column by its declaration, in any case; SQLite's and PostgreSQL's other names are
// known, too.
[[nodiscard]] std::optional<Type> type_from_declaration(std::string_view declared);

// What a column of this declaration, whose type is timestamp, keeps.
[[nodiscard]] TimeUnit time_unit(std::string_view declared);

// The text of a time as a column keeps it; nothing outside of the years 0001 to 9999.
[[nodiscard]] std::optional<std::string> time_text(int64_t micros, TimeUnit kept);

// Binds one cell, in which times are microseconds; `kept` is what a column of times keeps of them.
// The cell's bytes must outlive the statement's next step.
void bind_cell(Statement& statement, int index, CellView cell, Type type,
               TimeUnit kept = TimeUnit::micros);

// Appends column `index` of the row that is there as a cell of `type`, in which times are
// microseconds. False, and nothing is appended, where the value is of another kind, since SQLite's
// columns take any.
[[nodiscard]] bool append_value_cell(std::string& out, const Statement& statement, int index,
                                     Type type, TimeUnit kept = TimeUnit::micros);

}  // namespace turntable::sqlite
