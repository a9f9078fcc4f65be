// Which tables and columns a name may mean in one SELECT.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sql/plan.h"
#include "sql/script.h"
#include "sql/syntax.h"

namespace turntable::sql {

struct ScopeTable {
  std::string name;
  std::string alias;
  Schema columns;
  bool known = true;  // False where columns are missing because of a fault elsewhere: what is not
                      // found is no fault.
};

struct ScopeColumn {
  uint32_t table = 0;
  uint32_t column = 0;  // Among the table's columns, or among hidden_columns().
  bool hidden = false;
};

// Table 0 is the stream; only it has the hidden columns.
class Scope {
 public:
  void add(ScopeTable table) { tables_.push_back(std::move(table)); }
  [[nodiscard]] const std::vector<ScopeTable>& tables() const { return tables_; }

  // The table of that alias. Nothing, and a fault, where there is none.
  [[nodiscard]] std::optional<uint32_t> find_table(const std::string& alias, Location at,
                                                   Faults& faults) const;

  // The column. Nothing where there is none or more than one: a fault is added unless a table is
  // not known.
  [[nodiscard]] std::optional<ScopeColumn> find_column(const NameSyntax& name, Location at,
                                                       Faults& faults) const;

  [[nodiscard]] bool complete() const;

 private:
  [[nodiscard]] std::optional<ScopeColumn> find_in(uint32_t table, const std::string& column) const;
  [[nodiscard]] std::optional<ScopeColumn> find_anywhere(const std::string& column, Location at,
                                                         Faults& faults) const;
  void add_names(uint32_t table, std::vector<std::string>& names) const;

  std::vector<ScopeTable> tables_;
};

}  // namespace turntable::sql
