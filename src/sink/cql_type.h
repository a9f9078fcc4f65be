// The types of a result's columns, read from their CQL names: "float", "list<int>", "map<text,
// frozen<set<int>>>". A user's own type is written out, as the bridge does: udt<"street": text,
// "zip": int>.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace turntable {

struct CqlType {
  enum class Kind {
    ascii,
    bigint,
    blob,
    boolean,
    counter,
    date,
    decimal,
    double_,
    duration,
    float_,
    inet,
    int_,
    smallint,
    text,
    time,
    timestamp,
    // Not Cassandra's, but what SQLite files keep: points in time with microseconds, the same
    // without a time zone, and intervals, whose parts may have different signs.
    timestamp_micros,
    timestamp_local,
    interval,
    timeuuid,
    tinyint,
    uuid,
    varint,
    list,
    map,
    set,
    tuple,
    udt,  // A user's own.
    vector,
    unknown,  // One that came later: shown as bytes.
  };
  Kind kind = Kind::unknown;
  std::vector<CqlType> parts;  // Of what it consists; of a vector the one type of its elements.
  std::vector<std::string> names = {};  // Of a user's own type: what its parts are called.
  size_t elements = 0;                  // Of a vector.
};

// Nested deeper than kTypeDepthLimit, or not understood: unknown.
[[nodiscard]] CqlType parse_cql_type(std::string_view name);

inline constexpr int kTypeDepthLimit = 32;

}  // namespace turntable
