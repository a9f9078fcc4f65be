// From syntax to a Program: names are resolved, types checked, casts inserted, equal expressions
// merged.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "sql/program.h"
#include "sql/script.h"

namespace turntable::sql {

// What the binder must know of a lookup beyond its declaration.
struct BoundLookup {
  std::optional<Schema> schema;  // Declared, or inferred by whoever opened its file.
  bool drop_missing = false;
  // Names that its file has and its schema does not, each with a sentence that says why.
  std::map<std::string, std::string> unusable = {};
  // What its file may have been read wrongly for, where a column is missed: "the header is one
  // column, 'a;b'". Empty where nothing is known of that.
  std::string remark = {};
};

struct BindOptions {
  // The tables of the file that are lookups, by name. All others in FROM and JOIN are streams. One
  // without a schema is taken as declared; if it declares no columns, all faults but those in its
  // columns are found, and there is no program.
  std::map<std::string, BoundLookup> lookups;
};

// Binds all INSERTs of the script, which must read one stream. Faults carry the place in the file;
// the program is there only if there are none at all, the script's own included. On a script with
// faults it finds more of them: what is missing there is not missed again.
[[nodiscard]] std::optional<Program> bind(const Script& script, const BindOptions& options,
                                          Faults& faults);

}  // namespace turntable::sql
