// JSON objects, one per record, to typed columns.
//
// What a record must be: one JSON object (RFC 8259) in UTF-8 without a byte order mark, nested no
// deeper than kMaxJsonDepth. All of it is validated, the fields that no column asks for too. The
// last of duplicate keys counts. Types are not stretched: 1.0 and "1" are no integers, an integer
// is a real; see the table in json_decoder.cc.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "decode/decoder.h"
#include "row/types.h"

namespace turntable {

// The object itself is level 1. simdjson's own default, so that its other parsers agree with us.
inline constexpr int kMaxJsonDepth = 1024;

// A decoder of objects with these fields. An error where a column's type has no form in JSON
// (bytea). Times of the fields in `whole_times` are rejected where they have digits beyond
// microseconds; of others these digits are cut (Decoder::newly_cut).
[[nodiscard]] Result<std::unique_ptr<Decoder>> make_json_decoder(
    const Schema& declared, const std::set<std::string>& whole_times = {});

}  // namespace turntable
