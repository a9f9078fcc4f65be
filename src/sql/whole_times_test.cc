#include "sql/whole_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/binder_testing.h"
#include "sql/casts.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::set<std::string> whole(const std::string& selected, const std::vector<std::string>& key,
                            TimesInKeys times = TimesInKeys::kept) {
  BoundScript bound = bind_text(
      "CREATE TABLE s (x text, at timestamptz, until timestamptz); CREATE TABLE o ();"
      "INSERT INTO o SELECT " +
      selected + " FROM s;");
  EXPECT_TRUE(bound.program) << bound.faults.text();
  return bound.program ? keep_key_times_whole(*bound.program, 0, key, times)
                       : std::set<std::string>();
}

TEST(WholeTimes, AreThoseThatAreInTheKeyAsTheyAreOrAsText) {
  EXPECT_THAT(whole("x, at, until", {"x", "at"}), ElementsAre("at"));
  EXPECT_THAT(whole("cast(at AS text) AS a, until", {"a"}), ElementsAre("at"));
  EXPECT_THAT(whole("x || cast(until AS text) AS k, at", {"k"}), ElementsAre("until"));
  EXPECT_THAT(whole("x, at", {"x"}), IsEmpty());
  EXPECT_THAT(whole("x, at", {}), IsEmpty());
}

TEST(WholeTimes, AreNotWantedWhereAPartIsTaken) {
  EXPECT_THAT(whole("to_char(at, 'YYYY-MM-DD') AS day, x", {"day"}), IsEmpty());
  EXPECT_THAT(whole("extract(hour FROM at) AS hour, x", {"hour"}), IsEmpty());
  EXPECT_THAT(whole("substr(cast(at AS text), 1, 10) AS day, x", {"day"}), IsEmpty());
}

TEST(WholeTimes, AreNotNeededWhereTheKeyTellsRecordsApart) {
  EXPECT_THAT(whole("at, kafka_partition, kafka_offset", {"at", "kafka_partition", "kafka_offset"}),
              IsEmpty());
}

TEST(WholeTimes, ThatTheStoreNarrowsAreSaidElsewhere) {
  const auto narrowed = TimesInKeys::said_to_be_narrowed;
  EXPECT_THAT(whole("x, at", {"x", "at"}, narrowed), IsEmpty());
  EXPECT_THAT(whole("cast(at AS text) AS a", {"a"}, narrowed), ElementsAre("at"));
}

// What becomes of a text that is cast to a time, in a table with this key.
std::string cast_with_key(const std::string& text, const std::vector<std::string>& key,
                          const std::string& type = "timestamptz") {
  BoundScript bound = bind_text(
      "CREATE TABLE s (x text); CREATE TABLE o ();"
      "INSERT INTO o SELECT x::" +
      type + " AS at, x FROM s;");
  EXPECT_TRUE(bound.program) << bound.faults.text();
  EXPECT_THAT(keep_key_times_whole(*bound.program, 0, key, TimesInKeys::kept), IsEmpty());
  Column x(Type::text);
  x.reset(1);
  x.set<std::string_view>(0, text);
  Selection alive{0};
  Rejects rejects;
  const NodeId wanted = bound.program->inserts[0].outputs[0].node;
  Evaluator evaluator(*bound.program, {&wanted, 1});
  const TableInput table{.columns = {&x, 1}, .rows = nullptr};
  evaluator.begin({&table, 1}, 1);
  evaluator.compute_all(alive);
  evaluator.drop_failed({&wanted, 1}, alive, rejects);
  if (!rejects.empty())
    return std::string(reject_code_name(rejects[0].code)) + ": " + rejects[0].reason;
  return std::string(timestamp_text(evaluator.result(wanted).get<int64_t>(0)).view());
}

TEST(WholeTimes, CastsInTheKeyRefuseWhatOthersCut) {
  const std::string nanos = "2024-03-03T10:15:00.000000100Z";
  EXPECT_EQ(cast_with_key(nanos, {"x"}), "2024-03-03 10:15:00+00");
  const std::string refused = cast_with_key(nanos, {"at"});
  EXPECT_TRUE(refused.starts_with("out_of_range: ")) << refused;
  EXPECT_THAT(refused, testing::HasSubstr("'" + nanos + "' has digits beyond microseconds"));
  EXPECT_EQ(cast_with_key("2024-03-03T10:15:00.25000000Z", {"at"}), "2024-03-03 10:15:00.25+00");
  EXPECT_TRUE(cast_with_key("yesterday", {"at"}).starts_with("bad_value: "));
}

TEST(WholeTimes, CastsOfTheOtherTypesRefuseWhatTheyWouldRound) {
  const std::string nanos = "2024-03-03 10:15:00.0000001";
  EXPECT_EQ(cast_with_key(nanos, {"x"}, "timestamp"), "2024-03-03 10:15:00+00");
  std::string refused = cast_with_key(nanos, {"at"}, "timestamp");
  EXPECT_TRUE(refused.starts_with("out_of_range: ")) << refused;
  EXPECT_THAT(refused,
              testing::HasSubstr("'" + nanos +
                                 "' has digits beyond microseconds, which timestamp cannot hold; "
                                 "it is in the key, where rounded times fall together"));
  EXPECT_EQ(cast_with_key("2024-03-03 10:15:00.25000000", {"at"}, "timestamp"),
            "2024-03-03 10:15:00.25+00");
  EXPECT_THAT(cast_with_key("294300-01-01", {"at"}, "timestamp"),
              testing::HasSubstr("is out of range for timestamp"));
  EXPECT_TRUE(cast_with_key("yesterday", {"at"}, "timestamp").starts_with("bad_value: "));
  EXPECT_EQ(cast_with_key("10:15:00.1234567", {"x"}, "time"), "1970-01-01 10:15:00.123457+00");
  refused = cast_with_key("10:15:00.1234567", {"at"}, "time");
  EXPECT_THAT(refused, testing::HasSubstr("beyond microseconds, which time cannot hold"));
  EXPECT_EQ(cast_with_key("10:15:00.1234560", {"at"}, "time"), "1970-01-01 10:15:00.123456+00");
  EXPECT_TRUE(cast_with_key("25:00", {"at"}, "time").starts_with("out_of_range: "));
}

TEST(WholeTimes, AreFoundBehindCaseAndCoalesce) {
  EXPECT_THAT(whole("coalesce(at, until) AS a, x", {"a"}), ElementsAre("at", "until"));
  EXPECT_THAT(whole("CASE WHEN until > at THEN at ELSE NULL END AS a", {"a"}), ElementsAre("at"));
}

// Two INSERTs have one node for the cast, until the key of one of them needs another.
TEST(WholeTimes, LeaveTheCastsOfOtherInsertsAsTheyAre) {
  BoundScript bound = bind_text(
      "CREATE TABLE s (x text); CREATE TABLE o (); CREATE TABLE t ();"
      "INSERT INTO o SELECT coalesce(x::timestamptz, '2024-01-01') AS at, x || "
      "cast(x::timestamptz AS text) AS k FROM s WHERE x::timestamptz > '2000-01-01';"
      "INSERT INTO t SELECT coalesce(x::timestamptz, '2024-01-01') AS at, x FROM s;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  Program& program = *bound.program;
  const Program before = program;
  EXPECT_EQ(program.inserts[0].outputs[0].node, program.inserts[1].outputs[0].node);
  EXPECT_THAT(keep_key_times_whole(program, 1, {"at"}, TimesInKeys::kept), IsEmpty());
  EXPECT_EQ(program.inserts[0].outputs[0].node, before.inserts[0].outputs[0].node);
  EXPECT_NE(program.inserts[1].outputs[0].node, before.inserts[1].outputs[0].node);
  const auto casts = [&](NodeId wanted, const Function& function) {
    size_t count = 0;
    for (const NodeId node : program.needed_for({&wanted, 1})) {
      const auto* call = std::get_if<Call>(&program.nodes[node].what);
      count += call != nullptr && call->function == &function ? 1U : 0U;
    }
    return count;
  };
  const Function& cutting = find_cast(Type::text, Type::timestamptz)->function;
  for (const Output& output : program.inserts[0].outputs)
    EXPECT_EQ(casts(output.node, whole_time_cast(Type::timestamptz)), 0U);
  EXPECT_EQ(casts(program.inserts[0].filters[0], cutting), 1U);
  EXPECT_EQ(casts(program.inserts[1].outputs[0].node, cutting), 0U);
  EXPECT_EQ(casts(program.inserts[1].outputs[0].node, whole_time_cast(Type::timestamptz)), 1U);
  // Both outputs of one key need the cast; it is made once.
  EXPECT_THAT(keep_key_times_whole(program, 0, {"at", "k"}, TimesInKeys::kept), IsEmpty());
  EXPECT_EQ(casts(program.inserts[0].outputs[0].node, whole_time_cast(Type::timestamptz)), 1U);
  EXPECT_EQ(casts(program.inserts[0].outputs[1].node, whole_time_cast(Type::timestamptz)), 1U);
  EXPECT_EQ(casts(program.inserts[0].filters[0], cutting), 1U);
  expect_in_order(program);
}

}  // namespace
}  // namespace turntable::sql
