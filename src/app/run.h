// turntable run: lanes from a loaded pipeline, their supervision, and the account at the end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/exit_code.h"
#include "base/clock.h"
#include "base/output.h"
#include "base/result.h"
#include "base/stop.h"

namespace turntable {

struct RunOptions {
  std::string pipeline;
  std::vector<std::string> sets;  // TABLE.OPTION=VALUE
  bool until_end = false;
  std::string stats_json;  // Where to write the statistics; empty: nowhere.
  unsigned lanes = 1;
  // "[ADDR:]PORT" to show the run at; empty: nowhere. The others count only with it.
  std::string http;
  std::string http_token;  // "file:PATH"; empty: as TURNTABLE_HTTP_TOKEN says, if it does.
  std::string http_certificate;
  std::string http_key;
  SteadyTime process_start{};
};

// Runs until the end, a stop or a failure. Prints schemas, flushes and the verdict to `out`, all
// else to stderr. Where `out` takes no more, that is said once and the run goes on; but where the
// sink is the console, the rows are what `out` is for, and the run fails.
[[nodiscard]] Result<ExitCode> run_pipeline(const RunOptions& options, StopToken& stop,
                                            Output& out);

}  // namespace turntable
