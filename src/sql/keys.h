// The options primary_key and clustering_order of a sink, in CQL's own notation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace turntable::sql {

struct KeyDef {
  std::vector<std::string> partition;
  std::vector<std::string> clustering;
};

struct ClusteringDirection {
  std::string column;
  bool descending = false;
};

// "((name, date), time, id)": partition columns name and date, clustering columns time and id.
// "(name, time)" and "name" are short for one partition column. Names fold to lower case unless
// they stand in double quotes. The error is a sentence.
[[nodiscard]] Result<KeyDef> parse_primary_key(std::string_view text);

// "time DESC, id": ascending where nothing is said.
[[nodiscard]] Result<std::vector<ClusteringDirection>> parse_clustering_order(
    std::string_view text);

}  // namespace turntable::sql
