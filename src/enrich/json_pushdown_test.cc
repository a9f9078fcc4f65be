// Paths into jsonb columns: which ones the decoder follows, and that it makes no difference.
#include "enrich/json_pushdown.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "decode/json_decoder.h"
#include "sql/testing.h"

namespace turntable {
namespace {

sql::Program program_of(const std::string& items) {
  sql::BoundScript bound = sql::bind_text(
      "CREATE TABLE e (id int NOT NULL, j jsonb, k jsonb NOT NULL); CREATE TABLE o ();\n"
      "INSERT INTO o SELECT " +
      items + " FROM e;");
  EXPECT_TRUE(bound.program) << bound.faults.text();
  return std::move(*bound.program);
}

// "j a.b", "k c": the paths that are followed.
std::vector<std::string> paths_of(const std::string& items) {
  sql::Program program = program_of(items);
  push_down_json(program);
  std::vector<std::string> paths;
  for (const sql::JsonPath& path : program.json_paths) {
    std::string text = program.stream_schema[path.column].name;
    for (const std::string& key : path.keys) text += (&key == &path.keys[0] ? " " : ".") + key;
    paths.push_back(text);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

using Paths = std::vector<std::string>;

TEST(JsonPushdown, FollowsConstantKeys) {
  EXPECT_EQ(paths_of("j ->> 'a' AS a"), Paths{"j a"});
  EXPECT_EQ(paths_of("j -> 'a' -> 'b' ->> 'c' AS a, k ->> 'd' AS b"), (Paths{"j a.b.c", "k d"}));
  EXPECT_EQ(paths_of("j -> 'a' -> 0 ->> 'c' AS a"), Paths{"j a"});
  EXPECT_EQ(paths_of("cast(j ->> 'a' AS int) AS a, j ->> 'a' AS b"), Paths{"j a"});
}

TEST(JsonPushdown, AColumnThatIsReadOtherwiseIsKept) {
  EXPECT_EQ(paths_of("j ->> 'a' AS a, j AS b"), Paths{});
  EXPECT_EQ(paths_of("j ->> 'a' AS a, j IS NULL AS b, k ->> 'c' AS c"), Paths{"k c"});
  EXPECT_EQ(paths_of("j ->> cast(id AS text) AS a"), Paths{});
  EXPECT_EQ(paths_of("j -> 0 AS a"), Paths{});
}

TEST(JsonPushdown, PathsThatBeginWithAnotherOneEndThere) {
  EXPECT_EQ(paths_of("j -> 'a' AS a, j -> 'a' ->> 'b' AS b"), Paths{"j a"});
  EXPECT_EQ(paths_of("j ->> 'a' AS a, j -> 'a' -> 'b' ->> 'c' AS b"), Paths{"j a"});
  EXPECT_EQ(paths_of("j -> 'a' ->> 'b' AS a, j -> 'a' ->> 'c' AS b"), (Paths{"j a.b", "j a.c"}));
}

// What became of each event: its values, or why it was rejected.
std::vector<std::string> outcomes(const sql::Program& program,
                                  const std::vector<std::string>& events) {
  const Schema declared(program.stream_schema.begin(),
                        program.stream_schema.begin() + program.declared_columns);
  auto decoder = make_json_decoder(declared, {.paths = program.json_paths});
  EXPECT_TRUE(decoder) << decoder.error().message;
  std::vector<Column> columns;
  for (size_t i = 0; i < program.decoded_columns(); ++i)
    columns.emplace_back(program.stream_schema[i].type);
  RecordBatch batch;
  for (const std::string& event : events) batch.records.emplace_back().value = event;
  Selection alive;
  Rejects rejects;
  (*decoder)->decode(batch, columns, alive, rejects);
  std::vector<std::string> found(events.size(), "lost");
  for (const Reject& reject : rejects) found[reject.row] = reject.reason;
  std::vector<sql::NodeId> wanted;
  for (const sql::Output& output : program.inserts[0].outputs) wanted.push_back(output.node);
  sql::Evaluator evaluator(program, wanted);
  const sql::TableInput table{.columns = columns, .rows = nullptr};
  evaluator.begin({&table, 1}, events.size());
  evaluator.compute_all(alive);
  for (const uint32_t row : alive) {
    found[row].clear();
    for (const sql::NodeId node : wanted) {
      const Column& column = evaluator.result(node);
      found[row] += column.state(row) == State::failed ? "failed|"
                    : column.is_null(row)              ? "null|"
                    : column.type() == Type::int32
                        ? fmt::format("{}|", column.get<int32_t>(row))
                        : fmt::format("{}|", column.get<std::string_view>(row));
    }
  }
  return found;
}

// Values whose keys are mostly those that are asked for; some are no JSON.
class Events {
 public:
  std::string event() {
    std::string out = fmt::format("{{\"id\": {}, \"k\": {}", pick(100), value(4));
    const size_t times = pick(4) == 0 ? 2 : pick(5) == 0 ? 0 : 1;
    for (size_t i = 0; i < times; ++i) out += fmt::format(", \"j\" : {}", value(5));
    out += "}";
    if (pick(20) == 0) out[pick(out.size())] = "x\\\"}{,"[pick(6)];
    return out;
  }

 private:
  size_t pick(size_t below) { return static_cast<size_t>(chance_()) % below; }
  std::string value(size_t depth) {
    static const char* const kScalars[] = {"null",
                                           "1",
                                           "1.50",
                                           "-0.0",
                                           "1e2",
                                           "\"x\"",
                                           "\"q\\\"\\u00e9\"",
                                           "true",
                                           "\"\"",
                                           "1e200000",
                                           "\"\\u0000\"",
                                           "12345678901234567890"};
    if (depth == 0 || pick(4) == 0) return kScalars[pick(std::size(kScalars))];
    if (pick(6) == 0) return fmt::format("[ {},{} ]", value(depth - 1), value(depth - 1));
    static const char* const kKeys[] = {"a", "b", "c", "\\u0061", "aa", "b\\n"};
    std::string out = "{";
    for (size_t i = pick(4); i-- > 0;)
      out += fmt::format("{}\"{}\":{}", out.size() > 1 ? ", " : "", kKeys[pick(std::size(kKeys))],
                         value(depth - 1));
    return out + " }";
  }
  std::mt19937 chance_{7};
};

TEST(JsonPushdown, MakesNoDifference) {
  const std::string items =
      "id AS id, j ->> 'a' AS a, j -> 'b' AS b, j -> 'c' ->> 'a' AS c, j -> 'c' -> 'b' -> 0 ->> "
      "'a' "
      "AS d, k -> 'a' -> 'b' AS e, k -> 'a' ->> 'b' AS f, k -> 'b' -> 'c' ->> 'c' AS g";
  const sql::Program plain = program_of(items);
  sql::Program pushed = program_of(items);
  push_down_json(pushed);
  EXPECT_EQ(pushed.json_paths.size(), 6U);
  Events events;
  std::vector<std::string> all;
  for (int i = 0; i < 20'000; ++i) all.push_back(events.event());
  const auto expected = outcomes(plain, all);
  const auto found = outcomes(pushed, all);
  for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(found[i], expected[i]) << all[i];
  EXPECT_GT(std::count_if(found.begin(), found.end(),
                          [](const std::string& one) { return one.ends_with('|'); }),
            10'000);
}

}  // namespace
}  // namespace turntable
