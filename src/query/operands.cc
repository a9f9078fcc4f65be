#include "query/operands.h"

#include <algorithm>

namespace turntable {
namespace {

// The words that end an operand on either side. CASE and END nest instead.
constexpr std::string_view kEndsOperand[] = {
    "where", "and",    "or",      "not",    "in",     "between", "allow",  "limit",     "order",
    "group", "having", "per",     "select", "from",   "when",    "then",   "else",      "is",
    "like",  "on",     "using",   "as",     "join",   "left",    "right",  "full",      "inner",
    "outer", "cross",  "natural", "union",  "except", "all",     "window", "intersect", "distinct",
    "by",    "asc",    "desc",    "nulls",  "glob",   "match",   "regexp", "isnull",    "notnull"};

bool ends_operand(Tokens tokens, size_t at) {
  return is_comparison(tokens, at) || tokens[at].text == "," || is_one_of(tokens[at], kEndsOperand);
}

bool follows(Tokens tokens, size_t at, std::string_view before) {
  return at > 0 && tokens[at - 1].text == before && tokens[at - 1].begin + 1 == tokens[at].begin;
}

// Whether a CASE before the END at `end` is open, in the same brackets.
bool ends_case(Tokens tokens, size_t end) {
  int brackets = 0;
  int ends = 1;
  for (size_t i = end; i-- > 0;) {
    if (tokens[i].text == ")") ++brackets;
    if (tokens[i].text == "(" && --brackets < 0) return false;
    if (brackets > 0) continue;
    if (tokens[i].is("end")) ++ends;
    if (tokens[i].is("case") && --ends == 0) return true;
  }
  return false;
}

}  // namespace

bool is_comparison(Tokens tokens, size_t at) {
  const std::string_view text = tokens[at].text;
  if (text != ">") return text == "=" || text == "<" || text == "!";
  if (follows(tokens, at, ">")) --at;
  return !follows(tokens, at, "-");
}
bool is_text(const CqlToken& token) {
  return token.text.starts_with('\'');
}
bool is_number(const CqlToken& token) {
  return token.text[0] >= '0' && token.text[0] <= '9';
}

int nesting(Tokens tokens, size_t at) {
  if (tokens[at].text == "(" || tokens[at].is("case")) return 1;
  if (tokens[at].text == ")") return -1;
  return tokens[at].is("end") && ends_case(tokens, at) ? -1 : 0;
}

size_t behind_bracket(Tokens tokens, size_t open) {
  int depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].text == "(") ++depth;
    if (tokens[i].text == ")" && --depth == 0) return i + 1;
  }
  return tokens.size();
}

size_t end_of_operand(Tokens tokens, size_t at) {
  int depth = 0;
  for (; at < tokens.size(); ++at) {
    if (depth == 0 && ends_operand(tokens, at)) break;
    depth += nesting(tokens, at);
    if (depth < 0) break;
  }
  return at;
}

size_t begin_of_operand(Tokens tokens, size_t at) {
  int depth = 0;
  for (; at > 0; --at) {
    if (depth == 0 && ends_operand(tokens, at - 1)) break;
    depth -= nesting(tokens, at - 1);
    if (depth < 0) break;
  }
  return at;
}

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

bool is_subselect(Tokens operand) {
  return operand.size() > 2 && operand[0].text == "(" &&
         (operand[1].is("select") || operand[1].is("with")) &&
         behind_bracket(operand, 0) == operand.size();
}

Tokens bare(Tokens operand) {
  while (true) {
    const auto parts = parts_of(operand);
    if (parts && parts->size() == 1 && !is_subselect(operand)) {
      operand = parts->front();
    } else if (operand.size() > 1 && operand.front().text == "+") {
      operand = operand.subspan(1);
    } else if (operand.size() > 2 && operand[operand.size() - 2].is("collate")) {
      operand = operand.first(operand.size() - 2);
    } else {
      return operand;
    }
  }
}

std::optional<std::string> column_of(Tokens operand) {
  if (operand.empty() || operand.size() % 2 == 0) return std::nullopt;
  for (size_t i = 1; i < operand.size(); i += 2)
    if (operand[i].text != ".") return std::nullopt;
  return operand.back().name();
}

std::vector<Tokens> items_of(Tokens tokens, size_t select) {
  const Tokens tables = tables_of(tokens, select);
  const auto end =
      tables.empty() ? tokens.size() : static_cast<size_t>(&tables[0] - &tokens[0]) - 1;
  size_t begin = select + 1;
  if (begin < end && (tokens[begin].is("distinct") || tokens[begin].is("all"))) ++begin;
  std::vector<Tokens> items;
  constexpr std::string_view kEndsItems[] = {"where", "union", "except", "intersect",
                                             "order", "limit", "group",  "having"};
  int depth = 0;
  size_t i = begin;
  for (; i < end; ++i) {
    if (depth == 0 && is_one_of(tokens[i], kEndsItems)) break;
    depth += nesting(tokens, i);
    if (depth < 0) break;
    if (depth > 0 || tokens[i].text != ",") continue;
    items.push_back(tokens.subspan(begin, i - begin));
    begin = i + 1;
  }
  items.push_back(tokens.subspan(begin, i - begin));
  return items;
}

NamedItem named_item(Tokens item) {
  const size_t count = item.size();
  if (count < 2) return {item, ""};
  const CqlToken& before = item[count - 2];
  const auto name = item.back().name();
  if (!name) return {item, ""};
  if (before.is("as")) return {item.first(count - 2), *name};
  // SELECT max(t) m. A word behind an operator is a part of the expression.
  constexpr std::string_view kNoNames[] = {"end", "null", "isnull", "notnull"};
  constexpr std::string_view kNoExpressions[] = {"collate", "over", "not", "and", "or", "is", "in"};
  const bool ends_expression = before.text == ")" || is_text(before) || is_number(before) ||
                               (before.name() && !is_one_of(before, kNoExpressions));
  if (!ends_expression || is_one_of(item.back(), kNoNames)) return {item, ""};
  return {item.first(count - 1), *name};
}

}  // namespace turntable
