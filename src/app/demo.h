// turntable demo: the whole path with no server. An in-process Kafka broker, the producer, the
// pipeline, SQLite, the three queries, and the page.
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
  // After the answers: plays go on at a pace that a person can follow, until a stop, and the page
  // shows them.
  bool keep = false;
  std::string http = "8080";  // [ADDR:]PORT of the page.
  SteadyTime process_start{};
};

[[nodiscard]] Result<ExitCode> run_demo(const DemoOptions& options, StopToken& stop, Output& out);

}  // namespace turntable
