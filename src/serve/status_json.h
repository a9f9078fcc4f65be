// The answer of /api/status, which is the event of /api/live too.
#pragma once

#include <string>

#include "serve/observation.h"
#include "serve/run_facts.h"
#include "serve/run_history.h"

namespace turntable {

// Whether the run is ready, and where it is not, what it waits for.
struct Readiness {
  bool ready = false;
  std::string node;    // Of the plan, or empty.
  std::string name;    // What is awaited; empty where nothing is.
  std::string reason;  // A sentence without a full stop.
  int64_t since_us = 0;
};

// One sentence for people: is all well, else what waits for what, is anything lost, will it go on
// by itself.
[[nodiscard]] std::string status_sentence(const Observation& now, const RunHistory& history,
                                          const Readiness& readiness);

[[nodiscard]] std::string status_json(const Observation& now, const RunHistory& history,
                                      const RunFacts& facts, const Readiness& readiness);

}  // namespace turntable
