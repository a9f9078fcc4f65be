// nlohmann-json as the judge of what is JSON. Only fuzz targets (x_fuzz.cc) use it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace turntable {

struct JsonOpinion {
  bool is_json = false;
  // JSON up to a number that no double can hold; the judge reads no further.
  bool overflow = false;
  // A number is not zero, but so small that a double is.
  bool underflow = false;
  nlohmann::json value;
};

// Builds the judge's value without its exceptions, which are slow, and keeps what it was about.
class JsonJudge : public nlohmann::detail::json_sax_dom_parser<nlohmann::json> {
 public:
  // `keep_fractions`: a number that is not an integer of 64 bits becomes a binary value with its
  // text, of which a double would lose something.
  static JsonOpinion opinion_of(std::string_view text, bool keep_fractions = false) {
    JsonOpinion opinion;
    // Two things that RFC 8259 does not allow and the judge does: a byte order mark, and a NUL,
    // which it takes for the end.
    if (text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string_view::npos)
      return opinion;
    JsonJudge judge(opinion.value, keep_fractions);
    opinion.is_json = nlohmann::json::sax_parse(text, &judge);
    opinion.overflow = judge.overflow_;
    opinion.underflow = judge.underflow_;
    return opinion;
  }

  bool number_float(double number, const std::string& token) {
    const std::string mantissa = token.substr(0, token.find_first_of("eE"));
    underflow_ |= number == 0 && mantissa.find_first_of("123456789") != std::string::npos;
    if (!keep_fractions_) return json_sax_dom_parser::number_float(number, token);
    nlohmann::json::binary_t text(std::vector<uint8_t>(token.begin(), token.end()));
    return json_sax_dom_parser::binary(text);
  }

  template <class Exception>
  bool parse_error(size_t /*at*/, const std::string& /*token*/, const Exception& error) {
    constexpr int kOutOfRange = 406;
    overflow_ = error.id == kOutOfRange;
    return false;
  }

 private:
  JsonJudge(nlohmann::json& value, bool keep_fractions)
      : json_sax_dom_parser(value, false), keep_fractions_(keep_fractions) {}

  const bool keep_fractions_;
  bool overflow_ = false;
  bool underflow_ = false;
};

}  // namespace turntable
