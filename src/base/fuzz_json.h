// nlohmann-json as the judge of what is JSON. Only fuzz targets (x_fuzz.cc) use it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

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
  static JsonOpinion opinion_of(std::string_view text) {
    JsonOpinion opinion;
    // Two things that RFC 8259 does not allow and the judge does: a byte order mark, and a NUL,
    // which it takes for the end.
    if (text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string_view::npos)
      return opinion;
    JsonJudge judge(opinion.value);
    opinion.is_json = nlohmann::json::sax_parse(text, &judge);
    opinion.overflow = judge.overflow_;
    opinion.underflow = judge.underflow_;
    return opinion;
  }

  bool number_float(double number, const std::string& token) {
    const std::string mantissa = token.substr(0, token.find_first_of("eE"));
    underflow_ |= number == 0 && mantissa.find_first_of("123456789") != std::string::npos;
    return json_sax_dom_parser::number_float(number, token);
  }

  template <class Exception>
  bool parse_error(size_t /*at*/, const std::string& /*token*/, const Exception& error) {
    constexpr int kOutOfRange = 406;
    overflow_ = error.id == kOutOfRange;
    return false;
  }

 private:
  explicit JsonJudge(nlohmann::json& value) : json_sax_dom_parser(value, false) {}

  bool overflow_ = false;
  bool underflow_ = false;
};

}  // namespace turntable
