// What the parts of the parser share while they turn one statement of libpg_query's tree into ours:
// places in the file, and faults. Included by parser.cc and parse_*.cc only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/pg_tree.h"
#include "sql/script.h"
#include "sql/source_text.h"

namespace turntable::sql {

// Of one statement. Some expressions are written once and stand in the tree several times (x in
// `x IN (1, 2)`), so that a short text could become a tree that fills the memory.
inline constexpr size_t kExpressionsLimit = 200'000;

class ParseContext {
 public:
  // All must outlive the context.
  ParseContext(const SourceText& source, const StatementText& statement,
               const std::vector<TypeDef>& types, Faults& faults)
      : source_(source), statement_(statement), types_(types), faults_(faults) {}

  // The types that the file declares before this statement.
  [[nodiscard]] const std::vector<TypeDef>& types() const { return types_; }

  // Where the statement begins.
  [[nodiscard]] Location begin() const { return source_.at(statement_.begin); }
  // The place of a libpg_query location, which is a byte of the statement; begin() where it is
  // unknown.
  [[nodiscard]] Location at(int32_t location) const;
  [[nodiscard]] Location at(const PgNode* node) const;

  // The places below are told by the text, as libpg_query does not keep them.

  // Where the column's name begins in `table.column`.
  [[nodiscard]] Location column_place(int32_t location) const;
  // The name of a type as it was written: "DECIMAL", "timestamp without time zone". Empty where the
  // location is unknown.
  [[nodiscard]] std::string type_text(int32_t location) const;
  // The token at a location.
  [[nodiscard]] std::string_view token_text(int32_t location) const;
  // Where each name begins in the first list in parentheses that stands behind `location` and, if
  // `word` is not empty, behind that keyword.
  [[nodiscard]] std::vector<Location> list_places(int32_t location, std::string_view word) const;

  void fault(Location place, std::string message) { faults_.add(place, std::move(message)); }
  // "WITH is not supported (yet): advice".
  void refuse(Location place, std::string_view what, std::string_view advice = "");
  [[nodiscard]] size_t faults() const { return faults_.list.size(); }

  // Counts an expression of the tree. False if there are too many; that is a fault once.
  [[nodiscard]] bool take_expression();

 private:
  [[nodiscard]] std::string_view text() const { return source_.text().substr(0, statement_.end); }
  [[nodiscard]] size_t byte(int32_t location) const {
    return statement_.begin + static_cast<size_t>(location);
  }

  const SourceText& source_;
  const StatementText& statement_;
  const std::vector<TypeDef>& types_;
  Faults& faults_;
  size_t expressions_ = 0;
};

// Calls use(context, node) with the tree of the statement, if it has one; its faults are added.
void with_tree(const SourceText& source, const StatementText& statement,
               const std::vector<TypeDef>& types, Faults& faults,
               const std::function<void(ParseContext&, const PgNode*)>& use);

}  // namespace turntable::sql
