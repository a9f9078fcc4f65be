// Patterns for times as other languages write them: Java and Spark (yyyy-MM-dd HH:mm:ss), strftime
// (%Y-%m-%d %H:%M) and Go (2006-01-02 15:04). Many of them can be read as PostgreSQL's too, and
// would mean something else: mm is the month there, and HH has twelve hours.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace turntable::sql {

struct ForeignPattern {
  std::string_view language;  // "Java and Spark"
  std::string field;          // The first field that is written otherwise: "mm",
  std::string ours;           // and PostgreSQL's: "MI". Empty where there is none.
  std::string meaning;        // What that field is: "the minute".
  std::string translated;     // The whole pattern. Empty where a part of it has no counterpart.
};

// Nothing where the pattern is none of those languages', or may as well be PostgreSQL's.
[[nodiscard]] std::optional<ForeignPattern> foreign_pattern(std::string_view pattern);

// Whether it is one that PostgreSQL reads too, with another meaning: yyyy-MM-dd HH:mm has the month
// twice there, and yyyy-MM-dd HH the hours from 1 to 12.
[[nodiscard]] bool means_something_else(std::string_view pattern);

}  // namespace turntable::sql
