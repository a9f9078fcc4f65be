#include "sql/nesting_gauge.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace turntable::sql {

void NestingGauge::token(std::string_view token) {
  // No word of interest is longer; a text in quotes may be a megabyte.
  constexpr size_t kLongestWord = 9;
  const std::string text = token.size() <= kLongestWord ? lowercase(token) : "";
  if (text == "(" || text == "[") {
    levels_.emplace_back();
  } else if (text == ")" || text == "]") {
    close_parenthesis();
  } else if (text == ",") {
    next_expression();
  } else if (is_label_) {
    ++levels_.back().tokens;
  } else {
    word(text);
  }
  is_label_ = text == "." || (!is_label_ && text == "as");
}

void NestingGauge::word(std::string_view word) {
  Level& level = levels_.back();
  if (word == "case") {
    levels_.push_back({.is_case = true});
  } else if (word == "end" && level.is_case) {
    close_top();
  } else if (level.is_case && (word == "when" || word == "then" || word == "else")) {
    next_expression();
  } else if (word == "or") {
    level.has_or = true;
    next_expression();
  } else if (word == "and" && level.betweens == 0) {
    level.has_and = true;
    next_expression();
  } else if (word == "join" || word == "union" || word == "intersect" || word == "except") {
    ++level.joins;
  } else {
    // In `x BETWEEN 1 AND NOT y BETWEEN …` each AND goes deeper.
    if (word == "and") --level.betweens;
    if (word == "between") ++level.betweens;
    ++level.tokens;
  }
}

size_t NestingGauge::Level::depth() const {
  // CASE compares what stands behind it, which is a level more.
  const size_t own = (is_case ? 2U : 1U) + (has_and ? 1U : 0U) + (has_or ? 1U : 0U) + joins;
  return own + std::max(deepest, tokens + inner);
}

size_t NestingGauge::depth() const {
  size_t depth = 0;
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    Level with_inner = *level;
    with_inner.inner = std::max(with_inner.inner, depth);
    depth = with_inner.depth();
  }
  return depth;
}

void NestingGauge::close_top() {
  const size_t depth = levels_.back().depth();
  levels_.pop_back();
  levels_.back().inner = std::max(levels_.back().inner, depth);
}

// One that closes nothing does nothing: libpg_query will stop there.
void NestingGauge::close_parenthesis() {
  const auto open = std::find_if(levels_.rbegin(), levels_.rend() - 1,
                                 [](const Level& level) { return !level.is_case; });
  if (open == levels_.rend() - 1) return;
  while (levels_.back().is_case) close_top();
  close_top();
}

void NestingGauge::next_expression() {
  Level& level = levels_.back();
  level.deepest = std::max(level.deepest, level.tokens + level.inner);
  level.tokens = 0;
  level.inner = 0;
}

}  // namespace turntable::sql
