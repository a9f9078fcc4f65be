// Which tables and columns a name may mean in one SELECT.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sql/binder.h"
#include "sql/program.h"
#include "sql/script.h"
#include "sql/syntax.h"

namespace turntable::sql {

// A table or a view in FROM or JOIN.
struct ScopeTable {
  std::string name;
  std::string alias;
  Schema columns;
  uint32_t table = 0;               // Of a table: its number in the SELECT.
  std::vector<NodeId> values = {};  // Of a view: its columns.
  bool is_view = false;
  bool is_stream = false;               // It has the hidden columns.
  const BoundLookup* lookup = nullptr;  // What more is known of one.
  bool known = true;  // False where columns are missing because of a fault elsewhere: a column
                      // that is not found is no fault then.
};

struct ScopeColumn {
  uint32_t entry = 0;   // Which of the scope's tables.
  uint32_t column = 0;  // Among the table's columns, or among hidden_columns().
  bool hidden = false;
  NodeId merged = kNoNode;  // The value of a column that USING names.
};

// The tables of FROM and JOIN, in the order of the text.
class Scope {
 public:
  void add(ScopeTable table) { tables_.push_back(std::move(table)); }
  [[nodiscard]] const std::vector<ScopeTable>& tables() const { return tables_; }

  // Names mean the first `count` tables only, as in a JOIN's ON.
  void show_first(uint32_t count) { shown_ = count; }

  // The table of that alias. Nothing, and a fault, where there is none.
  [[nodiscard]] std::optional<uint32_t> find_table(const std::string& alias, Location at,
                                                   Faults& faults) const;

  // The column. Nothing where there is none or more than one: a fault is added unless a table is
  // not known.
  [[nodiscard]] std::optional<ScopeColumn> find_column(const NameSyntax& name, Location at,
                                                       Faults& faults) const;

  // One side of USING: the column among the first `before` tables, or that of table `before`
  // itself. Faults as above.
  [[nodiscard]] std::optional<ScopeColumn> find_left(const NamePlace& column, uint32_t before,
                                                     Faults& faults) const;
  [[nodiscard]] std::optional<ScopeColumn> find_right(const NamePlace& column, uint32_t entry,
                                                      Faults& faults) const;

  // From here on the name alone means `value`: both sides are one column.
  void merge(const std::string& name, NodeId value, const ScopeColumn& left,
             const ScopeColumn& right);
  // Says that the table has been joined, and by USING which columns: what `*` shows.
  void join(uint32_t entry, const std::vector<NamePlace>& using_columns);

  // What `*` stands for: the columns of USING first, as in PostgreSQL.
  [[nodiscard]] const std::vector<ScopeColumn>& all_columns() const { return all_columns_; }
  [[nodiscard]] const std::string& name_of(const ScopeColumn& column) const;

  // False where a table is not known.
  [[nodiscard]] bool complete() const;

 private:
  struct Merged {
    std::string name;
    ScopeColumn column;
  };

  [[nodiscard]] std::optional<ScopeColumn> find_in(uint32_t entry, const std::string& column) const;
  [[nodiscard]] std::vector<ScopeColumn> find_all(const std::string& column, uint32_t count) const;
  [[nodiscard]] std::optional<ScopeColumn> only_one(const std::vector<ScopeColumn>& found,
                                                    const std::string& column, Location at,
                                                    Faults& faults) const;
  [[nodiscard]] std::vector<std::string> names_in(uint32_t first, uint32_t end, bool hidden) const;
  [[nodiscard]] std::string hint(const std::string& missed, uint32_t first, uint32_t end,
                                 bool hidden) const;
  [[nodiscard]] bool known(uint32_t count) const;
  [[nodiscard]] uint32_t shown() const;
  [[nodiscard]] bool is_merged_away(const ScopeColumn& column) const;

  std::vector<ScopeTable> tables_;
  uint32_t shown_ = ~0U;
  std::vector<Merged> merged_;
  std::set<std::pair<uint32_t, uint32_t>> merged_away_;  // Table and column that a merged one has.
  std::vector<ScopeColumn> all_columns_;
};

}  // namespace turntable::sql
