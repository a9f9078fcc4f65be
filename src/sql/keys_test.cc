#include "sql/keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace turntable::sql {
namespace {

std::string key(std::string_view text) {
  const auto parsed = parse_primary_key(text);
  if (!parsed) return parsed.error().message;
  return fmt::format("{} / {}", fmt::join(parsed->partition, " "),
                     fmt::join(parsed->clustering, " "));
}

std::string order(std::string_view text) {
  const auto parsed = parse_clustering_order(text);
  if (!parsed) return parsed.error().message;
  std::string out;
  for (const auto& column : *parsed) out += column.column + (column.descending ? " down " : " up ");
  return out;
}

TEST(Keys, ReadPrimaryKeysAsCqlDoes) {
  EXPECT_EQ(key("((name, date, hour), time, kafka_partition, kafka_offset)"),
            "name date hour / time kafka_partition kafka_offset");
  EXPECT_EQ(key(" ( ( Name ) ) "), "name / ");
  EXPECT_EQ(key("(name, time)"), "name / time");
  EXPECT_EQ(key("(name)"), "name / ");
  EXPECT_EQ(key("name"), "name / ");
  EXPECT_EQ(key("((\"A b\", \"c\"\"d\"), e)"), "A b c\"d / e");
}

TEST(Keys, SayWhatIsWrongWithAPrimaryKey) {
  EXPECT_EQ(key(""), "primary_key '': a column's name is expected at the end");
  EXPECT_EQ(key("()"), "primary_key '()': a column's name is expected at ')'");
  EXPECT_EQ(key("((a, b)"), "primary_key '((a, b)': ',' or ')' is expected at the end");
  EXPECT_EQ(key("((a b))"), "primary_key '((a b))': ',' or ')' is expected at 'b))'");
  EXPECT_EQ(key("(a,)"), "primary_key '(a,)': a column's name is expected at ')'");
  EXPECT_EQ(key("a, b"), "primary_key 'a, b': nothing more is expected at ', b'");
  EXPECT_EQ(key("(a) x"), "primary_key '(a) x': nothing more is expected at 'x'");
  EXPECT_EQ(key("((a), b, a)"), "primary_key '((a), b, a)': column a stands twice");
  EXPECT_EQ(key("(\"a)"), "primary_key '(\"a)': a double quote is not closed");
  EXPECT_EQ(key("(\"\")"), "primary_key '(\"\")': a column's name is empty");
}

TEST(Keys, ReadClusteringOrders) {
  EXPECT_EQ(order("time DESC"), "time down ");
  EXPECT_EQ(order("time desc, x Asc, Y"), "time down x up y up ");
  EXPECT_EQ(order("\"desc\" desc"), "desc down ");
  EXPECT_EQ(order(""), "clustering_order '': a column's name is expected at the end");
  EXPECT_EQ(order("a down"), "clustering_order 'a down': ASC or DESC is expected at 'down'");
  EXPECT_EQ(order("a desc b"), "clustering_order 'a desc b': ',' is expected at 'b'");
  EXPECT_EQ(order("a, a"), "clustering_order 'a, a': column a stands twice");
}

}  // namespace
}  // namespace turntable::sql
