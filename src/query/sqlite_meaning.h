// What an expression of a statement gives on SQLite: a time as the file keeps it, or something
// else.
//
//   t, (t), +t, h.t                  a column that is declared as times
//   max(t), min(t), coalesce(t, u)   functions that give one of their arguments
//   x                                where the SELECT has t AS x
//   (SELECT t FROM heard)            a subselect, by its columns
//   date(t), count(t)                a text in a form of its own, a number: no kept time
//   upper(t), t || ''                has a time in it, and is none: how it compares is not known
//
// Which column a name stands for is SQLite's to say: it is asked for the name with the tables of
// the SELECT around it, and of the SELECTs around that one, and with their WITH clauses. So joins,
// aliases of tables and subselects need no rules here. SQLite gives no type to what is computed,
// not even to max(t), so the question leaves the words max and min out, whose result is one of
// their values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/operands.h"
#include "row/cell.h"
#include "row/types.h"
#include "sqlite/database.h"

namespace turntable {

enum class MeaningKind {
  null,       // NULL, which is like nothing.
  other,      // No time, and none in it.
  time,       // As a column keeps it.
  with_time,  // Something else that a time is in.
  number,     // Computed from a time, or whether something is true.
  date_text,  // What a function shows of a time, such as date(t).
  unknown,    // SQLite knows no type, or does not know the name.
};

struct Meaning {
  MeaningKind kind = MeaningKind::other;
  TimeUnit unit = TimeUnit::micros;  // In which a time is kept.
  bool day_and_hour = false;         // A date_text is YYYY-MM-DD HH:MM:SS, as datetime() gives it.
};

class Meanings {
 public:
  // All three outlive this. The tokens are those of the text.
  Meanings(sqlite::Database& db, const std::string& text, Tokens tokens);

  // `expression` is a part of the statement's tokens: where it stands decides what its names mean.
  [[nodiscard]] Meaning of(Tokens expression);
  // The column of a subselect, from 0; of all parts of a UNION together.
  [[nodiscard]] Meaning of_subselect(Tokens subselect, size_t column) {
    return of_subselect(subselect, column, 0);
  }

 private:
  // A pair of brackets around an expression, or the statement itself.
  struct Level {
    std::optional<size_t> select;  // The last one before the expression.
    Tokens with;                   // WITH …, up to its first SELECT.
  };

  Meaning of(Tokens expression, int depth);
  Meaning of_subselect(Tokens subselect, size_t column, int depth);
  Meaning of_column(Tokens column, int depth);
  Meaning of_case(Tokens expression, int depth);
  Meaning of_call(Tokens call, int depth);
  Meaning of_cast(Tokens cast, int depth);
  Meaning of_words(Tokens expression, int depth);
  std::optional<Tokens> expression_called(const std::string& name, size_t at) const;

  std::vector<Level> levels_of(size_t at) const;
  // The declared type, empty where SQLite knows none; nothing where it does not know the name.
  std::optional<std::string> ask(Tokens name);
  size_t index_of(Tokens part) const { return static_cast<size_t>(part.data() - tokens_.data()); }

  sqlite::Database& db_;
  std::string question_;  // The text without max and min, at the same places.
  Tokens tokens_;
  // By the first token and their number: t IN (…) asks about t for each value of the list.
  std::map<std::pair<size_t, size_t>, Meaning> known_;
};

}  // namespace turntable
