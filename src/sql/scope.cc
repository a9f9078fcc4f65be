#include "sql/scope.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace turntable::sql {
namespace {

std::optional<uint32_t> index_of(const Schema& schema, const std::string& column) {
  const auto found = std::find_if(schema.begin(), schema.end(),
                                  [&](const ColumnDef& c) { return c.name == column; });
  if (found == schema.end()) return std::nullopt;
  return static_cast<uint32_t>(found - schema.begin());
}

}  // namespace

bool Scope::complete() const {
  return std::all_of(tables_.begin(), tables_.end(),
                     [](const ScopeTable& table) { return table.known; });
}

std::optional<uint32_t> Scope::find_table(const std::string& alias, Location at,
                                          Faults& faults) const {
  std::vector<std::string> aliases;
  for (uint32_t i = 0; i < tables_.size(); ++i) {
    if (tables_[i].alias == alias) return i;
    aliases.push_back(tables_[i].alias);
  }
  for (const ScopeTable& table : tables_) {
    if (table.name != alias) continue;
    faults.add(at, fmt::format("table {} is called {} in this SELECT", table.name, table.alias));
    return std::nullopt;
  }
  faults.add(at, fmt::format("there is no table {} in FROM or JOIN.{}", printable(alias),
                             did_you_mean(alias, aliases)));
  return std::nullopt;
}

std::optional<ScopeColumn> Scope::find_column(const NameSyntax& name, Location at,
                                              Faults& faults) const {
  if (name.table.empty()) return find_anywhere(name.column, at, faults);
  const auto table = find_table(name.table, at, faults);
  if (!table) return std::nullopt;
  const auto found = find_in(*table, name.column);
  if (found || !tables_[*table].known) return found;
  std::vector<std::string> names;
  add_names(*table, names);
  faults.add(name.column_at, fmt::format("table {} has no column {}.{}", tables_[*table].name,
                                         printable(name.column), did_you_mean(name.column, names)));
  return std::nullopt;
}

std::optional<ScopeColumn> Scope::find_in(uint32_t table, const std::string& column) const {
  if (const auto found = index_of(tables_[table].columns, column))
    return ScopeColumn{table, *found, false};
  // A declared column goes before a hidden one of the same name.
  if (table != 0) return std::nullopt;
  const auto hidden = index_of(hidden_columns(), column);
  return hidden ? std::optional(ScopeColumn{table, *hidden, true}) : std::nullopt;
}

std::optional<ScopeColumn> Scope::find_anywhere(const std::string& column, Location at,
                                                Faults& faults) const {
  std::vector<ScopeColumn> found;
  std::vector<std::string> names;
  for (uint32_t table = 0; table < tables_.size(); ++table) {
    if (const auto here = find_in(table, column)) found.push_back(*here);
    add_names(table, names);
  }
  // A hidden column counts only where nothing visible has the name.
  if (found.size() > 1)
    std::erase_if(found, [](const ScopeColumn& candidate) { return candidate.hidden; });
  if (found.size() > 1) {
    faults.add(at,
               fmt::format("column {0} is ambiguous: write {1}.{0} or {2}.{0}", printable(column),
                           tables_[found[0].table].alias, tables_[found[1].table].alias));
    return std::nullopt;
  }
  if (!found.empty()) return found[0];
  if (complete())
    faults.add(at, fmt::format("there is no column {}.{}", printable(column),
                               did_you_mean(column, names)));
  return std::nullopt;
}

void Scope::add_names(uint32_t table, std::vector<std::string>& names) const {
  for (const ColumnDef& column : tables_[table].columns) names.push_back(column.name);
  if (table == 0)
    for (const ColumnDef& column : hidden_columns()) names.push_back(column.name);
}

}  // namespace turntable::sql
