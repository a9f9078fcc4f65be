#include "query/cqlsh.h"

#include <fmt/format.h>

#include <span>

#include "base/text.h"

namespace turntable {
namespace {

struct ShellCommand {
  std::string_view word;  // In lower case.
  const char* instead;
};

// https://cassandra.apache.org/doc/latest/cassandra/managing/tools/cqlsh.html#special-commands. Not
// DESCRIBE and USE, which the server knows.
constexpr ShellCommand kCqlshCommands[] = {
    {"consistency", ""},  // See below.
    {"serial", "leave it out"},
    {"source", "give that file to a query of its own by -f"},
    {"copy", ""},  // See below.
    {"capture", "leave it out and give -o FILE"},
    {"tracing", "leave it out: requests are not traced here"},
    {"expand", "leave it out; --format json names the columns of each row"},
    {"paging", "leave it out: all rows are read, page by page"},
    {"show", "leave it out; SELECT release_version FROM system.local tells the server's version"},
    {"login", "leave it out and give --set username=NAME and --set password=file:PATH"},
    {"exit", "leave it out: the query ends behind its last statement"},
    {"quit", "leave it out: the query ends behind its last statement"},
    {"clear", "leave it out"},
    {"cls", "leave it out"},
    {"help", "leave it out; turntable query --help tells what there is here"},
    {"unicode", "leave it out"},
    {"history", "leave it out"},
    {"debug", "leave it out"},
    {"elapsed", "leave it out"},
    {"autofetch", "leave it out: all rows are read, page by page"},
};

// CONSISTENCY LOCAL_ONE
std::string instead_of_consistency(std::span<const CqlToken> tokens) {
  return tokens.size() < 2
             ? "leave it out"
             : fmt::format("leave it out and give --set consistency={}", printable(tokens[1].text));
}

// COPY t (a, b) TO 'file'
std::string instead_of_copy(std::span<const CqlToken> tokens) {
  for (const CqlToken& token : tokens)
    if (token.is("to")) return "write a SELECT and give --format csv and -o FILE";
  return "a pipeline with an INSERT INTO … SELECT writes rows into a table: turntable run";
}

std::string instead_of(const ShellCommand& command, std::span<const CqlToken> tokens) {
  if (command.word == "consistency") return instead_of_consistency(tokens);
  if (command.word == "copy") return instead_of_copy(tokens);
  return command.instead;
}

}  // namespace

std::optional<std::string> shell_command_fault(const CqlStatement& statement) {
  // A statement may be long, and a command's words are its first.
  constexpr size_t kBytesLookedAt = 400;
  const std::vector<CqlToken> tokens =
      tokens_of(std::string_view(statement.text).substr(0, kBytesLookedAt));
  if (tokens.empty()) return std::nullopt;
  if (tokens[0].text == "." && tokens.size() > 1)
    return fmt::format(".{} is a command of sqlite3's shell, not SQL: leave it out",
                       printable(tokens[1].text));
  for (const ShellCommand& command : kCqlshCommands) {
    if (!tokens[0].is(command.word)) continue;
    return fmt::format("{} is a command of cqlsh, not CQL: {}", printable(tokens[0].text),
                       instead_of(command, tokens));
  }
  return std::nullopt;
}

}  // namespace turntable
