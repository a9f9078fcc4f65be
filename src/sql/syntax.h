// The syntax of one INSERT, as our own tree: what parser.cc makes of libpg_query's, and what the
// binder reads. Everything in it is supported syntax; what is not was reported where it was met,
// and is a BadSyntax here.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "sql/plan.h"
#include "sql/script.h"

namespace turntable::sql {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct NameSyntax {
  std::string table;  // An alias or a table's name; empty where the column stands alone.
  std::string column;
  Location column_at;  // Behind the table's name.
};

// `*` or `p.*`, in a SELECT list only.
struct StarSyntax {
  std::string table;
};

// A text literal has no type until its surroundings give it one, as in PostgreSQL.
struct LiteralSyntax {
  Literal value;
};

// A function, or an operator, whose name is its sign.
struct CallSyntax {
  std::string name;
  bool is_operator = false;
  std::vector<ExprPtr> arguments;
};

struct CastSyntax {
  Type type = Type::text;
  ExprPtr argument;
};

// A fault has been added for it; the binder passes over it in silence.
struct BadSyntax {};

struct Expr {
  std::variant<BadSyntax, NameSyntax, StarSyntax, LiteralSyntax, CallSyntax, CastSyntax> what;
  Location at;
};

// The expression as SQL, shortened: "to_timestamp(p.time, 'YYYY-MM-DD')".
[[nodiscard]] std::string text_of(const Expr& expr);

struct NamePlace {
  std::string name;
  Location at;
};

struct TableSyntax {
  std::string name;
  std::string alias;  // The name itself where there is none.
  Location at;
};

struct JoinSyntax {
  TableSyntax table;
  ExprPtr on;
};

struct SelectItem {
  ExprPtr value;
  std::string name;  // After AS; empty where there is none.
  Location at;
};

struct InsertSyntax {
  TableSyntax sink;
  std::vector<NamePlace> columns;  // INSERT INTO t (a, b); empty where there is no list.
  TableSyntax source;
  std::vector<JoinSyntax> joins;
  std::vector<SelectItem> items;
  bool complete = true;  // False where a part is missing or was refused: a fault says why.
};

}  // namespace turntable::sql
