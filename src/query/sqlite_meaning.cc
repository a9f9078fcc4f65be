#include "query/sqlite_meaning.h"

#include <fmt/format.h>

#include <algorithm>

#include "sqlite/values.h"

namespace turntable {
namespace {

// Expressions in expressions, aliases included, which may stand for each other.
constexpr int kDeepest = 24;

constexpr std::string_view kNumberFunctions[] = {
    "count",     "sum",       "total", "avg",   "length",     "octet_length",
    "unixepoch", "julianday", "rank",  "ntile", "row_number", "dense_rank",
    "instr",     "unicode",   "abs",   "round"};
constexpr std::string_view kDateFunctions[] = {"date",   "datetime",  "time",  "strftime",
                                               "substr", "substring", "typeof"};
constexpr std::string_view kNumberTypes[] = {"int",    "integer",   "bigint",  "real",   "float",
                                             "double", "precision", "numeric", "decimal"};
constexpr std::string_view kSubstr[] = {"substr", "substring"};
// Functions that give one of their arguments: of the first of these any, of the others the first.
constexpr std::string_view kGivesAny[] = {"max", "min", "coalesce", "ifnull"};
constexpr std::string_view kGivesFirst[] = {"nullif",    "first_value", "last_value",
                                            "nth_value", "lag",         "lead",
                                            "likely",    "unlikely",    "likelihood"};
// The words of expressions that are no names.
constexpr std::string_view kWords[] = {
    "as",        "null",      "not",     "and",       "or",    "is",     "in",
    "like",      "glob",      "escape",  "between",   "case",  "when",   "then",
    "else",      "end",       "over",    "filter",    "where", "by",     "partition",
    "order",     "asc",       "desc",    "rows",      "range", "groups", "row",
    "preceding", "following", "current", "unbounded", "true",  "false",  "distinct",
    "all",       "isnull",    "notnull", "nulls",     "from",  "match",  "regexp"};
// Those that make a truth of what is around them.
constexpr std::string_view kTruthWords[] = {"and",     "or",     "not",    "is",   "in",
                                            "between", "like",   "exists", "glob", "match",
                                            "regexp",  "isnull", "notnull"};

bool has_time(const Meaning& meaning) {
  return meaning.kind == MeaningKind::time || meaning.kind == MeaningKind::with_time;
}

// What gives the one or the other.
Meaning either(const Meaning& a, const Meaning& b) {
  if (a.kind == MeaningKind::null) return b;
  if (b.kind == MeaningKind::null) return a;
  if (a.kind == b.kind && a.unit == b.unit && a.day_and_hour == b.day_and_hour) return a;
  if (has_time(a) || has_time(b)) return {.kind = MeaningKind::with_time};
  if (a.kind == MeaningKind::unknown || b.kind == MeaningKind::unknown)
    return {.kind = MeaningKind::unknown};
  // What comes from a time beside what does not is compared as the former.
  if (a.kind == MeaningKind::other) return b;
  if (b.kind == MeaningKind::other) return a;
  return {.kind = MeaningKind::with_time};
}

bool is_literal(Tokens tokens) {
  if (tokens.size() == 1 && (tokens[0].is("true") || tokens[0].is("false"))) return true;
  if (tokens.size() == 2 && tokens[0].is("x") && is_text(tokens[1])) return true;  // A blob.
  return std::all_of(tokens.begin(), tokens.end(), [](const CqlToken& token) {
    return is_text(token) || is_number(token) || token.text == "." || token.text == "-" ||
           token.text == "+";
  });
}

bool is_truth(Tokens tokens) {
  int depth = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (depth == 0 && (is_comparison(tokens, i) || is_one_of(tokens[i], kTruthWords))) return true;
    depth += nesting(tokens, i);
  }
  return false;
}

bool is_arithmetic(Tokens tokens) {
  int depth = 0;
  bool any = false;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view text = tokens[i].text;
    if (depth == 0 && text == "|") return false;  // Texts that are joined.
    any = any || (depth == 0 && (text == "+" || text == "-" || text == "*" || text == "/"));
    depth += nesting(tokens, i);
  }
  return any;
}

// Where f(…) ends, FILTER and OVER included; 0 where no call of a function begins at `at`.
size_t end_of_call(Tokens tokens, size_t at) {
  if (at + 1 >= tokens.size() || !tokens[at].name() || tokens[at + 1].text != "(" ||
      is_one_of(tokens[at], kWords) || tokens[at].is("exists"))
    return 0;
  size_t end = behind_bracket(tokens, at + 1);
  if (end + 1 < tokens.size() && tokens[end].is("filter") && tokens[end + 1].text == "(")
    end = behind_bracket(tokens, end + 1);
  if (end + 1 < tokens.size() && tokens[end].is("over"))
    end = tokens[end + 1].text == "(" ? behind_bracket(tokens, end + 1) : end + 2;
  return end;
}

// From `at`: t, h.t, or keyspace.heard.t.
size_t end_of_name(Tokens tokens, size_t at) {
  while (at + 2 < tokens.size() && tokens[at + 1].text == "." && tokens[at + 2].name()) at += 2;
  return at + 1;
}

std::string without_max_and_min(std::string text, Tokens tokens) {
  const auto blank = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i)
      std::fill_n(text.begin() + static_cast<ptrdiff_t>(tokens[i].begin), tokens[i].text.size(),
                  ' ');
  };
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].is("max") && !tokens[i].is("min")) continue;
    const size_t end = end_of_call(tokens, i);
    if (end == 0) continue;
    const size_t behind = behind_bracket(tokens, i + 1);
    const auto parts = parts_of(tokens.subspan(i + 1, behind - i - 1));
    if (!parts || parts->size() != 1) continue;
    blank(i, i + 1);
    blank(behind, end);
  }
  return text;
}

}  // namespace

Meanings::Meanings(sqlite::Database& db, const std::string& text, Tokens tokens)
    : db_(db), question_(without_max_and_min(text, tokens)), tokens_(tokens) {}

Meaning Meanings::of(Tokens expression) {
  const auto [known, is_new] = known_.try_emplace({index_of(expression), expression.size()});
  if (is_new) known->second = of(expression, 0);
  return known->second;
}

Meaning Meanings::of(Tokens expression, int depth) {
  expression = bare(expression);
  if (expression.empty() || depth > kDeepest) return {.kind = MeaningKind::unknown};
  if (is_subselect(expression)) return of_subselect(expression, 0, depth + 1);
  if (expression.size() == 1 && expression[0].is("null")) return {.kind = MeaningKind::null};
  if (is_literal(expression)) return {};
  if (is_truth(expression)) return {.kind = MeaningKind::number};
  if (expression.front().is("case") && expression.back().is("end"))
    return of_case(expression, depth + 1);
  if (end_of_call(expression, 0) == expression.size()) return of_call(expression, depth + 1);
  if (column_of(expression) || (expression.size() == 1 && expression[0].text == "*"))
    return of_column(expression, depth + 1);
  return of_words(expression, depth + 1);
}

Meaning Meanings::of_column(Tokens column, int depth) {
  const auto declared = ask(column);
  if (declared && !declared->empty()) {
    if (sqlite::type_from_declaration(*declared) != Type::timestamptz) return {};
    return {.kind = MeaningKind::time, .unit = sqlite::time_unit(*declared)};
  }
  // SQLite takes a name in quotes that no column has for a text.
  const bool quoted = column[0].text.starts_with('"');
  if (column.size() == 1 && column[0].name() && (!declared || quoted))
    if (const auto expression = expression_called(*column[0].name(), index_of(column)))
      return of(*expression, depth + 1);
  return {.kind = MeaningKind::unknown};
}

// The item of a SELECT around `at` that has this name.
std::optional<Tokens> Meanings::expression_called(const std::string& name, size_t at) const {
  for (const Level& level : levels_of(at)) {
    if (!level.select) continue;
    for (const Tokens item : items_of(tokens_, *level.select))
      if (const NamedItem named = named_item(item); named.name == name) return named.expression;
  }
  return std::nullopt;
}

Meaning Meanings::of_subselect(Tokens subselect, size_t column, int depth) {
  Meaning meaning{.kind = MeaningKind::null};
  bool any = false;
  const size_t begin = index_of(subselect);
  int nested = 0;
  for (size_t i = 1; i + 1 < subselect.size(); ++i) {
    nested += nesting(subselect, i);
    if (nested > 0 || !subselect[i].is("select")) continue;
    const auto items = items_of(tokens_, begin + i);
    const bool star = items.front().size() == 1 && items.front()[0].text == "*";
    if (column >= items.size() || (star && column > 0)) return {.kind = MeaningKind::unknown};
    meaning = either(meaning, of(named_item(items[column]).expression, depth + 1));
    any = true;
  }
  return any ? meaning : Meaning{.kind = MeaningKind::unknown};
}

// What is behind THEN and ELSE.
Meaning Meanings::of_case(Tokens expression, int depth) {
  Meaning meaning{.kind = MeaningKind::null};
  std::optional<size_t> begin;
  int nested = 0;
  for (size_t i = 1; i < expression.size(); ++i) {
    const CqlToken& token = expression[i];
    const bool last = i + 1 == expression.size();
    if (nested == 0 && begin && (last || token.is("when") || token.is("else"))) {
      meaning = either(meaning, of(expression.subspan(*begin, i - *begin), depth + 1));
      begin.reset();
    }
    if (nested == 0 && (token.is("then") || token.is("else"))) begin = i + 1;
    nested += nesting(expression, i);
  }
  return meaning;
}

Meaning Meanings::of_call(Tokens call, int depth) {
  const CqlToken& function = call[0];
  const Tokens brackets = call.subspan(1, behind_bracket(call, 1) - 1);
  auto arguments = parts_of(brackets);
  if (!arguments) return {};  // now(), random()
  const bool gives_later = function.is("iif") || function.is("if");
  if (gives_later || is_one_of(function, kGivesAny) || is_one_of(function, kGivesFirst)) {
    if (gives_later) arguments->erase(arguments->begin());
    if (is_one_of(function, kGivesFirst)) {
      // lag(t, 1, u): the third is given where there is no row.
      if (arguments->size() > 2)
        arguments->erase(arguments->begin() + 1);
      else
        arguments->resize(1);
    }
    // Moments among the arguments of max(t, '2024-03-03') are written as t keeps its times.
    const bool compares = function.is("max") || function.is("min");
    Meaning meaning{.kind = MeaningKind::null};
    for (const Tokens argument : *arguments)
      if (!compares || arguments->size() == 1 || !is_literal(bare(argument)))
        meaning = either(meaning, of(argument, depth + 1));
    return meaning;
  }
  if (function.is("cast")) return of_cast(arguments->front(), depth + 1);
  const Meaning inside = of_words(brackets, depth + 1);
  if (inside.kind == MeaningKind::other) return {};
  if (is_one_of(function, kNumberFunctions)) return {.kind = MeaningKind::number};
  // substr(t, 1) gives all of it.
  const bool whole = is_one_of(function, kSubstr) && arguments->size() < 3;
  if (is_one_of(function, kDateFunctions) && !whole)
    return {.kind = MeaningKind::date_text, .day_and_hour = function.is("datetime")};
  return inside;
}

// What is between the brackets of CAST(date(t) AS text).
Meaning Meanings::of_cast(Tokens cast, int depth) {
  const Tokens value = bare(cast.first(end_of_operand(cast, 0)));
  const Meaning meaning = of(value, depth);
  if (has_time(meaning)) return {.kind = MeaningKind::with_time};
  // The way to say that a name, for which SQLite knows no type, is no time.
  if (meaning.kind == MeaningKind::unknown && column_of(value)) return {};
  if (meaning.kind == MeaningKind::date_text && is_one_of(cast.back(), kNumberTypes))
    return {.kind = MeaningKind::number};
  return meaning;
}

// Whether there is a time in it, whatever is done with it.
Meaning Meanings::of_words(Tokens expression, int depth) {
  if (depth > kDeepest) return {.kind = MeaningKind::unknown};
  Meaning meaning;
  for (size_t i = 0; i < expression.size();) {
    size_t end = i + 1;
    const CqlToken& token = expression[i];
    Meaning part;
    if (token.is("exists") && end < expression.size()) {
      end = behind_bracket(expression, end);
    } else if (token.is("collate")) {
      ++end;
    } else if (token.text == "(" && end < expression.size() &&
               (expression[end].is("select") || expression[end].is("with"))) {
      end = behind_bracket(expression, i);
      part = of_subselect(expression.subspan(i, end - i), 0, depth + 1);
    } else if (const size_t call = end_of_call(expression, i)) {
      end = call;
      part = of_call(expression.subspan(i, end - i), depth + 1);
    } else if (token.name() && !is_one_of(token, kWords)) {
      end = end_of_name(expression, i);
      part = of_column(expression.subspan(i, end - i), depth + 1);
    }
    if (has_time(part)) return {.kind = MeaningKind::with_time};
    meaning = either(meaning, part);
    i = end;
  }
  // strftime('%H', t) + 0
  if (meaning.kind == MeaningKind::date_text && is_arithmetic(expression))
    return {.kind = MeaningKind::number};
  return meaning;
}

std::vector<Meanings::Level> Meanings::levels_of(size_t at) const {
  std::vector<Level> levels;
  while (true) {
    Level level;
    int depth = 0;
    for (; at > 0; --at) {
      const CqlToken& token = tokens_[at - 1];
      if (token.text == ")") ++depth;
      if (token.text == "(" && --depth < 0) break;
      // What is before the last SELECT is another one of a UNION.
      if (depth == 0 && !level.select && token.is("select")) level.select = at - 1;
    }
    if (tokens_[at].is("with")) {
      size_t end = at;
      for (depth = 0; end < tokens_.size(); ++end) {
        if (tokens_[end].text == "(") ++depth;
        if (tokens_[end].text == ")") --depth;
        if (depth < 0 || (depth == 0 && tokens_[end].is("select"))) break;
      }
      level.with = tokens_.subspan(at, end - at);
    }
    levels.push_back(level);
    if (at == 0) return levels;
    --at;
  }
}

// For a name in a subselect: SELECT (SELECT h.t FROM heard h) FROM other.
std::optional<std::string> Meanings::ask(Tokens name) {
  std::string question(text_of(question_, name));
  bool asked = false;  // A SELECT is around the name.
  for (const Level& level : levels_of(index_of(name))) {
    if (level.select) {
      const std::string_view tables = text_of(question_, tables_of(tokens_, *level.select));
      question = fmt::format("SELECT {}{}{}{}{}", asked ? "(" : "", question, asked ? ")" : "",
                             tables.empty() ? "" : " FROM ", tables);
      asked = true;
    }
    if (asked && !level.with.empty())
      question = fmt::format("{} {}", text_of(question_, level.with), question);
  }
  if (!asked) return std::nullopt;
  const auto select = db_.prepare(question);
  if (!select) return std::nullopt;
  return select->declared_type(0);
}

}  // namespace turntable
