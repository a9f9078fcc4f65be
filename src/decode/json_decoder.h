// JSON objects, one per record, to typed columns.
//
// What a record must be: one JSON object (RFC 8259) in UTF-8, nested no deeper than kMaxJsonDepth.
// A byte order mark in front of it is passed over. All of it is validated, the fields that no
// column asks for too. The last of duplicate keys counts. Types are not stretched: 1.0 and "1" are
// no integers, an integer is a real; see the table in json_decoder.cc, and the one in
// lenient_number.h for what is taken where that was asked for.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "decode/decoder.h"
#include "json/depth.h"
#include "row/types.h"
#include "sql/program.h"

namespace turntable {

// Why JSON has no form for the column's type; nothing where it has one.
[[nodiscard]] std::optional<std::string> no_form_in_json(const ColumnDef& column);

struct JsonOptions {
  // Times of these fields are rejected where they have digits beyond microseconds; of others these
  // digits are cut (Decoder::newly_cut).
  std::set<std::string> whole_times = {};
  // Numbers and times are also taken in the forms that lenient_number.h lists.
  bool lenient_numbers = false;
  // Parts of jsonb columns, whose values the columns behind the declared ones get, as they stand in
  // the record. The jsonb columns themselves stay NULL. No path begins with another one.
  std::vector<sql::JsonPath> paths = {};
};

// A decoder of objects with these fields. An error where a column's type has no form in JSON
// (bytea, interval).
[[nodiscard]] Result<std::unique_ptr<Decoder>> make_json_decoder(const Schema& declared,
                                                                 const JsonOptions& options = {});

}  // namespace turntable
