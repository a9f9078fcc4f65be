// What the fields of a CSV file are called. Inside catalogue/ only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalogue/csv_reader.h"

namespace turntable {

struct CsvHeader {
  std::string place;  // "songs.csv:1".
  // By field: the name, or nothing where nobody can ask for it.
  std::vector<std::string> names;
  // The names that more than one field has, each with a sentence that says so.
  std::map<std::string, std::string> unusable;
  // What cannot be asked for: "column 1 is passed over: it has no name".
  std::vector<std::string> passed_over;
  // The last field has no name, as where every line ends with a delimiter.
  bool ends_with_delimiter = false;
  // What the header is where it was probably read with the wrong delimiter; or nothing.
  std::string remark;

  [[nodiscard]] bool can_be_asked_for(const std::string& name) const {
    return !name.empty() && !unusable.contains(name);
  }
  // Says that the column is not there, or which of them could be meant. `use`: " to be the key".
  [[nodiscard]] Error no_such_column(const std::string& name, std::string_view use) const;
};

// The next row as a header. Fields without a name that can be used are no fault: the file may have
// all that is wanted beside them.
[[nodiscard]] Result<CsvHeader> read_csv_header(CsvReader& reader, const CsvDialect& dialect,
                                                const std::string& path);

}  // namespace turntable
