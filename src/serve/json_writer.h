// Writes JSON (RFC 8259), with the commas where they belong.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/iso_time_text.h"
#include "base/text.h"

namespace turntable {

// Numbers are whole or finite; what is neither is null. Texts may hold anything.
class JsonWriter {
 public:
  JsonWriter& key(std::string_view name) {
    separate();
    text_ += json_quote(name);
    text_ += ':';
    first_ = true;
    return *this;
  }
  JsonWriter& open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
    return *this;
  }
  JsonWriter& close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
  }

  void value(std::string_view text) { raw(json_quote(text)); }
  void value(const char* text) { raw(json_quote(text)); }
  void value(bool truth) { raw(truth ? "true" : "false"); }
  void value(std::integral auto number) { raw(fmt::to_string(number)); }
  void value(double number) { raw(std::isfinite(number) ? fmt::to_string(number) : "null"); }
  void null() { raw("null"); }
  template <class T>
  void value(const std::optional<T>& maybe) {
    maybe ? value(*maybe) : null();
  }
  // Microseconds since 1970 as ISO 8601; 0 is null.
  void time(int64_t micros) { micros == 0 ? null() : value(iso_time_text(micros)); }

  template <class T>
  void field(std::string_view name, const T& what) {
    key(name);
    value(what);
  }
  void time_field(std::string_view name, int64_t micros) {
    key(name);
    time(micros);
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  void raw(std::string_view text) {
    separate();
    text_ += text;
  }

  std::string text_;
  bool first_ = true;  // Nothing stands before in the same brackets.
};

}  // namespace turntable
