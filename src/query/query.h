// Runs the statements of a text on a store, one after another, and writes their results.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/output.h"
#include "base/progress.h"
#include "base/result.h"
#include "base/stop.h"
#include "cassandra/session.h"
#include "query/row_stream.h"
#include "query/row_writer.h"
#include "query/statements.h"

namespace turntable {

// Of a file of statements.
inline constexpr size_t kStatementsBytesLimit = size_t{16} << 20;

struct QueryOptions {
  cassandra::Options cassandra;  // Where sqlite_path is empty.
  std::string sqlite_path;
  std::string keyspace;  // SQLite: the name under which the file is attached, instead of the one it
                         // remembers.
  std::string file;      // The statements' file,
  std::string text;      // or, where that is empty, they themselves.
  RowFormat format = RowFormat::table;
  std::string output;  // A file, or empty or "-" for standard output.
  uint32_t page_rows = 5'000;
};

// Errors name file, line and column of the statement where one is at fault. With `output` the file
// is as it was before unless all statements have been run. `stop` ends it between two pages, with
// an error of kind interrupted. `out`: standard output; a reader of it who goes away is no error:
// no more rows are asked for, and the statements that are left are run.
[[nodiscard]] Status run_query(const QueryOptions& options, const StopToken& stop, Output& out);

// One statement or more, or an error of kind usage. `label` stands for the file in messages.
[[nodiscard]] Result<std::vector<CqlStatement>> read_statements(std::string_view text,
                                                                const std::string& label);

// The same for a store that is open. `reader_gone`: whether nobody reads any more what `out` takes.
// `progress`: who waits for an export; null where the rows are seen.
[[nodiscard]] Status run_statements(RowStore& store, const std::vector<CqlStatement>& statements,
                                    const std::string& label, RowFormat format,
                                    const TextOutput& out, const StopToken& stop,
                                    const std::function<bool()>& reader_gone,
                                    Progress* progress = nullptr);

// The file that is made of a result takes the place of whatever has its name: it must be none of
// those that are read, nor belong to the SQLite file `sqlite_path`. Empty names are no files.
[[nodiscard]] Status check_output(const std::string& output, const std::string& sqlite_path,
                                  const std::string& read);

}  // namespace turntable
