#include "sink/replication.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cassandra/schema.h"

namespace turntable {
namespace {

bool is_count_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_class_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_count_digit(c) || c == '.' || c == '_';
}

// "3", "3/1".
bool is_factor(std::string_view text) {
  const auto is_count = [](std::string_view part) {
    return !part.empty() && part.size() <= 4 && std::all_of(part.begin(), part.end(), is_count_digit);
  };
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_count(text);
  return is_count(text.substr(0, slash)) && is_count(text.substr(slash + 1));
}

// Reads signs, texts and numbers from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : whole_(trim(text)), rest_(whole_) {}

  bool take(char sign) {
    rest_ = trim(rest_);
    if (!rest_.starts_with(sign)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  Status expect(char sign) { return take(sign) ? Status() : unexpected(fmt::format("'{}'", sign)); }

  [[nodiscard]] bool at_end() { return trim(rest_).empty(); }

  // In single quotes; a doubled one stands for itself.
  Result<std::string> text() {
    if (!take('\'')) return unexpected("a text in single quotes");
    std::string out;
    while (true) {
      const size_t quote = rest_.find('\'');
      if (quote == std::string_view::npos) return unexpected("a closing single quote");
      out += rest_.substr(0, quote);
      rest_.remove_prefix(quote + 1);
      if (!rest_.starts_with('\'')) break;
      out += '\'';
      rest_.remove_prefix(1);
    }
    if (out.empty() || !is_utf8(out) || printable(out, out.size() + 1) != out)
      return fail(ErrorKind::usage, fmt::format("replication has the text '{}': expected one that "
                                                "is not empty and has no control characters",
                                                printable(out)));
    return out;
  }

  // The digits of a whole number; empty where there is none.
  std::string number() {
    rest_ = trim(rest_);
    const auto* end = std::find_if_not(rest_.begin(), rest_.end(), is_count_digit);
    std::string out(rest_.begin(), end);
    rest_.remove_prefix(out.size());
    return out;
  }

  tl::unexpected<Error> unexpected(const std::string& wanted) {
    rest_ = trim(rest_);
    return fail(
        ErrorKind::usage,
        fmt::format("replication = '{}' is no map: expected {} {}, as in "
                    "{{'class': 'NetworkTopologyStrategy', 'dc1': 3}}",
                    printable(whole_), wanted,
                    rest_.empty() ? "at the end" : fmt::format("at '{}'", printable(rest_, 20))));
  }

 private:
  std::string_view whole_;
  std::string_view rest_;
};

Status check_entry(const std::string& key, const std::string& value) {
  if (key == "class") {
    if (std::all_of(value.begin(), value.end(), is_class_char)) return {};
    return fail(ErrorKind::usage,
                fmt::format("replication: '{}' is no name of a class", printable(value)));
  }
  if (is_factor(value)) return {};
  return fail(ErrorKind::usage, fmt::format("replication: '{}' is no count of replicas for '{}'",
                                            printable(value), printable(key)));
}

}  // namespace

Result<std::string> replication_map(std::string_view text) {
  Reader reader(text);
  std::set<std::string> keys;
  std::string out;
  RETURN_IF_ERROR(reader.expect('{'));
  do {
    ASSIGN_OR_RETURN(const std::string key, reader.text());
    RETURN_IF_ERROR(reader.expect(':'));
    std::string value = reader.number();
    const bool bare = !value.empty();
    if (!bare) {
      ASSIGN_OR_RETURN(value, reader.text());
    }
    RETURN_IF_ERROR(check_entry(key, value));
    if (!keys.insert(key).second || keys.size() > kReplicationEntriesLimit)
      return fail(ErrorKind::usage,
                  fmt::format("replication names '{}' twice, or has more than {} entries",
                              printable(key), kReplicationEntriesLimit));
    out += fmt::format("{}{}: {}", out.empty() ? "{" : ", ", cassandra::quote_text(key),
                       bare ? value : cassandra::quote_text(value));
  } while (reader.take(','));
  RETURN_IF_ERROR(reader.expect('}'));
  if (!reader.at_end()) return reader.unexpected("nothing more");
  if (!keys.contains("class"))
    return fail(ErrorKind::usage, "replication names no 'class', such as NetworkTopologyStrategy");
  return out + "}";
}

}  // namespace turntable
