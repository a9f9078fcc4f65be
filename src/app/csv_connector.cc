// The connector 'csv': a lookup, loaded into memory from a file.
#include <fmt/format.h>

#include "app/connector.h"
#include "base/text.h"

namespace turntable {

LookupSpec read_csv_lookup(OptionReader& options, const sql::TableDef& table) {
  LookupSpec lookup{.table = table.name,
                    .catalogue = {.path = options.required("path"),
                                  .key = options.text("key", ""),
                                  .declared = table.columns}};
  if (table.find("key") != nullptr && lookup.catalogue.key.empty())
    options.fault("key", "the option key is empty");
  const std::string duplicates = options.choice("duplicate_key", {"first", "last", "error"});
  lookup.catalogue.duplicate_key = duplicates == "first"  ? DuplicateKey::first
                                   : duplicates == "last" ? DuplicateKey::last
                                                          : DuplicateKey::error;
  lookup.drop_missing = options.choice("missing_key", {"dead_letter", "drop"}) == "drop";
  const std::string delimiter = options.text("delimiter", ",");
  if (delimiter.size() != 1 || delimiter == "\"" || delimiter == "\n" || delimiter == "\r") {
    options.fault("delimiter", fmt::format("delimiter cannot be '{}', expected one ASCII character",
                                           printable(delimiter)));
  } else {
    lookup.catalogue.delimiter = delimiter[0];
  }
  return lookup;
}

}  // namespace turntable
