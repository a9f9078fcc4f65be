// Any bytes as text: is_utf8() agrees with simdjson, what is made for messages and JSON can stand
// there, and base64 gives back what it took.
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <string>
#include <vector>

#include "base/check.h"
#include "base/fuzz_input.h"
#include "base/fuzz_json.h"
#include "base/iso_time.h"
#include "base/number_form.h"
#include "base/text.h"

namespace turntable {
namespace {

constexpr size_t kLongestEscape = 8;

// Nothing in a message may move the cursor or forge a line.
void check_printable(std::string_view bytes, size_t limit) {
  const std::string shown = printable(bytes, limit);
  CHECK(simdjson::validate_utf8(shown.data(), shown.size()));
  for (size_t i = 0; i < shown.size(); ++i) {
    const auto byte = static_cast<uint8_t>(shown[i]);
    CHECK(byte >= 0x20 && byte != 0x7F);
    const auto next = i + 1 < shown.size() ? static_cast<uint8_t>(shown[i + 1]) : uint8_t{0};
    CHECK(byte != 0xC2 || next >= 0xA0);  // U+0080 to U+009F
  }
  CHECK(shown.size() <= limit + kLongestEscape + std::string_view("…").size());
}

void check_json_quote(std::string_view bytes) {
  const JsonOpinion opinion = JsonJudge::opinion_of(json_quote(bytes));
  CHECK(opinion.is_json && opinion.value.is_string());
  if (is_utf8(bytes)) CHECK(opinion.value.get_ref<const std::string&>() == bytes);
}

void check_base64(std::string_view bytes) {
  const std::string encoded = base64(bytes);
  CHECK(encoded.size() == (bytes.size() + 2) / 3 * 4);
  CHECK(from_base64(encoded) == bytes);
  // What is accepted has the length that its own length says.
  if (const auto decoded = from_base64(bytes))
    CHECK(decoded->size() <= bytes.size() / 4 * 3 && decoded->size() + 2 >= bytes.size() / 4 * 3);
}

void check_number_form(std::string_view token) {
  // The judge passes over blanks, which are no part of a number.
  if (token.find_first_of(" \t\r\n") != std::string_view::npos) return;
  const JsonOpinion opinion = JsonJudge::opinion_of(token);
  if (opinion.overflow) return;
  const bool number = opinion.is_json && opinion.value.is_number();
  const NumberForm form = number_form(token);
  CHECK(number == (form != NumberForm::none));
  if (number && opinion.value.is_number_integer()) CHECK(form == NumberForm::integer);
}

// The forms that are in use are more, and mean no other time.
void check_iso_time(std::string_view text) {
  const auto time = read_iso_time(text);
  if (!time) return (void)read_iso_time(text, IsoForms::in_use);
  const auto in_use = read_iso_time(text, IsoForms::in_use);
  CHECK(in_use && in_use->micros == time->micros && in_use->cut == time->cut);
}

}  // namespace
}  // namespace turntable

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  FuzzInput input(data, size);
  const size_t limit = input.byte();
  const std::string_view bytes = input.rest();

  CHECK(is_utf8(bytes) == simdjson::validate_utf8(bytes.data(), bytes.size()));
  check_printable(bytes, limit);
  check_json_quote(bytes);
  check_base64(bytes);
  check_number_form(bytes);
  CHECK(display_width(bytes) <= 2 * bytes.size());
  check_iso_time(bytes);

  size_t sum = 0;
  for (const std::string_view part : split(bytes, ',')) sum += part.size() + 1;
  CHECK(sum == bytes.size() + 1);
  // A name's length: the distance of two long texts takes the square of it.
  const std::string_view word = bytes.substr(0, 48);
  const std::vector<std::string> candidates = {"bootstrap.servers", "topic", std::string(word)};
  CHECK(nearest(word, candidates).has_value());
  CHECK(lowercase(bytes).size() == bytes.size());
  CHECK(trim(trim(bytes)) == trim(bytes));
  return 0;
}
