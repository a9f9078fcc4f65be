// The metrics of a run, for Prometheus. Their names and labels are an API: docs/METRICS.md is made
// of this table, and a golden has them.
#pragma once

#include <span>
#include <string>

#include "serve/exposition.h"
#include "serve/observation.h"
#include "serve/run_facts.h"

namespace turntable {

// All of them, in the order in which they are given.
[[nodiscard]] std::span<const MetricFamily> metric_families();

// The answer of /metrics. From one look: consumed is the sum of the outcomes and of what is in
// flight.
[[nodiscard]] std::string metrics_text(const Observation& now, const RunFacts& facts, bool ready,
                                       MetricsFormat format);

}  // namespace turntable
