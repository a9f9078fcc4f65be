// turntable schema: the tables of a pipeline as DDL, made where they are missing, or compared with
// the live ones.
#pragma once

#include <string>
#include <vector>

#include "app/exit_code.h"
#include "app/pipeline.h"
#include "base/output.h"
#include "base/result.h"
#include "base/stop.h"

namespace turntable {

enum class SchemaAction { print, apply, check };

struct SchemaOptions {
  SchemaAction action = SchemaAction::print;
  std::string pipeline;
  std::vector<std::string> sets;
  bool add_columns = false;  // To tables that are there and lack some; apply only.
};

// Prints to `out`. `check` ends with ExitCode::failed where a live table differs, after a sentence
// for each column.
[[nodiscard]] Result<ExitCode> run_schema(const SchemaOptions& options, const StopToken& stop,
                                          Output& out);

}  // namespace turntable
