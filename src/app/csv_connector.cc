// The connector 'csv': a lookup, loaded into memory from a file.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/connector.h"
#include "base/text.h"
#include "catalogue/csv_reader.h"
#include "row/arena.h"

namespace turntable {
namespace {

// One that a line can hold beside quotes and breaks.
bool can_separate(std::string_view text) {
  return text.size() == 1 && text != "\"" && text != "\n" && text != "\r";
}

// A tab cannot be seen where it is written, so it has a name, and the escape that most languages
// have.
char read_delimiter(OptionReader& options) {
  const std::string delimiter = options.text("delimiter", ",");
  if (delimiter == "\\t" || delimiter == "tab") return '\t';
  if (can_separate(delimiter)) return delimiter[0];
  options.fault("delimiter",
                fmt::format("delimiter cannot be '{}', expected one ASCII character, or 'tab'",
                            printable(delimiter)));
  return ',';
}

// A quote as the escape is RFC 4180's own way.
std::optional<char> read_escape(OptionReader& options, char delimiter) {
  const std::string escape = options.text("escape", "\"");
  if (escape == "\"") return std::nullopt;
  if (can_separate(escape) && escape[0] != delimiter) return escape[0];
  options.fault("escape",
                fmt::format("escape cannot be '{}', expected one ASCII character other than the "
                            "delimiter, such as '\\', or '\"' for quotes that are doubled",
                            printable(escape)));
  return std::nullopt;
}

// The list is a row of CSV by itself, so that a text in it may have a comma.
std::vector<std::string> read_nulls(OptionReader& options) {
  std::vector<std::string> nulls;
  const std::string list = options.text("null", "");
  Arena unquoted;
  CsvReader reader(list, {}, unquoted);
  const auto row = reader.next();
  if (!row) return nulls;
  bool good = row->fault.empty() && !reader.next();
  for (const CsvField& field : row->fields) {
    good &= field.quoted || !field.text.empty();
    nulls.emplace_back(field.text);
  }
  if (!good)
    options.fault("null", fmt::format("null cannot be '{}', expected texts with commas between "
                                      "them, such as 'NA,\\N'; one with a comma or of no "
                                      "characters in double quotes: '\"\",\"n, a\"'",
                                      printable(list)));
  return nulls;
}

}  // namespace

LookupSpec read_csv_lookup(OptionReader& options, const sql::TableDef& table) {
  LookupSpec lookup{.table = table.name,
                    .catalogue = {.path = options.path("path"),
                                  .key = options.text("key", ""),
                                  .declared = table.columns}};
  CatalogueOptions& catalogue = lookup.catalogue;
  if (table.find("key") != nullptr && catalogue.key.empty())
    options.fault("key", "the option key is empty");
  const std::string duplicates = options.choice("duplicate_key", {"first", "last", "error"});
  catalogue.duplicate_key = duplicates == "first"  ? DuplicateKey::first
                            : duplicates == "last" ? DuplicateKey::last
                                                   : DuplicateKey::error;
  lookup.drop_missing = options.choice("missing_key", {"dead_letter", "drop"}) == "drop";
  catalogue.delimiter = read_delimiter(options);
  catalogue.escape = read_escape(options, catalogue.delimiter);
  catalogue.nulls = read_nulls(options);
  catalogue.max_left_out_ratio = options.ratio("max_left_out_ratio", catalogue.max_left_out_ratio);
  catalogue.has_header = options.choice("header", {"true", "false"}) != "false";
  if (!catalogue.has_header && table.columns.empty())
    options.fault("header",
                  fmt::format("header = 'false' needs the columns declared, in the order of the "
                              "file: CREATE TABLE {} (name text, …)",
                              table.name));
  return lookup;
}

}  // namespace turntable
