// The options of regular expressions, by their letters.
#include <fmt/format.h>

#include "base/text.h"
#include "sql/functions/pattern_syntax.h"

namespace turntable::sql {

std::optional<PatternOptions> with_option(PatternOptions options, char32_t flag) {
  switch (flag) {
    case 'c':
      options.ignore_case = false;
      return options;
    case 'i':
      options.ignore_case = true;
      return options;
    case 'e':
      options.advanced = options.literal = false;
      return options;
    case 'm':
    case 'n':
      options.newline_stops = options.newline_anchors = true;
      return options;
    case 'p':
      options.newline_stops = true;
      options.newline_anchors = false;
      return options;
    case 'q':
      options.literal = true;
      options.advanced = false;
      return options;
    case 's':
      options.newline_stops = options.newline_anchors = false;
      return options;
    case 't':
      options.expanded = false;
      return options;
    case 'w':
      options.newline_stops = false;
      options.newline_anchors = true;
      return options;
    case 'x':
      options.expanded = true;
      return options;
    default:
      return std::nullopt;
  }
}

Result<PatternOptions> parse_pattern_flags(std::string_view flags) {
  PatternOptions options;
  for (size_t at = 0; at < flags.size();) {
    const char32_t flag = next_character(flags, at);
    if (flag == 'g') {
      options.global = true;
      continue;
    }
    // PostgreSQL takes 'e' here for a basic one too, whatever its manual says.
    if (flag == 'b' || flag == 'e')
      return fail(ErrorKind::usage,
                  fmt::format("the flag '{}', a basic regular expression, is not supported",
                              static_cast<char>(flag)));
    const auto changed = with_option(options, flag);
    if (!changed)
      return fail(
          ErrorKind::usage,
          fmt::format("'{}' is no flag of a regular expression, in '{}'",
                      printable(flags.substr(at - encoded_bytes(flag), encoded_bytes(flag))),
                      printable(flags)));
    options = *changed;
  }
  return options;
}

}  // namespace turntable::sql
