#include "catalogue/csv_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "base/text.h"
#include "catalogue/csv_survey.h"
#include "sql/identifiers.h"

namespace turntable {
namespace {

// "'name', 'x' and 3 more".
std::string names_text(const std::vector<std::string>& names) {
  constexpr size_t kShown = 10;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", quoted(names[i]));
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

// The header as it was read, in which a tab is to be seen.
std::string one_column_text(std::string_view name) {
  constexpr std::string_view kTab = "\\u0009";
  std::string text = quoted(name);
  for (size_t at = text.find(kTab); at != std::string::npos; at = text.find(kTab))
    text.replace(at, kTab.size(), "\\t");
  return text;
}

void pass_over(CsvHeader& header, size_t number, const std::string& why) {
  header.passed_over.push_back(fmt::format("column {} is passed over: {}", number, why));
}

void add_name(CsvHeader& header, std::string_view name, const std::string& path) {
  const size_t number = header.names.size() + 1;
  const auto same = std::find(header.names.begin(), header.names.end(), name);
  if (name.empty()) {
    pass_over(header, number, "it has no name");
  } else if (!is_utf8(name)) {
    pass_over(header, number, fmt::format("its name is not valid UTF-8: {}", quoted(name)));
    name = {};
  } else if (same != header.names.end()) {
    const auto first = static_cast<size_t>(same - header.names.begin()) + 1;
    const auto [why, is_second] = header.unusable.try_emplace(
        std::string(name), fmt::format("columns {} and {} of {} are both named {}: rename one of "
                                       "them",
                                       first, number, path, quoted(name)));
    const auto named_as = [&](size_t other) {
      return fmt::format("its name is {}, as that of column {}", quoted(name), other);
    };
    if (is_second) pass_over(header, first, named_as(number));
    pass_over(header, number, named_as(first));
  }
  header.names.emplace_back(name);
}

}  // namespace

Result<CsvHeader> read_csv_header(CsvReader& reader, const CsvDialect& dialect,
                                  const std::string& path) {
  const auto row = reader.next();
  if (!row)
    return fail(
        ErrorKind::failed,
        fmt::format("{} is empty: a first line with the names of the columns was expected", path));
  CsvHeader header;
  header.place = fmt::format("{}:{}", path, row->line);
  if (!row->fault.empty())
    return fail(ErrorKind::failed, fmt::format("{}: in the header, {}", header.place, row->fault));
  for (const CsvField& field : row->fields) add_name(header, field.text, path);
  header.ends_with_delimiter = row->fields.size() > 1 && row->fields.back().text.empty();
  if (row->fields.size() > 1) return header;
  if (const std::string hint = delimiter_hint(header.names[0], dialect); !hint.empty())
    header.remark =
        fmt::format("the header is one column, {}{}", one_column_text(header.names[0]), hint);
  return header;
}

Error CsvHeader::no_such_column(const std::string& name, std::string_view use) const {
  if (const auto found = unusable.find(name); found != unusable.end())
    return {ErrorKind::usage, found->second};
  std::vector<std::string> known = names;
  std::erase(known, "");
  // The option `key` is the name itself; a declared column is written as SQL has names.
  const std::string similar =
      use.empty() ? sql::did_you_mean_name(name, known) : did_you_mean(name, known);
  const std::string hint = !remark.empty() ? ": " + remark
                           : !similar.empty()
                               ? "." + similar
                               : fmt::format(": the header has {}", names_text(known));
  return {ErrorKind::usage,
          fmt::format("{}: there is no column {}{}{}", place, quoted(name), use, hint)};
}

}  // namespace turntable
