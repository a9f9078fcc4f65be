// PostgreSQL's patterns for times ('YYYY-MM-DD HH24:MI'), compiled once and then run over many
// values.
//
// Printing is PostgreSQL's to_char. Parsing is stricter than PostgreSQL's to_timestamp, which takes
// '2024-3-3x' for 'YYYY-MM-DD': here the whole text must have the form, each field with all its
// digits, and be a time that exists. A record whose time is not what the pipeline says is a record
// to look at, not one to guess about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "row/arena.h"
#include "sql/calendar.h"
#include "sql/program.h"

namespace turntable::sql {

class TimeFormat final : public Prepared {
 public:
  enum class Use { parse, print };

  // The error is a sentence on what is wrong with the pattern.
  [[nodiscard]] static Result<TimeFormat> compile(std::string_view pattern, Use use);

  // Microseconds since 1970 (UTC), or nothing where the text does not have the form.
  [[nodiscard]] std::optional<int64_t> parse(std::string_view text) const;

  // The view lives in the arena.
  [[nodiscard]] std::string_view print(int64_t micros, Arena& arena) const;

  [[nodiscard]] const std::string& pattern() const { return pattern_; }
  [[nodiscard]] bool has_micros() const;

  // From meridiem on the fields are words; the others are numbers.
  enum class Field : uint8_t {
    literal,
    year,
    year2,
    month,
    day,
    day_of_year,
    hour24,
    hour12,
    minute,
    second,
    millis,
    micros,
    meridiem,
    month_name,
    month_short,
    day_name,
    day_short,
  };
  enum class Case : uint8_t { upper, title, lower };

 private:
  struct Item {
    Field field = Field::literal;
    Case letters = Case::title;
    bool fill = true;     // False after FM: no leading zeros, no trailing blanks.
    std::string literal;  // Of Field::literal.
  };

  // Of a form of fixed width, as most are: where its fields are. Byte i of a text is in [lowest[i],
  // lowest[i] + span[i]].
  struct Layout {
    struct Place {
      Field field;
      uint16_t offset;
    };
    std::string lowest;
    std::string span;
    std::vector<Place> fields;
  };

  // By PostgreSQL's rules alone.
  [[nodiscard]] static Result<TimeFormat> compile_own(std::string_view pattern, Use use);
  [[nodiscard]] static std::optional<std::string> contradiction(const std::vector<Item>& items);
  void lay_out();
  [[nodiscard]] std::optional<int64_t> parse_fixed(const Layout& layout,
                                                   std::string_view text) const;
  char* print_item(const Item& item, const Moment& moment, char* out) const;
  [[nodiscard]] std::string_view print_fixed(const Layout& layout, const Moment& moment,
                                             Arena& arena) const;

  std::string pattern_;
  std::vector<Item> items_;
  std::optional<Layout> layout_;
};

}  // namespace turntable::sql
