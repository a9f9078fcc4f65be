#include "sql/stored_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/testing.h"

namespace turntable::sql {
namespace {

// What becomes of a text in a column of the table: "stored", "NULL", or why it is not.
std::string stored(const std::string& expression, const std::string& text) {
  const BoundScript bound =
      bind_text("CREATE TABLE s (x text); CREATE TABLE o (); INSERT INTO o SELECT " + expression +
                " AS v FROM s;");
  if (!bound.program) return bound.faults.text();
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
  if (!rejects.empty()) return rejects[0].reason;
  return evaluator.result(wanted).is_null(0) ? "NULL" : "stored";
}

TEST(StoredTimes, AreNotInfinite) {
  using testing::HasSubstr;
  EXPECT_EQ(stored("x::date", "2024-01-01"), "stored");
  EXPECT_THAT(stored("x::date", "infinity"),
              HasSubstr("infinity is no date that a table can hold"));
  EXPECT_THAT(stored("x::timestamp", "-infinity"), HasSubstr("is no timestamp that"));
  EXPECT_THAT(stored("x::timestamptz(3)", "infinity"), HasSubstr("is no timestamptz that"));
  EXPECT_THAT(stored("x::date + 1", "infinity"), HasSubstr("is no date that"));
  EXPECT_THAT(stored("coalesce(NULL, x::timestamptz)", "infinity"), HasSubstr("that a table can"));
  EXPECT_THAT(stored("to_timestamp(x::double precision)", "inf"), HasSubstr("that a table can"));
  EXPECT_THAT(stored("x::date[]", "{2024-01-01,infinity}"), HasSubstr("is no date that"));
  EXPECT_EQ(stored("x::date[]", "{2024-01-01,NULL}"), "stored");
  EXPECT_EQ(stored("ARRAY[x::timestamp]", "2024-01-01"), "stored");
  EXPECT_THAT(stored("ARRAY[x::timestamp]", "infinity"), HasSubstr("is no timestamp that"));
  EXPECT_THAT(stored("DATE 'infinity'", ""),
              HasSubstr("infinity is no date that a table can hold"));
}

TEST(StoredTimes, MayBeComputedWith) {
  EXPECT_EQ(stored("x::date::text", "infinity"), "stored");
  EXPECT_EQ(stored("x::date > '2024-01-01'", "infinity"), "stored");
  EXPECT_EQ(stored("CASE WHEN isfinite(x::date) THEN x::date END", "infinity"), "NULL");
  EXPECT_EQ(stored("least(x::date, '2024-01-01')", "infinity"), "stored");
}

// Nothing is added to a pipeline whose times cannot be.
TEST(StoredTimes, OfEventsAreNotLookedAt) {
  const BoundScript bound = bind_text(
      "CREATE TABLE s (at timestamptz, n int); CREATE TABLE o ();"
      "INSERT INTO o SELECT at, at + INTERVAL '1 day' AS b, make_date(n, 1, 1) AS c FROM s;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  for (const Output& output : bound.program->inserts[0].outputs)
    EXPECT_FALSE(may_be_infinite(bound.program->nodes, output.node)) << output.name;
}

}  // namespace
}  // namespace turntable::sql
