// Cassandra's side of a sink's table: connecting, creating, reading what is live.
#pragma once

#include <string>
#include <vector>

#include "app/pipeline.h"
#include "base/result.h"
#include "base/stop.h"
#include "cassandra/session.h"
#include "sink/ddl.h"

namespace turntable {

[[nodiscard]] cassandra::Options cassandra_options(const SinkSpec& sink);

// Connects with the sink's options. A cluster that is away is said, and tried again until it is there or `stop` is requested.
[[nodiscard]] Result<cassandra::Session> connect_cassandra(const SinkSpec& sink, const StopToken& stop);

// The statements that `schema print` shows and `schema apply` runs, in order, without semicolons.
[[nodiscard]] Result<std::vector<std::string>> cassandra_ddl(const SinkSpec& sink);

// An error of kind schema where the table is missing or cannot take the pipeline's rows: a line for each column.
[[nodiscard]] Status check_cassandra_table(cassandra::Session& session, const SinkSpec& sink);

// The faults of a difference as one error of kind schema, or nothing.
[[nodiscard]] Status difference_error(const Difference& difference, const std::string& table);

}  // namespace turntable
