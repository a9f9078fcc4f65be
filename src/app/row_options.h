// Options of the stores that keep one row for each key.
#pragma once

#include <fmt/format.h>

#include "app/option_reader.h"
#include "base/text.h"
#include "sink/table.h"

namespace turntable {

inline void read_row_options(OptionReader& options, SinkTable& table) {
  table.write_times = options.choice("write_timestamp", {"server", "record"}) == "record"
                          ? WriteTimeRule::record
                          : WriteTimeRule::delivery;
  const std::string nulls = options.text("nulls", "");
  if (nulls == "unset") table.nulls = Nulls::unset;
  if (nulls == "null") table.nulls = Nulls::null;
  if (!nulls.empty() && !table.nulls)
    options.fault(
        "nulls", fmt::format("nulls cannot be '{}', expected 'unset' or 'null'", printable(nulls)));
}

}  // namespace turntable
