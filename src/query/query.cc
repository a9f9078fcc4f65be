#include "query/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/file_id.h"
#include "base/file_kind.h"
#include "base/log.h"
#include "base/text.h"
#include "query/cassandra_store.h"
#include "query/cqlsh.h"
#include "query/output_file.h"
#include "query/sqlite_store.h"
#include "sqlite/database.h"

namespace turntable {
namespace {

constexpr size_t kWarningBytesLimit = 1'000;

Result<std::string> read_file(const std::string& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code))
    return fail(ErrorKind::usage, path + ": it is a directory, not a file");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kStatementsBytesLimit + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    return fail(ErrorKind::usage, fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kStatementsBytesLimit) {
    return fail(ErrorKind::usage, fmt::format("{}: a file of statements has {} bytes at most", path,
                                              grouped(kStatementsBytesLimit)));
  }
  return text;
}

Result<std::unique_ptr<RowStore>> open_store(const QueryOptions& options, const StopToken& stop) {
  if (!options.sqlite_path.empty())
    return SqliteStore::open(options.sqlite_path, options.keyspace, options.page_rows, stop);
  return CassandraStore::connect(options.cassandra, options.page_rows);
}

// Whether the fault is the statement's, so that its place helps.
bool is_of_statement(ErrorKind kind) {
  return kind == ErrorKind::usage || kind == ErrorKind::schema || kind == ErrorKind::failed ||
         kind == ErrorKind::row;
}

Error placed(StoreFault fault, const CqlStatement& statement, const std::string& label) {
  if (!fault.at && !is_of_statement(fault.error.kind)) return std::move(fault.error);
  const TextPlace at = fault.at.value_or(statement.at);
  return std::move(fault.error).with(fmt::format("{}:{}:{}", label, at.line, at.column));
}

Status interrupted() {
  return fail(ErrorKind::interrupted, "the query was interrupted");
}

// `show`: shows what the store warns of, with each page.
Status write_result(RowStream& stream, RowFormat format, const TextOutput& out,
                    const StopToken& stop, const std::function<void()>& show, Progress* progress) {
  uint64_t rows = 0;
  show();
  if (stream.columns().empty()) return {};
  const std::unique_ptr<RowWriter> writer = make_row_writer(format, out);
  RETURN_IF_ERROR(writer->begin(stream.columns()));
  while (true) {
    if (stop.requested()) return interrupted();
    const Result<std::optional<ResultPage>> page = stream.next_page();
    if (!page) return stop.requested() ? interrupted() : tl::unexpected<Error>(page.error());
    show();
    if (!*page) return writer->end();
    RETURN_IF_ERROR(writer->rows(**page));
    rows += (*page)->rows;
    if (progress != nullptr) progress->at(rows);
  }
}

// All of them in one pass, before anything is run.
Status check_no_shell_commands(const std::vector<CqlStatement>& statements,
                               const std::string& label) {
  std::string faults;
  for (const CqlStatement& statement : statements)
    if (const auto fault = shell_command_fault(statement))
      faults += fmt::format("{}{}:{}:{}: {}", faults.empty() ? "" : "\n", label, statement.at.line,
                            statement.at.column, *fault);
  return faults.empty() ? Status() : fail(ErrorKind::usage, faults);
}

void show_warnings(RowStream& stream, const CqlStatement& statement, const std::string& label) {
  for (const std::string& warning : stream.take_warnings())
    log::warn("{}:{}:{}: the server warns: {}", label, statement.at.line, statement.at.column,
              printable(warning, kWarningBytesLimit));
}

}  // namespace

Result<std::vector<CqlStatement>> read_statements(std::string_view text, const std::string& label) {
  if (const auto kind = file_kind(text)) return fail(ErrorKind::usage, kind->sentence(label));
  // A NUL byte would be the end for SQLite, and what stands behind it passed over.
  if (text.find('\0') != std::string_view::npos || !is_utf8(text))
    return fail(ErrorKind::usage, label + ": it is not UTF-8 text, or has a NUL byte in it");
  auto statements = split_statements(text);
  if (!statements) {
    const SplitFault& fault = statements.error();
    return fail(ErrorKind::usage,
                fmt::format("{}:{}:{}: {}", label, fault.at.line, fault.at.column, fault.message));
  }
  if (statements->empty()) return fail(ErrorKind::usage, label + ": there is no statement in it");
  RETURN_IF_ERROR(check_no_shell_commands(*statements, label));
  return std::move(*statements);
}

Status run_statements(RowStore& store, const std::vector<CqlStatement>& statements,
                      const std::string& label, RowFormat format, const TextOutput& out,
                      const StopToken& stop, const std::function<bool()>& reader_gone,
                      Progress* progress) {
  for (const CqlStatement& statement : statements) {
    if (stop.requested()) return interrupted();
    auto stream = store.run(statement);
    if (!stream && stop.requested()) return interrupted();
    if (!stream) return tl::unexpected(placed(std::move(stream.error()), statement, label));
    const auto show = [&] { show_warnings(**stream, statement, label); };
    if (reader_gone()) {
      show();
      continue;
    }
    const Status written = write_result(**stream, format, out, stop, show, progress);
    if (written || reader_gone()) continue;
    // A reader that does not read is given up after the wish to stop, and that alone ends it.
    return stop.requested() ? interrupted() : written;
  }
  return {};
}

Status check_output(const std::string& output, const std::string& sqlite_path,
                    const std::string& read) {
  if (output.empty() || output == "-") return {};
  const auto is_output = [&](const std::string& name) { return is_same_file(name, output); };
  const auto database = sqlite::files_of(sqlite_path);
  const bool is_read =
      (!sqlite_path.empty() && (std::any_of(database.begin(), database.end(), is_output) ||
                                is_output(sqlite::lock_path_of(sqlite_path)))) ||
      (!read.empty() && is_output(read));
  if (!is_read) return {};
  return fail(ErrorKind::usage,
              fmt::format("--output: '{}' is the file that is read", printable(output)));
}

Status run_query(const QueryOptions& options, const StopToken& stop, Output& out) {
  std::string text = options.text;
  if (!options.file.empty()) {
    ASSIGN_OR_RETURN(text, read_file(options.file));
  }
  const std::string label = options.file.empty() ? "-e" : options.file;
  RETURN_IF_ERROR(check_output(options.output, options.sqlite_path, options.file));
  ASSIGN_OR_RETURN(const auto statements, read_statements(text, label));
  ASSIGN_OR_RETURN(const auto store, open_store(options, stop));
  Progress progress("rows");
  if (options.output.empty() || options.output == "-") {
    const auto to_stdout = [&out](std::string_view piece) {
      return out.write(piece) ? Status() : out.written();
    };
    RETURN_IF_ERROR(run_statements(
        *store, statements, label, options.format, to_stdout, stop,
        [&out] { return out.reader_gone(); }, out.is_terminal() ? nullptr : &progress));
    const Status finished = out.finish();
    return !finished && stop.requested() ? interrupted() : finished;
  }
  ASSIGN_OR_RETURN(const auto output, OutputFile::open(options.output));
  RETURN_IF_ERROR(run_statements(
      *store, statements, label, options.format,
      [&](std::string_view piece) { return output->write(piece); }, stop, [] { return false; },
      &progress));
  return output->commit();
}

}  // namespace turntable
