// Any bytes as a pattern for times, and any text under it: what is read can be printed and read
// again and is the same time, and no time there is breaks the printing.
//
// An input is a pattern and a text with a line break between them, and behind another one eight
// bytes, which are a time.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/fuzz_input.h"
#include "base/text.h"
#include "row/arena.h"
#include "sql/time_format.h"

namespace turntable::sql {
namespace {

// FM lets a field have fewer digits: "111" is then the 11th of January or the 1st of November.
bool is_ambiguous(std::string_view pattern) {
  return lowercase(pattern).find("fm") != std::string::npos;
}

void check_round_trip(const TimeFormat& format, int64_t micros, Arena& arena) {
  const auto print = TimeFormat::compile(format.pattern(), TimeFormat::Use::print);
  CHECK(print);
  const std::string_view text = print->print(micros, arena);
  // Names are padded when they are printed, and stand alone when they are read.
  const auto again = format.parse(text);
  if (!is_ambiguous(format.pattern())) CHECK(!again || *again == micros);
}

}  // namespace
}  // namespace turntable::sql

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  using namespace turntable::sql;
  FuzzInput input(data, size);
  const std::string_view pattern = input.until('\n');
  const std::string_view text = input.until('\n');
  const auto micros = static_cast<int64_t>(input.number());
  Arena arena;
  const auto print = TimeFormat::compile(pattern, TimeFormat::Use::print);
  const auto parse = TimeFormat::compile(pattern, TimeFormat::Use::parse);
  CHECK(print || !parse);
  if (!print) {
    CHECK(!print.error().message.empty());
    return 0;
  }
  // No field has more than nine characters more than its own pattern, but for a year's digits.
  CHECK(print->print(micros, arena).size() <= 12 * pattern.size());
  if (!parse) {
    CHECK(!parse.error().message.empty());
    return 0;
  }
  if (const auto read = parse->parse(text)) check_round_trip(*parse, *read, arena);
  return 0;
}
