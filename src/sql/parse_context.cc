#include "sql/parse_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "sql/tokens.h"

namespace turntable::sql {

Location ParseContext::at(int32_t location) const {
  return location < 0 ? begin() : source_.at(byte(location));
}

Location ParseContext::at(const PgNode* node) const {
  const auto begin_byte = begin_of(node);
  return begin_byte ? source_.at(statement_.begin + *begin_byte) : begin();
}

Location ParseContext::column_place(int32_t location) const {
  if (location < 0) return begin();
  const std::string_view text = this->text();
  size_t at = byte(location);
  while (at < text.size() && text[at] != '.') at = next_token(text, at).end;
  const size_t name = at < text.size() ? skip_space(text, at + 1) : at;
  return name < text.size() ? source_.at(name) : this->at(location);
}

std::string_view ParseContext::token_text(int32_t location) const {
  if (location < 0) return {};
  const std::string_view text = this->text();
  const size_t begin = skip_space(text, byte(location));
  return begin < text.size() ? text.substr(begin, next_token(text, begin).end - begin)
                             : std::string_view();
}

std::string ParseContext::type_text(int32_t location) const {
  if (location < 0) return "";
  // The words that stand behind others in the name of a type. A length may stand between them, as
  // in timestamp(3) with time zone.
  constexpr std::array<std::string_view, 7> kFurther = {"precision", "varying", "with", "without",
                                                        "time",      "zone",    "large"};
  const std::string_view text = this->text();
  std::string name;
  for (size_t at = skip_space(text, byte(location)); at < text.size();) {
    const size_t end = next_token(text, at).end;
    const std::string_view token = text.substr(at, end - at);
    const bool further =
        std::find(kFurther.begin(), kFurther.end(), lowercase(token)) != kFurther.end();
    if (name.empty() || token == "." || name.ends_with('.')) {
      name += token;
    } else if (further) {
      name += fmt::format(" {}", token);
    } else if (token == "(") {
      const size_t close = text.find(')', at);
      if (close == std::string_view::npos) break;
      at = skip_space(text, close + 1);
      continue;
    } else {
      break;
    }
    at = skip_space(text, end);
  }
  return name;
}

std::vector<Location> ParseContext::list_places(int32_t location, std::string_view word) const {
  std::vector<Location> places;
  if (location < 0) return places;
  const std::string_view text = this->text();
  size_t at = skip_space(text, byte(location));
  const auto next = [&] {
    const size_t begin = at;
    const size_t end = next_token(text, at).end;
    at = skip_space(text, end);
    return text.substr(begin, end - begin);
  };
  if (!word.empty())
    while (at < text.size() && lowercase(next()) != word) continue;
  while (at < text.size() && next() != "(") continue;
  bool name_begins = true;
  while (at < text.size()) {
    const Location place = source_.at(at);
    const std::string_view token = next();
    if (token == ")") break;
    if (token == ",") {
      name_begins = true;
    } else if (name_begins) {
      places.push_back(place);
      name_begins = false;
    }
  }
  return places;
}

void ParseContext::refuse(Location place, std::string_view what, std::string_view advice) {
  fault(place,
        fmt::format("{} is not supported (yet){}{}", what, advice.empty() ? "" : ": ", advice));
}

bool ParseContext::take_expression() {
  if (++expressions_ == kExpressionsLimit + 1)
    fault(begin(), fmt::format("the statement is too large: it has more than {} expressions",
                               grouped(kExpressionsLimit)));
  return expressions_ <= kExpressionsLimit;
}

}  // namespace turntable::sql
