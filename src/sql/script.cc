#include "sql/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "sql/options.h"
#include "sql/parser.h"

namespace turntable::sql {
namespace {

// Places the first byte that is not UTF-8, or a NUL, which libpg_query would take for the end.
std::optional<size_t> first_bad_byte(std::string_view text) {
  const size_t nul = text.find('\0');
  if (is_utf8(text)) return nul == std::string_view::npos ? std::nullopt : std::optional(nul);
  // The longest well-formed prefix, by bisection over lines first and bytes then: a file is small.
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (!is_utf8(line)) {
      size_t good = line.size();
      while (!is_utf8(line.substr(0, good))) --good;
      return std::min(begin + good, nul);
    }
    begin = end + 1;
  }
  return nul;
}

void check_columns(const TableDef& table, Faults& faults) {
  if (table.columns.size() > kColumnsLimit)
    faults.add(table.column_locations[kColumnsLimit],
               fmt::format("a table has {} columns at most", grouped(kColumnsLimit)));
  std::set<std::string> seen;
  for (size_t i = 0; i < table.columns.size(); ++i)
    if (!seen.insert(table.columns[i].name).second)
      faults.add(table.column_locations[i],
                 fmt::format("column {} stands twice", table.columns[i].name));
}

void add_table(Script& script, TableDef table, Faults& faults) {
  check_columns(table, faults);
  finish_options(table, faults);
  if (const TableDef* other = script.find(table.name)) {
    faults.add(table.at, fmt::format("table {} is declared twice, first in line {}", table.name,
                                     other->at.line));
    return;
  }
  script.tables.push_back(std::move(table));
}

void add_insert(Script& script, std::unique_ptr<InsertSyntax> syntax) {
  Insert insert;
  insert.sink = syntax->sink.name;
  insert.source = syntax->source.name;
  for (const JoinSyntax& join : syntax->joins) insert.lookups.push_back(join.table.name);
  insert.at = syntax->sink.at;
  insert.syntax = std::move(syntax);
  script.inserts.push_back(std::move(insert));
}

}  // namespace

std::string Faults::text() const {
  std::vector<Fault> sorted = list;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Fault& a, const Fault& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  std::string out;
  for (const Fault& fault : sorted) {
    if (!out.empty()) out += '\n';
    if (fault.at.line > 0) out += fmt::format("{}:{}:{}: ", file, fault.at.line, fault.at.column);
    // Names and values in it came with the pipeline, and may hold anything.
    out += printable(fault.message, std::string::npos);
  }
  return out;
}

const Option* TableDef::find(std::string_view option) const {
  const auto found = std::find_if(options.begin(), options.end(), [&](const Option& candidate) {
    return candidate.name == option;
  });
  return found == options.end() ? nullptr : &*found;
}

std::string TableDef::value(std::string_view option, std::string_view otherwise) const {
  const Option* found = find(option);
  return found == nullptr ? std::string(otherwise) : found->value;
}

const TableDef* Script::find(std::string_view table) const {
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const TableDef& candidate) {
    return candidate.name == table;
  });
  return found == tables.end() ? nullptr : &*found;
}

Script parse_script(std::string_view text, const std::vector<SetOption>& sets, Faults& faults) {
  Script script;
  script.file = faults.file;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark)
    text.remove_prefix(kByteOrderMark.size());
  const SourceText source(text);
  if (const auto bad = first_bad_byte(text)) {
    faults.add(source.at(*bad), text[*bad] == '\0' ? "there is a NUL byte in the file"
                                                   : "the file is not UTF-8 text");
    script.complete = false;
    return script;
  }
  const std::vector<StatementText> statements = source.statements();
  for (const StatementText& part : statements) {
    if (faults.list.size() >= kFaultsLimit) {
      faults.add(source.at(part.begin), "too many faults: what follows was not looked at");
      script.complete = false;
      return script;
    }
    Statement statement = parse_statement(source, part, faults);
    if (auto* table = std::get_if<TableDef>(&statement)) {
      add_table(script, std::move(*table), faults);
    } else if (auto* insert = std::get_if<std::unique_ptr<InsertSyntax>>(&statement)) {
      add_insert(script, std::move(*insert));
    } else {
      script.complete = false;
    }
  }
  if (script.inserts.empty() && script.complete)
    faults.add(source.at(statements.empty() ? 0 : statements[0].begin),
               "the pipeline has no INSERT INTO … SELECT statement");
  for (size_t i = 1; i < script.inserts.size(); ++i)
    faults.add(script.inserts[i].at, "a second INSERT is not supported (yet)");
  apply_sets(script, sets, faults);
  return script;
}

}  // namespace turntable::sql
