#include "sql/identifiers.h"

#include <fmt/format.h>
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/check.h"
#include "base/text.h"

namespace turntable::sql {
namespace {

using KeywordKind = PgQuery__KeywordKind;
using Keywords = std::map<std::string, KeywordKind, std::less<>>;

// The names of libpg_query's tokens. Most are keywords in upper case, some with _P behind them.
std::string token_names() {
  std::string names;
  const ProtobufCEnumDescriptor& tokens = pg_query__token__descriptor;
  for (unsigned i = 0; i < tokens.n_values; ++i) {
    std::string name = lowercase(tokens.values[i].name);
    if (name.ends_with("_p")) name.resize(name.size() - 2);
    names += name + ' ';
  }
  return names;
}

// libpg_query has no list of keywords, but its scanner says of each word what kind of one it is.
Keywords scan_keywords() {
  const std::string names = token_names();
  const PgQueryScanResult scanned = pg_query_scan(names.c_str());
  CHECK(scanned.error == nullptr);
  const std::unique_ptr<PgQuery__ScanResult, void (*)(PgQuery__ScanResult*)> result(
      pg_query__scan_result__unpack(nullptr, scanned.pbuf.len,
                                    reinterpret_cast<const uint8_t*>(scanned.pbuf.data)),
      [](PgQuery__ScanResult* unpacked) {
        pg_query__scan_result__free_unpacked(unpacked, nullptr);
      });
  pg_query_free_scan_result(scanned);
  CHECK(result != nullptr);
  Keywords keywords;
  for (size_t i = 0; i < result->n_tokens; ++i) {
    const PgQuery__ScanToken& token = *result->tokens[i];
    if (token.keyword_kind == PG_QUERY__KEYWORD_KIND__NO_KEYWORD) continue;
    const auto begin = static_cast<size_t>(token.start);
    keywords.emplace(names.substr(begin, static_cast<size_t>(token.end) - begin),
                     token.keyword_kind);
  }
  return keywords;
}

KeywordKind kind_of(std::string_view word) {
  static const Keywords kKeywords = scan_keywords();
  const auto found = kKeywords.find(lowercase(word));
  return found == kKeywords.end() ? PG_QUERY__KEYWORD_KIND__NO_KEYWORD : found->second;
}

bool is_plain(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), plain);
}

}  // namespace

bool is_reserved_word(std::string_view word) {
  const KeywordKind kind = kind_of(word);
  return kind == PG_QUERY__KEYWORD_KIND__RESERVED_KEYWORD ||
         kind == PG_QUERY__KEYWORD_KIND__TYPE_FUNC_NAME_KEYWORD;
}

bool is_keyword(std::string_view word) {
  return kind_of(word) != PG_QUERY__KEYWORD_KIND__NO_KEYWORD;
}

std::string sql_identifier(std::string_view name) {
  if (is_plain(name) && !is_reserved_word(name)) return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) {
    quoted += c;
    if (c == '"') quoted += c;
  }
  return quoted + '"';
}

std::string did_you_mean_name(std::string_view word, std::span<const std::string> candidates) {
  const auto found = nearest(word, candidates);
  if (!found) return "";
  const std::string name = sql_identifier(*found);
  return name == *found ? fmt::format(" Did you mean '{}'?", name)
                        : fmt::format(" Did you mean {}?", name);
}

}  // namespace turntable::sql
