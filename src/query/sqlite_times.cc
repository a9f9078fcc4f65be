#include "query/sqlite_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "base/iso_time.h"
#include "base/text.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

using Tokens = std::span<const CqlToken>;

bool is_comparison(const CqlToken& token) {
  return token.text == "=" || token.text == "<" || token.text == ">" || token.text == "!";
}
bool is_text(const CqlToken& token) {
  return token.text.starts_with('\'');
}
bool is_number(const CqlToken& token) {
  return token.text[0] >= '0' && token.text[0] <= '9';
}
// The words that end an operand on either side.
bool ends_operand(const CqlToken& token) {
  for (const std::string_view word :
       {"where", "and", "or", "not", "in", "between", "allow", "limit", "order", "group", "having",
        "per", "select", "from", "case", "when", "then", "else", "end", "is", "like", "on", "using",
        "as", "join", "left", "right", "full", "inner", "cross", "natural", "union", "except",
        "intersect", "window", "distinct"})
    if (token.is(word)) return true;
  return is_comparison(token) || token.text == ",";
}

// From `at`, to the end of the operand: brackets are passed over as a whole.
size_t end_of_operand(Tokens tokens, size_t at) {
  int depth = 0;
  for (; at < tokens.size(); ++at) {
    if (tokens[at].text == "(") ++depth;
    if (tokens[at].text == ")" && --depth < 0) break;
    if (depth == 0 && ends_operand(tokens[at])) break;
  }
  return at;
}

// The same backwards: the operand that ends before `at` begins there.
size_t begin_of_operand(Tokens tokens, size_t at) {
  int depth = 0;
  for (; at > 0; --at) {
    const CqlToken& token = tokens[at - 1];
    if (token.text == ")") ++depth;
    if (token.text == "(" && --depth < 0) break;
    if (depth == 0 && ends_operand(token)) break;
  }
  return at;
}

// (a, b) as its parts; nothing where it is no such list.
std::optional<std::vector<Tokens>> parts_of(Tokens operand) {
  if (operand.size() < 3 || operand.front().text != "(" || operand.back().text != ")")
    return std::nullopt;
  std::vector<Tokens> parts;
  const Tokens inside = operand.subspan(1, operand.size() - 2);
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i < inside.size(); ++i) {
    if (inside[i].text == "(") ++depth;
    if (inside[i].text == ")" && --depth < 0) return std::nullopt;  // (a) + (b)
    if (depth > 0 || inside[i].text != ",") continue;
    parts.push_back(inside.subspan(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(inside.subspan(begin));
  return parts;
}

// The name of a column: t, or plays.t.
std::optional<std::string> column_of(Tokens operand) {
  if (operand.empty() || operand.size() % 2 == 0) return std::nullopt;
  for (size_t i = 1; i < operand.size(); i += 2)
    if (operand[i].text != ".") return std::nullopt;
  return operand.back().name();
}

// A moment: a text in a form of ISO 8601, or milliseconds since 1970, with or without quotes.
std::optional<int64_t> micros_of(Tokens operand) {
  const bool negative = operand.size() == 2 && operand[0].text == "-";
  if (negative) operand = operand.subspan(1);
  if (operand.size() != 1) return std::nullopt;
  std::string_view text = operand[0].text;
  if (is_text(operand[0])) {
    text = text.substr(1, text.size() - 2);
    if (const auto micros = parse_iso_time(text); micros && !negative) return micros;
  } else if (!is_number(operand[0])) {
    return std::nullopt;
  }
  int64_t millis = 0;
  int64_t micros = 0;
  if (!read_number(text, millis) ||
      __builtin_mul_overflow(negative ? -millis : millis, 1000, &micros))
    return std::nullopt;
  return micros;
}

bool is_subselect(Tokens operand) {
  return operand.size() > 1 && operand[0].text == "(" && operand[1].is("select");
}

// <, <=, > or >=, and not <>.
bool is_ordering(Tokens comparison) {
  return comparison[0].text == ">" ||
         (comparison[0].text == "<" && (comparison.size() == 1 || comparison[1].text != ">"));
}

// As the column keeps it, for SQL.
std::string kept_form(int64_t micros, TimeUnit kept) {
  auto text = sqlite::time_text(micros, kept);
  if (!text) return fmt::to_string(kept == TimeUnit::millis ? micros / 1000 : micros);
  // No time of such a column is equal: the place between two milliseconds, behind the "Z".
  if (kept == TimeUnit::millis && micros % 1000 != 0) text->push_back('+');
  return sqlite::quote_text(*text);
}

class TimeWriter {
 public:
  TimeWriter(sqlite::Database& db, const std::string& text)
      : db_(db), text_(text), tokens_(tokens_of(text)) {}

  tl::expected<std::string, TimeFault> write() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      const bool in = tokens_[i].is("in");
      const bool between = tokens_[i].is("between");
      if (!in && !between && !is_comparison(tokens_[i])) continue;
      size_t next = i + 1;
      while (!in && !between && next < tokens_.size() && is_comparison(tokens_[next])) ++next;
      const size_t before = i > 0 && tokens_[i - 1].is("not") ? i - 1 : i;
      const size_t begin = begin_of_operand(tokens_, before);
      const Tokens left = Tokens(tokens_).subspan(begin, before - begin);
      const Tokens right = Tokens(tokens_).subspan(next, end_of_operand(tokens_, next) - next);
      at_ = i;
      ordering_ = between || (!in && is_ordering(Tokens(tokens_).subspan(i, next - i)));
      if (in) {
        in_list(left, right);
      } else {
        compare(left, right);
        compare(right, left);
      }
      if (between) {
        const size_t high = end_of_operand(tokens_, next) + 1;  // Behind AND.
        if (high < tokens_.size())
          compare(left, Tokens(tokens_).subspan(high, end_of_operand(tokens_, high) - high));
      }
      if (fault_) return tl::unexpected(std::move(*fault_));
      i = next - 1;
    }
    return result();
  }

 private:
  // Columns, or a tuple of them, and what they are compared with.
  void compare(Tokens columns, Tokens values) {
    if (column_of(columns)) return write_value(columns, values);
    const auto names = parts_of(columns);
    const auto parts = parts_of(values);
    if (!names || !parts || is_subselect(values)) return;
    for (size_t i = 0; i < names->size() && i < parts->size(); ++i)
      if (column_of((*names)[i])) write_value((*names)[i], (*parts)[i]);
  }

  void in_list(Tokens columns, Tokens list) {
    const auto parts = parts_of(list);
    if (!parts || is_subselect(list)) return;
    for (const Tokens part : *parts) compare(columns, part);
    // SQLite has lists of tuples as tables only.
    if (parts_of(columns) && parts_of(parts->front()))
      edits_.push_back({list[1].begin, 0, "VALUES "});
  }

  // A subselect gives times as they are kept.
  void write_value(Tokens column, Tokens value) {
    if (value.empty() || is_subselect(value)) return;
    const std::string declared = declared_here(column);
    if (sqlite::type_from_declaration(declared) != Type::timestamp) return;
    if (value.size() == 1 && value[0].is("null")) return;
    if (value.size() > 2 && value.front().text == "(" && value.back().text == ")")
      return write_value(column, value.subspan(1, value.size() - 2));
    const TimeUnit kept = sqlite::time_unit(declared);
    const size_t begin = value.front().begin;
    const std::string_view text = text_of(text_, value);
    const std::string name = printable(*column_of(column), 60);
    if (const auto micros = micros_of(value)) {
      if (ordering_ && *micros > 0 && !sqlite::time_text(*micros, kept)) {
        fault_ = TimeFault{
            begin, fmt::format("{} is after the year 9999, and column {} cannot be ordered by such "
                               "a time in an SQLite file: leave the bound out, or give one before",
                               printable(text, 60), name)};
        return;
      }
      edits_.push_back({begin, text.size(), kept_form(*micros, kept)});
      return;
    }
    // Another column of times is compared as it is kept.
    if (column_of(value)) {
      const std::string form = declared_here(value);
      if (sqlite::type_from_declaration(form) == Type::timestamp && sqlite::time_unit(form) == kept)
        return;
    }
    fault_ = TimeFault{
        begin, fmt::format("{} is no time that column {} can be compared with: expected a text "
                           "such as '2024-03-03 10:15:00+0000', or milliseconds since 1970",
                           printable(text, 60), name)};
  }

  // How the column of that name is declared, seen from the comparison at hand; empty where there is
  // none. For a name in a subselect SQLite is asked: SELECT (SELECT h.t FROM heard h) FROM other.
  std::string declared_here(Tokens name) {
    std::string ask(text_of(text_, name));
    bool asked = false;   // A SELECT is around the name.
    bool passed = false;  // The one of these brackets: what is before it is another of a UNION.
    int depth = 0;
    for (size_t i = at_; i-- > 0;) {
      if (tokens_[i].text == ")") ++depth;
      if (tokens_[i].text == "(") {
        if (depth == 0) passed = false;
        depth = std::max(depth - 1, 0);
      }
      if (depth > 0 || passed || !tokens_[i].is("select")) continue;
      const std::string_view tables = text_of(text_, tables_of(tokens_, i));
      ask = fmt::format("SELECT {}{}{}{}{}", asked ? "(" : "", ask, asked ? ")" : "",
                        tables.empty() ? "" : " FROM ", tables);
      asked = passed = true;
    }
    if (!asked) return "";
    const auto select = db_.prepare(common_tables() + ask);
    return select ? select->declared_type(0) : "";
  }

  // WITH …, up to the SELECT that it belongs to.
  std::string common_tables() const {
    if (!tokens_.front().is("with")) return "";
    int depth = 0;
    for (const CqlToken& token : tokens_) {
      if (token.text == "(") ++depth;
      if (token.text == ")") --depth;
      if (depth == 0 && token.is("select")) return text_.substr(0, token.begin);
    }
    return "";
  }

  std::string result() {
    std::sort(edits_.begin(), edits_.end(),
              [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
    std::string out;
    size_t copied = 0;
    for (const Edit& edit : edits_) {
      out += text_.substr(copied, edit.begin - copied) + edit.text;
      copied = edit.begin + edit.bytes;
    }
    return out + text_.substr(copied);
  }

  struct Edit {
    size_t begin = 0;
    size_t bytes = 0;
    std::string text;
  };

  sqlite::Database& db_;
  const std::string& text_;
  const std::vector<CqlToken> tokens_;
  size_t at_ = 0;          // The comparison at hand.
  bool ordering_ = false;  // It asks which is earlier.
  std::vector<Edit> edits_;
  std::optional<TimeFault> fault_;
};

}  // namespace

std::string declared_in(sqlite::Database& db, const std::string& from, const std::string& column) {
  const auto select =
      db.prepare(fmt::format("SELECT {} FROM {}", sqlite::quote_name(column), from));
  return select ? std::string(select->declared_type(0)) : "";
}

tl::expected<std::string, TimeFault> with_kept_times(sqlite::Database& db,
                                                     const std::string& text) {
  return TimeWriter(db, text).write();
}

}  // namespace turntable
