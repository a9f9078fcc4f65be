#include "app/option_reader.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

sql::TableDef table_of(std::vector<sql::Option> options) {
  sql::TableDef table;
  table.name = "t";
  table.at = {1, 1};
  table.options = std::move(options);
  return table;
}

TEST(OptionReader, ReadsDurationsInTheUnitsPeopleWrite) {
  EXPECT_EQ(parse_duration("250ms"), Millis(250));
  EXPECT_EQ(parse_duration("30s"), Millis(30'000));
  EXPECT_EQ(parse_duration("5min"), Millis(300'000));
  EXPECT_EQ(parse_duration(" 1 h "), Millis(3'600'000));
  EXPECT_EQ(parse_duration("0"), Millis(0));
  for (const char* bad :
       {"", "30", "s", "-1s", "1.5s", "30 parsecs", "99999999999999999999s", "99999999h"})
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
}

TEST(OptionReader, ReadsSizesAndRefusesNonsense) {
  const sql::TableDef table = table_of(
      {{"a", "8MiB", {1, 2}}, {"b", "500", {1, 3}}, {"c", "much", {1, 4}}, {"d", "0", {1, 5}}});
  sql::Faults faults;
  OptionReader reader(table, faults);
  EXPECT_EQ(reader.bytes("a", 1), 8U << 20);
  EXPECT_EQ(reader.bytes("b", 1), 500U);
  EXPECT_EQ(reader.bytes("c", 7), 7U);
  EXPECT_EQ(reader.bytes("d", 7), 7U);
  EXPECT_EQ(faults.list.size(), 2U);
}

TEST(OptionReader, NamesWhatNobodyAskedForAndWhatItMayHaveBeen) {
  const sql::TableDef table = table_of({{"connector", "kafka", {1, 2}}, {"topik", "x", {3, 4}}});
  sql::Faults faults;
  OptionReader reader(table, faults);
  (void)reader.text("connector", "");
  (void)reader.required("topic");
  reader.finish();
  ASSERT_EQ(faults.list.size(), 2U);
  EXPECT_EQ(faults.list[0].message, "table t needs the option topic for its connector 'kafka'");
  EXPECT_EQ(faults.list[1].message,
            "the connector 'kafka' has no option 'topik'. Did you mean 'topic'?");
  EXPECT_EQ(faults.list[1].at.line, 3);
}

TEST(OptionReader, PassesOverTheFilesOptionsWhereTheConnectorWasSet) {
  sql::TableDef table = table_of(
      {{"connector", "null", {}, true}, {"contact_points", "x", {3, 4}}, {"foo", "y", {}, true}});
  sql::Faults faults;
  OptionReader reader(table, faults);
  (void)reader.text("connector", "");
  reader.finish();
  ASSERT_EQ(faults.list.size(), 1U);
  EXPECT_EQ(faults.list[0].message, "--set t.foo: the connector 'null' has no option 'foo'.");
}

TEST(OptionReader, OffersTheChoicesThereAre) {
  const sql::TableDef table = table_of({{"duplicate_key", "frist", {2, 2}}});
  sql::Faults faults;
  OptionReader reader(table, faults);
  EXPECT_EQ(reader.choice("duplicate_key", {"first", "last", "error"}), "");
  ASSERT_EQ(faults.list.size(), 1U);
  EXPECT_EQ(faults.list[0].message,
            "duplicate_key cannot be 'frist', expected 'first' or 'last' or 'error'. Did you mean "
            "'first'?");
}

}  // namespace
}  // namespace turntable
