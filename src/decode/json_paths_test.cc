// Paths into jsonb columns, which the decoder follows. That an expression's values are the same
// with them and without is tested in enrich/json_pushdown_test.cc.
#include "decode/json_paths.h"

#include <gtest/gtest.h>

#include "decode/testing.h"

namespace turntable {
namespace {

constexpr const char* kNull = "NULL";

// What the paths a.b and c of the column j have for each event, or the reason of its reject.
std::vector<std::string> ends_of(const std::vector<std::string>& events) {
  const Schema schema{{"id", Type::int32, false}, {"j", Type::jsonb, true}};
  auto decoder = make_json_decoder(
      schema, {.paths = {{.column = 1, .keys = {"a", "b"}}, {.column = 1, .keys = {"c"}}}});
  EXPECT_TRUE(decoder);
  std::vector<Column> columns{Column(Type::int32), Column(Type::jsonb), Column(Type::jsonb),
                              Column(Type::jsonb)};
  Selection alive;
  Rejects rejects;
  (*decoder)->decode(batch_of(events), columns, alive, rejects);
  std::vector<std::string> found(events.size());
  for (const Reject& reject : rejects) found[reject.row] = reject.reason;
  for (const uint32_t row : alive) {
    EXPECT_TRUE(columns[1].is_null(row));
    for (const size_t column : {size_t{2}, size_t{3}})
      found[row] +=
          (column == 3 ? "|" : "") +
          (columns[column].is_null(row) ? std::string(kNull)
                                        : std::string(columns[column].get<std::string_view>(row)));
  }
  return found;
}

TEST(JsonPaths, KeepTheTextsAtTheirEnds) {
  const std::vector<std::string> events = {
      R"({"j": {"a": {"b": [1, 2.50] , "x": 1}, "c": "q"}})",
      R"({"j": {"c": null}})",
      R"({"j": {"a": [{"b": 1}]}})",
      R"({"j": 5})",
      R"({"j": {"\u0061": {"\u0062": 7}}})",
  };
  EXPECT_EQ(ends_of(events), (std::vector<std::string>{R"([1, 2.50]|"q")", "NULL|null", "NULL|NULL",
                                                       "NULL|NULL", "7|NULL"}));
}

TEST(JsonPaths, TheLastOfEqualKeysCounts) {
  const std::vector<std::string> events = {
      R"({"j": {"a": {"b": 1}, "a": {}, "c": 1, "c": 2}})",
      R"({"j": {"a": {"b": 1, "b": 2}}, "j": {"c": 3}})",
      R"({"j": {"c": 3}, "j": []})",
  };
  EXPECT_EQ(ends_of(events), (std::vector<std::string>{"NULL|2", "NULL|3", "NULL|NULL"}));
}

TEST(JsonPaths, TheWholeValueIsValidated) {
  for (const char* event :
       {R"({"j": {"c": 1, "x": tru}})", R"({"j": {"c": 1, "x": "\q"}})", R"({"j": {"c": 01}})",
        R"({"j": {"\q": 1}})", R"({"j": {"a": {"b": 1})"})
    EXPECT_NE(ends_of({event})[0].find("not JSON"), std::string::npos) << event;
  EXPECT_NE(ends_of({R"({"id": 1})"})[0].find("'j' is missing"), std::string::npos);
  EXPECT_NE(ends_of({R"({"j": null})"})[0].find("'j' is null"), std::string::npos);
  std::string deep = "{\"a\":{\"b\":";
  deep += std::string(1100, '[') + std::string(1100, ']') + "}}";
  EXPECT_NE(ends_of({"{\"j\":" + deep + "}"})[0].find("nested too deep"), std::string::npos);
}

}  // namespace
}  // namespace turntable
