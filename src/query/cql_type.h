// The types of a result's columns, read from their CQL names: "float", "list<int>", "map<text,
// frozen<set<int>>>".
#pragma once

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
    timeuuid,
    tinyint,
    uuid,
    varint,
    list,
    map,
    set,
    tuple,
    vector,
    unknown,  // A user's own type, or one that came later: shown as bytes.
  };
  Kind kind = Kind::unknown;
  std::vector<CqlType> parts;  // Of what it consists; of a vector the one type of its elements.
  size_t elements = 0;         // Of a vector.
};

// Nested deeper than kTypeDepthLimit, or not understood: unknown.
[[nodiscard]] CqlType parse_cql_type(std::string_view name);

inline constexpr int kTypeDepthLimit = 32;

}  // namespace turntable
