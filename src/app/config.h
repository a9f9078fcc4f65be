// turntable config: every option of a pipeline's tables, with the value that counts in the end and
// where it comes from. Nothing is connected, and secrets are masked.
#pragma once

#include <string>
#include <vector>

#include "app/exit_code.h"
#include "base/output.h"
#include "base/result.h"

namespace turntable {

struct ConfigOptions {
  std::string pipeline;
  std::vector<std::string> sets;
  bool json = false;
};

// One option of one table.
struct ConfigEntry {
  enum class From { preset, file, environment, command_line, other_table, ignored };
  std::string option;
  std::string value;  // Masked where it is a secret; empty where nothing counts.
  From from = From::preset;
  int line = 0;  // In the pipeline; 0: not there.
  int column = 0;
  std::vector<std::string> variables = {};  // From::environment: their names.
};

struct ConfigTable {
  std::string table;
  std::string role;  // "stream", "lookup", "rows", or "unused".
  std::vector<ConfigEntry> entries;
};

// An error of kind usage with all faults of the pipeline.
[[nodiscard]] Result<std::vector<ConfigTable>> explain_options(
    const std::string& pipeline, const std::vector<std::string>& sets);

[[nodiscard]] Result<ExitCode> run_config(const ConfigOptions& options, Output& out);

}  // namespace turntable
