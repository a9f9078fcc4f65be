#include "query/query.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "query/cassandra_store.h"
#include "query/output_file.h"
#include "query/sqlite_store.h"

namespace turntable {
namespace {

constexpr uintmax_t kFileBytesLimit = 16 << 20;

Result<std::string> read_file(const std::string& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code))
    return fail(ErrorKind::usage, path + ": it is a directory, not a file");
  const uintmax_t size = std::filesystem::file_size(path, code);
  if (!code && size > kFileBytesLimit) {
    return fail(ErrorKind::usage,
                fmt::format("{} has {} bytes: a file of statements has {} at most", path, size,
                            kFileBytesLimit));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    return fail(ErrorKind::usage, fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
  }
  return text;
}

Result<std::unique_ptr<RowStore>> open_store(const QueryOptions& options) {
  if (!options.sqlite_path.empty())
    return SqliteStore::open(options.sqlite_path, options.keyspace, options.page_rows);
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

Status write_result(RowStream& stream, RowFormat format, const TextOutput& out,
                    const StopToken& stop) {
  if (stream.columns().empty()) return {};
  const std::unique_ptr<RowWriter> writer = make_row_writer(format, out);
  RETURN_IF_ERROR(writer->begin(stream.columns()));
  while (true) {
    if (stop.requested()) return fail(ErrorKind::interrupted, "the query was interrupted");
    ASSIGN_OR_RETURN(const std::optional<ResultPage> page, stream.next_page());
    if (!page) return writer->end();
    RETURN_IF_ERROR(writer->rows(*page));
  }
}

}  // namespace

Result<std::vector<CqlStatement>> read_statements(std::string_view text, const std::string& label) {
  auto statements = split_statements(text);
  if (!statements) {
    const SplitFault& fault = statements.error();
    return fail(ErrorKind::usage,
                fmt::format("{}:{}:{}: {}", label, fault.at.line, fault.at.column, fault.message));
  }
  if (statements->empty()) return fail(ErrorKind::usage, label + ": there is no statement in it");
  return std::move(*statements);
}

Status run_statements(RowStore& store, const std::vector<CqlStatement>& statements,
                      const std::string& label, RowFormat format, const TextOutput& out,
                      const StopToken& stop) {
  for (const CqlStatement& statement : statements) {
    if (stop.requested()) return fail(ErrorKind::interrupted, "the query was interrupted");
    auto stream = store.run(statement);
    if (!stream) return tl::unexpected(placed(std::move(stream.error()), statement, label));
    RETURN_IF_ERROR(write_result(**stream, format, out, stop));
  }
  return {};
}

Status run_query(const QueryOptions& options, const StopToken& stop) {
  std::string text = options.text;
  if (!options.file.empty()) {
    ASSIGN_OR_RETURN(text, read_file(options.file));
  }
  const std::string label = options.file.empty() ? "-e" : options.file;
  ASSIGN_OR_RETURN(const auto statements, read_statements(text, label));
  ASSIGN_OR_RETURN(const auto store, open_store(options));
  ASSIGN_OR_RETURN(const auto output, OutputFile::open(options.output));
  RETURN_IF_ERROR(run_statements(
      *store, statements, label, options.format,
      [&](std::string_view piece) { return output->write(piece); }, stop));
  return output->commit();
}

}  // namespace turntable
