#include "sql/syntax_hint.h"

#include <vector>

#include "base/text.h"
#include "row/types.h"

namespace turntable::sql {

std::string nearest_keyword(std::string_view statement, size_t stopped) {
  static const std::vector<std::string> kKeywords = {
      "CREATE", "TABLE", "VIEW", "WITH", "INSERT",  "INTO",  "SELECT",
      "FROM",   "JOIN",  "LEFT", "ON",   "USING",   "WHERE", "AS",
      "NOT",    "NULL",  "CAST", "CASE", "BETWEEN", "WHEN",  "THEN"};
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto word_at = [&](size_t begin) {
    size_t end = begin;
    while (end < statement.size() && is_letter(statement[end])) ++end;
    return statement.substr(begin, end - begin);
  };
  const auto hint = [&](std::string_view word) -> std::string {
    // A type is no mistyped INTO.
    if (word.size() < 3 || type_from_sql(lowercase(word))) return "";
    for (const std::string& keyword : kKeywords)
      if (lowercase(keyword) == lowercase(word)) return "";
    // A table called nowhere is no mistyped WHERE.
    std::vector<std::string> near;
    for (const std::string& keyword : kKeywords)
      if (lowercase(keyword)[0] == lowercase(word)[0] || keyword.size() == word.size())
        near.push_back(keyword);
    return did_you_mean(word, near);
  };
  const std::string at_stop = hint(word_at(stopped));
  if (!at_stop.empty()) return at_stop;
  size_t end = stopped;
  while (end > 0 && !is_letter(statement[end - 1])) --end;
  size_t begin = end;
  while (begin > 0 && is_letter(statement[begin - 1])) --begin;
  return end == 0 ? "" : hint(statement.substr(begin, end - begin));
}

}  // namespace turntable::sql
