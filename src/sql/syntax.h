// The syntax of INSERT and CREATE VIEW, as our own tree: what the parser makes of libpg_query's,
// and what the binder reads. Everything in it is supported syntax; what is not was reported where
// it was met, and is a BadSyntax here.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "sql/program.h"
#include "sql/script.h"

namespace turntable::sql {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct NameSyntax {
  std::string table;  // An alias or a table's name; empty where the column stands alone.
  std::string column;
  Location column_at;   // Behind the table's name.
  bool quoted = false;  // Alone, and written in double quotes: a text may be meant.
};

// `*` or `p.*`, in a SELECT list only.
struct StarSyntax {
  std::string table;
};

// A text literal has no type until its surroundings give it one, as in PostgreSQL.
struct LiteralSyntax {
  Literal value;
};

// A function, or an operator, whose name is its sign or its words in lower case. Lowered to calls:
//
//   a AND b AND c, a OR b       operators "and", "or" of two or more arguments
//   NOT a                       operator "not"
//   a IS [NOT] NULL             operators "is null", "is not null"
//   a IS [NOT] TRUE, FALSE, UNKNOWN   operators "is true", "is not true", and so on
//   a IS [NOT] DISTINCT FROM b  operators "is distinct from", "is not distinct from"
//   a [NOT] IN (b, c)           operator "=" joined by "or"; with NOT, "<>" joined by "and"
//   a [NOT] BETWEEN [SYMMETRIC] b AND c   operators ">=", "<=" joined by "and"; "not" around it
//   NULLIF(a, b), COALESCE(a, …)   functions "nullif", "coalesce"
//   GREATEST(a, …), LEAST(a, …)   functions "greatest", "least"
//   ARRAY[a, b]                 function "array"
//   a[i], a[i:j]                operators "[]", "[:]" of two and three arguments
//   ROW(a, b), (a, b)           operator "row"
//   (a).b                       operator ".", of a and the text 'b'
//   a < ANY (b), a < ALL (b)    operators "< any", "< all"; so with the other comparisons
//
// An argument of "and" is never itself an "and", nor one of "or" an "or".
struct CallSyntax {
  std::string name;
  bool is_operator = false;
  std::vector<ExprPtr> arguments;
};

struct CastSyntax {
  Type type = Type::text;
  ExprPtr argument;
  TypeModifier modifier = {};
  std::shared_ptr<const CompositeType> composite = nullptr;
};

// CASE WHEN a THEN b WHEN c THEN d ELSE e END. CASE x WHEN v THEN … has x = v as its conditions.
struct CaseSyntax {
  struct Branch {
    ExprPtr condition;
    ExprPtr value;
  };
  std::vector<Branch> branches;
  ExprPtr otherwise;  // Null: NULL.
};

// A fault has been added for it; the binder passes over it in silence.
struct BadSyntax {};

struct Expr {
  std::variant<BadSyntax, NameSyntax, StarSyntax, LiteralSyntax, CallSyntax, CastSyntax, CaseSyntax>
      what;
  Location at;
};

// Enough to recognise an expression in its file.
inline constexpr size_t kTextBytesLimit = 60;

// The expression as SQL, shortened: "to_timestamp(p.time, 'YYYY-MM-DD')". If it is not, and has no
// control characters, the text means this expression again.
[[nodiscard]] std::string text_of(const Expr& expr, size_t bytes_limit = kTextBytesLimit);

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
  bool left = false;  // LEFT JOIN.
  ExprPtr on;         // Null where there is `using_columns`.
  std::vector<NamePlace> using_columns = {};
};

struct SelectItem {
  ExprPtr value;
  std::string name;  // After AS; empty where there is none.
  Location at;
};

// Joins stand in the order of the text: the first table, then what is joined to all before it.
// Which of the tables is the stream is the binder's to say.
struct SelectSyntax {
  std::vector<SelectItem> items;
  TableSyntax first;
  std::vector<JoinSyntax> joins;
  ExprPtr where;         // Null: all.
  bool complete = true;  // False where a part is missing or was refused: a fault says why.
};

struct InsertSyntax {
  TableSyntax sink;
  std::vector<NamePlace> columns;  // INSERT INTO t (a, b); empty where there is no list.
  SelectSyntax select;
};

// CREATE VIEW name (columns) AS SELECT …
struct ViewSyntax {
  std::string name;
  std::vector<NamePlace> columns;  // Names for the SELECT's columns, from the first on.
  SelectSyntax select;
  Location at;
};

// CREATE FUNCTION name (parameters) RETURNS type LANGUAGE sql AS $$ SELECT body $$
struct FunctionSyntax {
  struct Parameter {
    std::string name;  // Empty: it is known by its number only, as $1.
    Type type = Type::text;
  };

  std::string name;
  std::vector<Parameter> parameters;
  Type result = Type::text;
  ExprPtr body;  // Parameters are names without a table, or "$1".
  Location at;
};

}  // namespace turntable::sql
