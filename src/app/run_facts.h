// What a pipeline is, for those who look at its run.
#pragma once

#include <string>
#include <vector>

#include "app/pipeline.h"
#include "lane/recent_rows.h"
#include "serve/run_facts.h"

namespace turntable {

// Before the pipeline is loaded: its name, and when the run began.
[[nodiscard]] RunFacts first_facts(const std::string& file);

// The pipeline is loaded, and that was now.
[[nodiscard]] RunFacts run_facts(const Pipeline& pipeline);

// By INSERT: how rows are read back.
[[nodiscard]] std::vector<ShownForm> shown_forms(const Pipeline& pipeline);

// "topic plays at localhost:9092", a file's path.
[[nodiscard]] std::string source_name(const SourceSpec& source);

}  // namespace turntable
