#include "sql/foreign_clauses.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace turntable::sql {
namespace {

// How many tokens before the one where libpg_query stopped a clause may begin.
constexpr size_t kTokensBefore = 3;

// A clause's first tokens, in lower case, with ' for any text.
struct Clause {
  std::array<std::string_view, 4> begins;
  const char* says;
};

constexpr const char* kLocated =
    "here WITH (…) says where the rows are: connector = 'csv', path = 'songs.csv'";
constexpr const char* kNested =
    "there are no types with parts in < >: an array is written text[], and what has fields is "
    "declared as jsonb";
constexpr const char* kKeyed =
    "a sink's key is its option primary_key: WITH (primary_key = '((a), b)', …)";

constexpr Clause kClauses[] = {
    {{"watermark", "for"},
     "there are no watermarks here: leave the line out; each record's row is written when it "
     "comes"},
    {{"metadata", "from"},
     "every stream has the columns kafka_topic, kafka_partition, kafka_offset, kafka_timestamp, "
     "kafka_key and kafka_headers, without being declared: leave the line out"},
    {{"metadata", "virtual"},
     "every stream has the columns kafka_topic, kafka_partition, kafka_offset, kafka_timestamp, "
     "kafka_key and kafka_headers, without being declared: leave the line out"},
    {{"not", "enforced"}, kKeyed},
    {{"partitioned", "by"}, kKeyed},
    {{"clustered", "by"}, kKeyed},
    {{"insert", "into", "table"}, "write INSERT INTO without TABLE"},
    {{"insert", "overwrite"},
     "write INSERT INTO: a row takes the place of the one that has its key"},
    {{"create", "or", "replace", "table"}, "write CREATE TABLE: a pipeline replaces no table"},
    {{"create", "external", "table"}, "write CREATE TABLE"},
    {{"create", "streaming", "table"}, "write CREATE TABLE"},
    {{"create", "stream"},
     "a stream is a table: write CREATE TABLE … WITH (connector = 'kafka', …)"},
    {{"create", "source"},
     "a source is a table: write CREATE TABLE … WITH (connector = 'kafka', …)"},
    {{"create", "sink"},
     "a sink is a table that an INSERT INTO … SELECT fills: write CREATE TABLE"},
    {{"statement", "set"},
     "leave it out, and its END: all INSERTs of a file read the stream once, together"},
    {{"options", "("}, "options stand in WITH (name = 'value', …)"},
    {{"tblproperties", "("}, "options stand in WITH (name = 'value', …)"},
    {{"stored", "as"}, kLocated},
    {{"row", "format"}, kLocated},
    {{"location", "'"}, kLocated},
    {{"engine", "="}, kLocated},
    {{"comment", "'"}, "a comment stands behind -- or between /* and */"},
    {{"comment", "="}, "a comment stands behind -- or between /* and */"},
    {{"array", "<"}, kNested},
    {{"map", "<"}, kNested},
    {{"row", "<"}, kNested},
    {{"struct", "<"}, kNested},
    {{"multiset", "<"}, kNested},
    {{"unsigned"}, "there are no unsigned numbers: write bigint"},
    {{"auto_increment"}, "no column counts by itself: leave it out"},
    {{"rlike"}, "write a ~ 'pattern'"},
    {{"regexp"}, "write a ~ 'pattern'"},
    {{"lateral", "view"}, "LATERAL VIEW is not supported (yet)"},
};

bool is_like(const Lexeme& lexeme, std::string_view wanted) {
  if (wanted == "'") return lexeme.text[0] == '\'';
  return lowercase(lexeme.text) == wanted;
}

bool begins_with(std::span<const Lexeme> lexemes, const Clause& clause) {
  for (size_t i = 0; i < clause.begins.size() && !clause.begins[i].empty(); ++i)
    if (i >= lexemes.size() || !is_like(lexemes[i], clause.begins[i])) return false;
  return true;
}

}  // namespace

std::optional<SyntaxFault> foreign_clause(std::span<const Lexeme> lexemes, size_t stopped) {
  const size_t first = stopped - std::min(stopped, kTokensBefore);
  for (size_t i = first; i <= stopped && i < lexemes.size(); ++i)
    for (const Clause& clause : kClauses)
      if (begins_with(lexemes.subspan(i), clause))
        return SyntaxFault{lexemes[i].begin, clause.says};
  return std::nullopt;
}

}  // namespace turntable::sql
