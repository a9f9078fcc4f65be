// turntable demo: the whole path with no server. An in-process Kafka broker, the producer, the
// pipeline, SQLite, and the three queries.
#pragma once

#include <string>

#include "app/exit_code.h"
#include "base/clock.h"
#include "base/output.h"
#include "base/result.h"
#include "base/stop.h"

namespace turntable {

struct DemoOptions {
  std::string dir =
      "output";            // Made where it is missing; what an earlier demo left there is replaced.
  uint64_t count = 2'000;  // Plays.
  SteadyTime process_start{};
};

[[nodiscard]] Result<ExitCode> run_demo(const DemoOptions& options, StopToken& stop, Output& out);

}  // namespace turntable
