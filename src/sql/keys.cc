#include "sql/keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace turntable::sql {
namespace {

// Reads names and signs from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool take(char sign) {
    skip_blanks();
    if (rest_.empty() || rest_[0] != sign) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

  // A bare word in lower case; empty where there is none.
  std::string word() {
    skip_blanks();
    size_t end = 0;
    while (end < rest_.size() && is_word_char(rest_[end])) ++end;
    std::string found = lowercase(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return found;
  }

  Result<std::string> name() {
    if (!take('"')) {
      std::string found = word();
      if (found.empty())
        return fail(ErrorKind::usage, fmt::format("a column's name is expected {}", here()));
      return found;
    }
    std::string found;
    for (;;) {
      const size_t quote = rest_.find('"');
      if (quote == std::string_view::npos)
        return fail(ErrorKind::usage, "a double quote is not closed");
      found += rest_.substr(0, quote);
      rest_.remove_prefix(quote + 1);
      if (rest_.empty() || rest_[0] != '"') break;
      found += '"';
      rest_.remove_prefix(1);
    }
    if (found.empty()) return fail(ErrorKind::usage, "a column's name is empty");
    return found;
  }

  // Names with commas between them, up to the closing parenthesis.
  Result<std::vector<std::string>> names_to_close() {
    std::vector<std::string> names;
    do {
      ASSIGN_OR_RETURN(std::string found, name());
      names.push_back(std::move(found));
    } while (take(','));
    if (!take(')')) return fail(ErrorKind::usage, fmt::format("',' or ')' is expected {}", here()));
    return names;
  }

  [[nodiscard]] std::string here() {
    skip_blanks();
    return rest_.empty() ? "at the end" : fmt::format("at '{}'", printable(rest_, 20));
  }

 private:
  static bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  }
  void skip_blanks() {
    while (!rest_.empty() &&
           (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\n' || rest_[0] == '\r'))
      rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

Status check_no_repeats(const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i)
    if (std::find(names.begin(), names.begin() + static_cast<ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<ptrdiff_t>(i))
      return fail(ErrorKind::usage, fmt::format("column {} stands twice", printable(names[i])));
  return {};
}

Result<KeyDef> read_key(Reader& reader) {
  KeyDef key;
  if (!reader.take('(')) {
    ASSIGN_OR_RETURN(std::string only, reader.name());
    key.partition.push_back(std::move(only));
  } else if (reader.take('(')) {
    ASSIGN_OR_RETURN(key.partition, reader.names_to_close());
    if (reader.take(',')) {
      ASSIGN_OR_RETURN(key.clustering, reader.names_to_close());
    } else if (!reader.take(')')) {
      return fail(ErrorKind::usage, fmt::format("',' or ')' is expected {}", reader.here()));
    }
  } else {
    ASSIGN_OR_RETURN(key.clustering, reader.names_to_close());
    key.partition.push_back(std::move(key.clustering.front()));
    key.clustering.erase(key.clustering.begin());
  }
  if (!reader.at_end())
    return fail(ErrorKind::usage, fmt::format("nothing more is expected {}", reader.here()));
  std::vector<std::string> all = key.partition;
  all.insert(all.end(), key.clustering.begin(), key.clustering.end());
  RETURN_IF_ERROR(check_no_repeats(all));
  return key;
}

Result<std::vector<ClusteringDirection>> read_order(Reader& reader) {
  std::vector<ClusteringDirection> order;
  std::vector<std::string> names;
  do {
    ClusteringDirection column;
    ASSIGN_OR_RETURN(column.column, reader.name());
    const std::string before = reader.here();
    const std::string direction = reader.word();
    if (!direction.empty() && direction != "asc" && direction != "desc")
      return fail(ErrorKind::usage, fmt::format("ASC or DESC is expected {}", before));
    column.descending = direction == "desc";
    names.push_back(column.column);
    order.push_back(std::move(column));
  } while (reader.take(','));
  if (!reader.at_end())
    return fail(ErrorKind::usage, fmt::format("',' is expected {}", reader.here()));
  RETURN_IF_ERROR(check_no_repeats(names));
  return order;
}

}  // namespace

Result<KeyDef> parse_primary_key(std::string_view text) {
  Reader reader(text);
  auto key = read_key(reader);
  if (!key)
    return tl::unexpected<Error>(
        std::move(key.error()).with(fmt::format("primary_key '{}'", printable(text))));
  return key;
}

Result<std::vector<ClusteringDirection>> parse_clustering_order(std::string_view text) {
  Reader reader(text);
  auto order = read_order(reader);
  if (!order)
    return tl::unexpected<Error>(
        std::move(order.error()).with(fmt::format("clustering_order '{}'", printable(text))));
  return order;
}

}  // namespace turntable::sql
