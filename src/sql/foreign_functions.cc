#include "sql/foreign_functions.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace turntable::sql {
namespace {

struct Instead {
  std::string_view name;  // In lower case.
  std::string_view ours;
};

constexpr Instead kFunctionsElsewhere[] = {
    {"unnest", "it makes rows of an array, and a record makes one row of each INSERT"},
    {"generate_subscripts", "it makes rows, and a record makes one row of each INSERT"},
    {"jsonb_object_keys", "it makes rows, and a record makes one row of each INSERT"},
    {"jsonb_array_elements", "it makes rows, and a record makes one row of each INSERT"},
    {"jsonb_array_elements_text", "it makes rows, and a record makes one row of each INSERT"},
    {"jsonb_each", "it makes rows, and a record makes one row of each INSERT"},
    {"jsonb_each_text", "it makes rows, and a record makes one row of each INSERT"},
    {"string_to_table", "it makes rows: string_to_array makes an array"},
    {"regexp_split_to_table", "it makes rows: regexp_split_to_array makes an array"},
    {"regexp_matches", "it makes rows: regexp_match gives the first match"},
    {"json_extract", "write value -> 'field', or value ->> 'field' for its text"},
    {"json_value", "write value ->> 'field'"},
    {"get_json_object", "write value ->> 'field'"},
    {"array_contains", "write element = ANY (array)"},
    {"array_size", "write cardinality(array)"},
    {"ifnull", "write coalesce(a, b)"},
    {"nvl", "write coalesce(a, b)"},
    {"isnull", "write a IS NULL"},
    {"if", "write CASE WHEN condition THEN a ELSE b END"},
    {"iff", "write CASE WHEN condition THEN a ELSE b END"},
    {"decode", "write CASE a WHEN b THEN c ELSE d END"},
    {"from_unixtime", "write to_timestamp(seconds)"},
    {"timestamp_seconds", "write to_timestamp(seconds)"},
    {"unix_timestamp", "write extract(epoch FROM time)"},
    {"unix_seconds", "write extract(epoch FROM time)"},
    {"date_format", "write to_char(time, 'YYYY-MM-DD HH24:MI')"},
    {"format_timestamp", "write to_char(time, 'YYYY-MM-DD HH24:MI')"},
    {"format_date", "write to_char(time, 'YYYY-MM-DD')"},
    {"strftime", "write to_char(time, 'YYYY-MM-DD HH24:MI')"},
    {"str_to_date", "write to_timestamp(text, 'YYYY-MM-DD HH24:MI')"},
    {"parse_timestamp", "write to_timestamp(text, 'YYYY-MM-DD HH24:MI')"},
    {"parse_date", "write to_date(text, 'YYYY-MM-DD')"},
    {"date_add", "write time + INTERVAL '1 day'"},
    {"date_sub", "write time - INTERVAL '1 day'"},
    {"dateadd", "write time + INTERVAL '1 day'"},
    {"timestampadd", "write time + INTERVAL '1 day'"},
    {"datediff", "write a - b, between dates the days from b to a"},
    {"date_diff", "write a - b, between dates the days from b to a"},
    {"timestampdiff", "write extract(epoch FROM a - b)"},
    {"months_between", "write age(a, b)"},
    {"from_utc_timestamp", "write time AT TIME ZONE 'Europe/Zurich'"},
    {"to_utc_timestamp", "write time AT TIME ZONE 'Europe/Zurich'"},
    {"convert_tz", "write time AT TIME ZONE 'Europe/Zurich'"},
    {"convert_timezone", "write time AT TIME ZONE 'Europe/Zurich'"},
    {"to_timestamp_ltz", "write to_timestamp(milliseconds / cast(1000 AS double precision))"},
    {"year", "write extract(year FROM time)"},
    {"month", "write extract(month FROM time)"},
    {"day", "write extract(day FROM time)"},
    {"dayofmonth", "write extract(day FROM time)"},
    {"dayofweek", "write extract(dow FROM time)"},
    {"dayofyear", "write extract(doy FROM time)"},
    {"hour", "write extract(hour FROM time)"},
    {"minute", "write extract(minute FROM time)"},
    {"second", "write extract(second FROM time)"},
    {"safe_cast", "write cast(a AS type)"},
    {"try_cast", "write cast(a AS type)"},
    {"cast_to", "write cast(a AS type)"},
    {"instr", "write position(piece IN text)"},
    {"locate", "write position(piece IN text)"},
    {"charindex", "write position(piece IN text)"},
    {"len", "write length(text)"},
    {"ucase", "write upper(text)"},
    {"lcase", "write lower(text)"},
};

constexpr Instead kOperatorsElsewhere[] = {
    {"==", "write ="},  {"===", "write ="},  {"<=>", "write IS NOT DISTINCT FROM"},
    {"!", "write NOT"}, {"!!", "write NOT"}, {"~=", "write <>"},
};

std::string_view instead_of(std::span<const Instead> known, std::string_view name) {
  const auto found = std::find_if(known.begin(), known.end(), [&](const Instead& candidate) {
    return candidate.name == lowercase(name);
  });
  return found == known.end() ? std::string_view() : found->ours;
}

}  // namespace

std::string_view instead_of_function(std::string_view name) {
  return instead_of(kFunctionsElsewhere, name);
}

std::string_view instead_of_operator(std::string_view sign) {
  return instead_of(kOperatorsElsewhere, sign);
}

}  // namespace turntable::sql
