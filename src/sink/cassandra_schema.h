// The live table of a Cassandra sink, as compare() wants it.
#pragma once

#include <vector>

#include "base/result.h"
#include "cassandra/session.h"
#include "sink/table.h"

namespace turntable {

// The table's columns, key first. Empty where there is no such table. Waits for the server.
[[nodiscard]] Result<std::vector<LiveColumn>> read_cassandra_columns(cassandra::Session& session,
                                                                     const SinkTable& table);

}  // namespace turntable
