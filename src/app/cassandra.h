// Connecting to the Cassandra of a sink, and saying how its live table differs.
#pragma once

#include <string>

#include "app/pipeline.h"
#include "base/result.h"
#include "base/stop.h"
#include "cassandra/session.h"
#include "sink/ddl.h"

namespace turntable {

// Connects with the sink's options. A cluster that is away is said, and tried again until it is
// there or `stop` is requested.
[[nodiscard]] Result<cassandra::Session> connect_cassandra(const SinkSpec& sink,
                                                           const StopToken& stop);

// The faults of a difference as one error of kind schema, a line each, or nothing. Notes go to the
// log.
[[nodiscard]] Status difference_error(const Difference& difference, const std::string& table);

}  // namespace turntable
