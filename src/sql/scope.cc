#include "sql/scope.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "sql/identifiers.h"

namespace turntable::sql {
namespace {

std::optional<uint32_t> index_of(const Schema& schema, const std::string& column) {
  const auto found = std::find_if(schema.begin(), schema.end(),
                                  [&](const ColumnDef& c) { return c.name == column; });
  if (found == schema.end()) return std::nullopt;
  return static_cast<uint32_t>(found - schema.begin());
}

}  // namespace

uint32_t Scope::shown() const {
  return std::min(shown_, static_cast<uint32_t>(tables_.size()));
}

bool Scope::known(uint32_t count) const {
  return std::all_of(tables_.begin(), tables_.begin() + count,
                     [](const ScopeTable& table) { return table.known; });
}

bool Scope::complete() const {
  return known(static_cast<uint32_t>(tables_.size()));
}

std::optional<uint32_t> Scope::find_table(const std::string& alias, Location at,
                                          Faults& faults) const {
  std::vector<std::string> aliases;
  for (uint32_t i = 0; i < tables_.size(); ++i) {
    if (tables_[i].alias == alias) {
      if (i < shown()) return i;
      faults.add(at, fmt::format("table {} is joined further on: this ON can use only the tables "
                                 "before it",
                                 alias));
      return std::nullopt;
    }
    aliases.push_back(tables_[i].alias);
  }
  for (const ScopeTable& table : tables_) {
    if (table.name != alias) continue;
    faults.add(at, fmt::format("table {} is called {} in this SELECT", table.name, table.alias));
    return std::nullopt;
  }
  faults.add(at, fmt::format("there is no table {} in FROM or JOIN.{}", printable(alias),
                             did_you_mean_name(alias, aliases)));
  return std::nullopt;
}

std::optional<ScopeColumn> Scope::find_in(uint32_t entry, const std::string& column) const {
  if (const auto found = index_of(tables_[entry].columns, column))
    return ScopeColumn{.entry = entry, .column = *found};
  // A declared column goes before a hidden one of the same name.
  if (!tables_[entry].is_stream) return std::nullopt;
  const auto hidden = index_of(hidden_columns(), column);
  if (!hidden) return std::nullopt;
  return ScopeColumn{.entry = entry, .column = *hidden, .hidden = true};
}

std::vector<ScopeColumn> Scope::find_all(const std::string& column, uint32_t count) const {
  std::vector<ScopeColumn> found;
  for (const Merged& merged : merged_)
    if (merged.name == column) found.push_back(merged.column);
  for (uint32_t entry = 0; entry < count; ++entry) {
    const auto here = find_in(entry, column);
    if (here && !is_merged_away(*here)) found.push_back(*here);
  }
  // A hidden column counts only where nothing visible has the name.
  if (found.size() > 1)
    std::erase_if(found, [](const ScopeColumn& candidate) { return candidate.hidden; });
  return found;
}

std::optional<ScopeColumn> Scope::only_one(const std::vector<ScopeColumn>& found,
                                           const std::string& column, Location at,
                                           Faults& faults) const {
  if (found.size() == 1) return found[0];
  if (found.size() > 1)
    faults.add(at,
               fmt::format("column {} is ambiguous: write {}.{} or {}.{}", printable(column),
                           sql_identifier(tables_[found[0].entry].alias), sql_identifier(column),
                           sql_identifier(tables_[found[1].entry].alias), sql_identifier(column)));
  return std::nullopt;
}

std::optional<ScopeColumn> Scope::find_column(const NameSyntax& name, Location at,
                                              Faults& faults) const {
  if (name.table.empty()) {
    const auto found = find_all(name.column, shown());
    if (found.empty() && known(shown())) {
      std::string advice = hint(name.column, 0, shown(), true);
      // MySQL and BigQuery take double quotes for those of a text.
      if (advice.empty() && name.quoted)
        advice = fmt::format(" A text stands in single quotes: '{}'", printable(name.column));
      faults.add(at, fmt::format("there is no column {}.{}", printable(name.column), advice));
    }
    return only_one(found, name.column, at, faults);
  }
  const auto entry = find_table(name.table, at, faults);
  if (!entry) return std::nullopt;
  const auto found = find_in(*entry, name.column);
  if (!found && tables_[*entry].known)
    faults.add(name.column_at,
               fmt::format("{} {} has no column {}.{}", tables_[*entry].is_view ? "view" : "table",
                           tables_[*entry].name, printable(name.column),
                           hint(name.column, *entry, *entry + 1, true)));
  return found;
}

std::optional<ScopeColumn> Scope::find_left(const NamePlace& column, uint32_t before,
                                            Faults& faults) const {
  auto found = find_all(column.name, before);
  std::erase_if(found, [](const ScopeColumn& candidate) { return candidate.hidden; });
  if (found.empty() && known(before))
    faults.add(column.at, fmt::format("no table before {} has a column {}, which USING names.{}",
                                      tables_[before].alias, printable(column.name),
                                      hint(column.name, 0, before, false)));
  return only_one(found, column.name, column.at, faults);
}

std::optional<ScopeColumn> Scope::find_right(const NamePlace& column, uint32_t entry,
                                             Faults& faults) const {
  const auto found = find_in(entry, column.name);
  if (found && !found->hidden) return found;
  if (tables_[entry].known)
    faults.add(column.at,
               fmt::format("table {} has no column {}, which USING names.{}", tables_[entry].name,
                           printable(column.name), hint(column.name, entry, entry + 1, false)));
  return std::nullopt;
}

void Scope::merge(const std::string& name, NodeId value, const ScopeColumn& left,
                  const ScopeColumn& right) {
  merged_away_.insert({right.entry, right.column});
  ScopeColumn column = left;
  column.merged = value;
  if (left.merged == kNoNode) {
    merged_away_.insert({left.entry, left.column});
    merged_.push_back({name, column});
    return;
  }
  for (Merged& merged : merged_)
    if (merged.name == name) merged.column = column;
}

void Scope::join(uint32_t entry, const std::vector<NamePlace>& using_columns) {
  std::vector<ScopeColumn> columns;
  std::set<std::string> first;
  for (const NamePlace& name : using_columns)
    for (const Merged& merged : merged_)
      if (merged.name == name.name && first.insert(name.name).second)
        columns.push_back(merged.column);
  for (const ScopeColumn& column : all_columns_) {
    const bool again =
        column.merged == kNoNode ? is_merged_away(column) : first.contains(name_of(column));
    if (!again) columns.push_back(column);
  }
  for (uint32_t i = 0; i < tables_[entry].columns.size(); ++i) {
    const ScopeColumn column{.entry = entry, .column = i};
    if (!is_merged_away(column)) columns.push_back(column);
  }
  all_columns_ = std::move(columns);
}

const std::string& Scope::name_of(const ScopeColumn& column) const {
  return column.hidden ? hidden_columns()[column.column].name
                       : tables_[column.entry].columns[column.column].name;
}

bool Scope::is_merged_away(const ScopeColumn& column) const {
  return !column.hidden && merged_away_.contains({column.entry, column.column});
}

// What may be meant by a column that those tables do not have, or why one of them does not have it.
std::string Scope::hint(const std::string& missed, uint32_t first, uint32_t end,
                        bool hidden) const {
  std::string text = did_you_mean_name(missed, names_in(first, end, hidden));
  for (uint32_t entry = first; entry < end; ++entry) {
    const BoundLookup* lookup = tables_[entry].lookup;
    if (lookup == nullptr) continue;
    if (const auto found = lookup->unusable.find(missed); found != lookup->unusable.end())
      return fmt::format(" {}.", found->second);
    if (!lookup->remark.empty())
      text +=
          fmt::format(" In the file of {}, {}.", printable(tables_[entry].name), lookup->remark);
  }
  return text;
}

std::vector<std::string> Scope::names_in(uint32_t first, uint32_t end, bool hidden) const {
  std::vector<std::string> names;
  for (uint32_t entry = first; entry < end; ++entry) {
    for (const ColumnDef& column : tables_[entry].columns) names.push_back(column.name);
    if (hidden && tables_[entry].is_stream)
      for (const ColumnDef& column : hidden_columns()) names.push_back(column.name);
  }
  return names;
}

}  // namespace turntable::sql
