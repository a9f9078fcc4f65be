#include "app/option_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

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
  EXPECT_EQ(parse_duration("2d"), Millis(172'800'000));
  EXPECT_EQ(parse_duration("366d"), kLongestDuration);
  EXPECT_EQ(parse_duration("730d", std::chrono::hours(24 * 730)), std::chrono::hours(24 * 730));
  EXPECT_EQ(parse_duration("0"), Millis(0));
  for (const char* bad : {"", "30", "s", "-1s", "1.5s", "30 parsecs", "99999999999999999999s",
                          "99999999h", "367d", "213503982335d"})
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
}

TEST(OptionReader, ReadsSizesAndRefusesNonsense) {
  const sql::TableDef table = table_of(
      {{"a", "8MiB", {1, 2}}, {"b", "500", {1, 3}}, {"c", "much", {1, 4}}, {"d", "0", {1, 5}}});
  sql::Faults faults;
  OptionReader reader(table, faults);
  EXPECT_EQ(reader.bytes("a", 1, 8 << 20), 8U << 20);
  EXPECT_EQ(reader.bytes("b", 1, 500), 500U);
  EXPECT_EQ(reader.bytes("c", 7, 100), 7U);
  EXPECT_EQ(reader.bytes("d", 7, 100), 7U);
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

// A name that needs double quotes in a pipeline has them in the hint; the command line has none.
TEST(OptionReader, WritesTheNameThatMayBeMeantAsItsPlaceNeedsIt) {
  const sql::TableDef table = table_of({{"connector", "kafka", {1, 2}},
                                        {"bootstrap_servers", "x", {3, 4}},
                                        {"groupid", "x", {}, true}});
  sql::Faults faults;
  OptionReader reader(table, faults);
  (void)reader.text("connector", "");
  reader.suggest({"bootstrap.servers", "group.id"});
  reader.finish();
  ASSERT_EQ(faults.list.size(), 2U);
  EXPECT_EQ(faults.list[0].message,
            "the connector 'kafka' has no option 'bootstrap_servers'. Did you mean "
            "\"bootstrap.servers\"?");
  EXPECT_EQ(faults.list[1].message,
            "--set t.groupid: the connector 'kafka' has no option 'groupid'. Did you mean "
            "'group.id'?");
}

TEST(OptionReader, LeavesFilesUnreadWhereItIsTold) {
  const sql::TableDef table = table_of({{"password", "file:/nowhere/password", {3, 4}}});
  sql::Faults faults;
  EXPECT_EQ(OptionReader(table, faults, OptionFiles::unread).secret("password"),
            "file:/nowhere/password");
  EXPECT_TRUE(faults.empty());
  (void)OptionReader(table, faults).secret("password");
  EXPECT_EQ(faults.list.size(), 1U);
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

TEST(OptionReader, BoundsSizes) {
  const sql::TableDef table = table_of(
      {{"a", "1GiB", {1, 2}}, {"b", "1073741825", {1, 3}}, {"c", "99999999999GiB", {1, 4}}});
  sql::Faults faults;
  OptionReader reader(table, faults);
  EXPECT_EQ(reader.bytes("a", 7, kFlushBytesLimit), kFlushBytesLimit);
  EXPECT_EQ(reader.bytes("b", 7, kFlushBytesLimit), 7U);
  EXPECT_EQ(reader.bytes("c", 7, kFlushBytesLimit), 7U);
  ASSERT_EQ(faults.list.size(), 2U);
  EXPECT_EQ(faults.list[0].message,
            "b cannot be '1073741825', expected a size such as '8MiB' or '500000', 1,073,741,824 "
            "bytes at most");
}

class SecretFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  // The secret, and the faults about it.
  std::string read(const std::string& content) {
    std::ofstream(path_, std::ios::binary) << content;
    const sql::TableDef table = table_of({{"password", "file:" + path_, {1, 2}}});
    sql::Faults faults;
    std::string secret = OptionReader(table, faults).secret("password");
    fault_ = faults.empty() ? "" : faults.list[0].message;
    return secret;
  }

  std::string path_ =
      std::filesystem::temp_directory_path() / ("secret_test_" + std::to_string(::getpid()));
  std::string fault_;
};

TEST_F(SecretFile, IsReadWithoutItsLineBreak) {
  EXPECT_EQ(read("hunter2\r\n"), "hunter2");
  EXPECT_EQ(fault_, "");
}

TEST_F(SecretFile, IsBounded) {
  EXPECT_EQ(read(std::string(kSecretBytesLimit, 'x')).size(), kSecretBytesLimit);
  EXPECT_EQ(fault_, "");
  (void)read(std::string(kSecretBytesLimit + 1, 'x'));
  EXPECT_NE(fault_.find("is larger than 65,536 bytes: is it a secret?"), std::string::npos);
}

// Libraries would take it for the end, and try a shorter password.
TEST_F(SecretFile, HasNoNulInIt) {
  (void)read(std::string("hunter\0two", 10));
  EXPECT_NE(fault_.find("has a NUL byte in it"), std::string::npos);
  EXPECT_EQ(fault_.find("hunter"), std::string::npos);
}

}  // namespace
}  // namespace turntable
