#include "query/sqlite_fields.h"

#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "query/statements.h"

namespace turntable {
namespace {

// "features.tempo", in lower case, as SQLite compares names.
std::set<std::string> field_columns_in(sqlite::Database& db, const std::string& keyspace) {
  std::set<std::string> names;
  auto rows = db.prepare(
      fmt::format("SELECT x.name FROM {}.sqlite_master m, pragma_table_xinfo(m.name, {}) x WHERE "
                  "m.type = 'table' AND x.hidden = 2 AND instr(x.name, '.') > 0",
                  sqlite::quote_name(keyspace), sqlite::quote_text(keyspace)));
  if (!rows) return names;
  for (auto more = rows->step(); more && *more; more = rows->step())
    names.insert(lowercase(rows->text(0)));
  return names;
}

// The tables and aliases of all SELECTs in the statement, and words between them.
std::set<std::string> table_names(const std::vector<CqlToken>& tokens) {
  std::set<std::string> names;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].is("select")) continue;
    for (const CqlToken& token : tables_of(tokens, i))
      if (const auto name = token.name()) names.insert(lowercase(*name));
  }
  return names;
}

// The names a, b and c of a.b.c; the tokens between them are points.
std::vector<std::string> chain_at(const std::vector<CqlToken>& tokens, size_t at) {
  std::vector<std::string> names;
  for (size_t i = at; i < tokens.size(); i += 2) {
    const auto name = tokens[i].name();
    if (!name) break;
    names.push_back(*name);
    if (i + 1 >= tokens.size() || tokens[i + 1].text != ".") break;
  }
  return names;
}

}  // namespace

size_t FieldNames::written_at(size_t byte) const {
  size_t longer = 0;
  for (const auto& [end, more] : places) {
    if (end > byte) break;
    longer += more;
  }
  return byte - longer;
}

FieldNames with_field_columns(sqlite::Database& db, const std::string& keyspace,
                              const std::string& text) {
  FieldNames made{.text = text};
  const std::vector<CqlToken> tokens = tokens_of(text);
  const std::set<std::string> columns = field_columns_in(db, keyspace);
  if (columns.empty()) return made;
  const std::set<std::string> tables = table_names(tokens);
  std::string out;
  size_t copied = 0;  // Of `text`.
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::vector<std::string> names = chain_at(tokens, i);
    if (names.size() < 2) continue;
    const size_t last = i + 2 * (names.size() - 1);
    for (size_t first = 0; first + 1 < names.size(); ++first) {
      if (first == 0 && tables.contains(lowercase(names[0]))) continue;
      const std::string column = fmt::format(
          "{}", fmt::join(names.begin() + static_cast<ptrdiff_t>(first), names.end(), "."));
      if (!columns.contains(lowercase(column))) continue;
      const size_t begin = tokens[i + 2 * first].begin;
      const size_t end = tokens[last].begin + tokens[last].text.size();
      const std::string name = sqlite::quote_name(column);
      out += text.substr(copied, begin - copied) + name;
      copied = end;
      if (name.size() > end - begin)
        made.places.emplace_back(out.size(), name.size() - (end - begin));
      break;
    }
    i = last;
  }
  made.text = out + text.substr(copied);
  return made;
}

}  // namespace turntable
