// turntable schema: the sink's table as DDL, made where it is missing, or compared with the live
// one.
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
};

// Prints to `out`. `check` ends with ExitCode::failed where the live table differs, after a
// sentence for each column.
[[nodiscard]] Result<ExitCode> run_schema(const SchemaOptions& options, const StopToken& stop,
                                          Output& out);

// The live table compared with the pipeline's, without making or changing anything: an error of
// kind schema where it differs or is missing. Nothing for connectors that keep no table.
[[nodiscard]] Status check_live_table(const SinkSpec& sink, const StopToken& stop);

// The same, but an SQLite file or table that is missing is no error: the sink makes it.
[[nodiscard]] Status check_table_if_there(const SinkSpec& sink, const StopToken& stop);

// The same of an SQLite sink, which makes its file and takes its lock as soon as it is opened. Only
// faults are said; the sink says the rest. A file with a rollback journal beside it is left to the
// sink: it may have to be rolled back before it can be read.
[[nodiscard]] Status check_sqlite_before_opening(const SinkSpec& sink, const StopToken& stop);

}  // namespace turntable
