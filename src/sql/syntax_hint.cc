#include "sql/syntax_hint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "base/lookalikes.h"
#include "base/text.h"
#include "row/types.h"
#include "sql/foreign_clauses.h"
#include "sql/syntax_repair.h"

namespace turntable::sql {
namespace {

using std::string_literals::operator""s;

// " Did you mean 'FROM'?" or nothing, for the word at the byte where the parser stopped, or the one
// before it: a mistyped keyword is often taken for a name, and the fault lies one word later.
std::string nearest_keyword(const std::vector<Lexeme>& lexemes, size_t stopped) {
  static const std::vector<std::string> kKeywords = {
      "CREATE", "TABLE", "VIEW", "WITH", "INSERT",  "INTO",  "SELECT",
      "FROM",   "JOIN",  "LEFT", "ON",   "USING",   "WHERE", "AS",
      "NOT",    "NULL",  "CAST", "CASE", "BETWEEN", "WHEN",  "THEN"};
  const auto hint = [&](const Lexeme& lexeme) -> std::string {
    const std::string_view word = lexeme.text;
    // A keyword is not a mistyped one, and a type is no mistyped INTO.
    if (!lexeme.is_word() || word.size() < 3 || lexeme.is_keyword() ||
        type_from_sql(lowercase(word)))
      return "";
    // A table called nowhere is no mistyped WHERE.
    std::vector<std::string> near;
    for (const std::string& keyword : kKeywords)
      if (lowercase(keyword)[0] == lowercase(word)[0] || keyword.size() == word.size())
        near.push_back(keyword);
    return did_you_mean(word, near);
  };
  if (stopped < lexemes.size())
    if (std::string found = hint(lexemes[stopped]); !found.empty()) return found;
  for (size_t i = std::min(stopped, lexemes.size()); i-- > 0;)
    if (lexemes[i].is_word()) return hint(lexemes[i]);
  return "";
}

// " Did you mean 'character varying'?" or nothing, where the parser stopped at the second word of a
// type: the first one is mistyped, so that it was taken for a whole type.
std::string nearest_long_type(const std::vector<Lexeme>& lexemes, size_t stopped) {
  if (stopped == 0 || stopped >= lexemes.size() || !lexemes[stopped - 1].is_word()) return "";
  const std::string_view first = lexemes[stopped - 1].text;
  const Lexeme& second = lexemes[stopped];
  const auto joined = [&] { return fmt::format("{} {}", first, second.text); };
  if (second.is("varying")) return did_you_mean(joined(), std::vector{"character varying"s});
  if (second.is("precision")) return did_you_mean(joined(), std::vector{"double precision"s});
  const bool zoned = (second.is("with") || second.is("without")) && stopped + 1 < lexemes.size() &&
                     lexemes[stopped + 1].is("time");
  return zoned ? did_you_mean(first, std::vector{"time"s, "timestamp"s}) : "";
}

// The scanner's own messages, which say what it was reading.
std::optional<std::string> unclosed(std::string_view message) {
  struct Unclosed {
    std::string_view begins;
    const char* says;
  };
  constexpr std::array kUnclosed = {
      Unclosed{"unterminated quoted string", "this text is not closed: a ' is missing"},
      Unclosed{"unterminated quoted identifier", "this name is not closed: a \" is missing"},
      Unclosed{"unterminated /* comment", "this comment is not closed: a */ is missing"},
      Unclosed{"unterminated dollar-quoted string",
               "this text is not closed: its $ … $ is missing"},
      Unclosed{"zero-length delimited identifier", "there is no name between these double quotes"},
  };
  for (const Unclosed& known : kUnclosed)
    if (message.starts_with(known.begins)) return known.says;
  return std::nullopt;
}

std::string plain_message(const std::string& message, bool show) {
  const size_t quotation = message.find(" at or near \"");
  return printable(show || quotation == std::string::npos ? message : message.substr(0, quotation));
}

// By what a fault says of its kind: the first of them, and how many more there are.
class FaultsByKind {
 public:
  void add(size_t byte, const std::string& message) {
    const auto [known, is_new] = index_.emplace(message, faults_.size());
    if (is_new) {
      faults_.push_back({byte, message});
      more_.push_back(0);
    } else {
      ++more_[known->second];
    }
  }

  std::vector<SyntaxFault> take() {
    for (size_t i = 0; i < faults_.size(); ++i)
      if (more_[i] > 0)
        faults_[i].message += fmt::format("; {} more in this statement", grouped(more_[i]));
    return std::move(faults_);
  }

 private:
  std::map<std::string, size_t> index_;
  std::vector<SyntaxFault> faults_;
  std::vector<size_t> more_;
};

// Names in backticks, as MySQL, Spark, Flink and BigQuery write them. PostgreSQL has the backtick
// as an operator, which nothing here uses.
void replace_backticks(std::string& statement, bool show, std::vector<SyntaxFault>& faults) {
  std::vector<size_t> ticks;
  for (size_t i = 0; i < statement.size();) {
    if (statement[i] == '`') ticks.push_back(i);
    i = next_token(statement, i).end;
  }
  if (ticks.empty()) return;
  const bool paired = ticks.size() % 2 == 0;
  for (const size_t tick : ticks) statement[tick] = paired ? '"' : ' ';
  std::string message = "names are quoted by double quotes, not by backticks";
  if (paired && show)
    message +=
        fmt::format(": write {}", printable(statement.substr(ticks[0], ticks[1] + 1 - ticks[0])));
  if (ticks.size() > 2) message += ", and so on";
  faults.push_back({ticks[0], std::move(message)});
}

}  // namespace

size_t byte_of_character(std::string_view text, size_t character) {
  size_t byte = 0;
  for (; byte < text.size(); ++byte) {
    if ((static_cast<unsigned char>(text[byte]) & 0xC0) == 0x80) continue;
    if (character-- == 0) break;
  }
  return byte;
}

Lookalikes replace_lookalikes(std::string& statement, bool show) {
  FaultsByKind found;
  bool readable = true;
  for (size_t i = 0; i < statement.size();) {
    const Token token = next_token(statement, i);
    // All such characters are letters to SQL, so that they stand in what it takes for names.
    while (token.kind == TokenKind::name && i < token.end) {
      const bool ascii = static_cast<unsigned char>(statement[i]) < 0x80;
      const auto lookalike =
          ascii ? std::nullopt : lookalike_at(std::string_view(statement).substr(i));
      if (!lookalike) {
        ++i;
        continue;
      }
      found.add(i, lookalike->fault);
      readable = readable && lookalike->meant == ' ';
      std::fill_n(statement.begin() + static_cast<ptrdiff_t>(i), lookalike->bytes, ' ');
      i += lookalike->bytes;
    }
    i = token.end;
  }
  Lookalikes lookalikes{.faults = found.take(), .readable = readable};
  replace_backticks(statement, show, lookalikes.faults);
  return lookalikes;
}

std::vector<SyntaxFault> explain_syntax_error(const std::string& statement, size_t stopped,
                                              const std::string& message, bool show) {
  if (const auto says = unclosed(message)) return {{stopped, *says}};
  const std::vector<Lexeme> lexemes = lexemes_of(statement);
  if (const auto foreign = foreign_clause(lexemes, index_at(lexemes, stopped))) return {*foreign};
  SyntaxRepair repair(statement, lexemes, show);
  if (repair.finds_all(stopped)) return repair.take_faults();
  std::string hint = nearest_long_type(lexemes, repair.stopped_index());
  if (hint.empty()) hint = nearest_keyword(lexemes, repair.stopped_index());
  if (hint.empty() && repair.misses_comma()) return repair.take_faults();
  std::vector<SyntaxFault> faults = repair.take_faults();
  faults.push_back({repair.stopped(),
                    plain_message(repair.message().empty() ? message : repair.message(), show) +
                        (hint.empty() ? "" : "." + hint)});
  return faults;
}

}  // namespace turntable::sql
