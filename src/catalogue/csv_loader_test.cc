// Files as other programs write them: what is passed over, what stands for NULL, how quotes are
// escaped, and what is said of a file that is read wrongly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/testing.h"

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using CsvLoaderTest = CatalogueTest;

// By pandas, R and Excel, which write an index without a name, or end lines with a delimiter.
TEST_F(CsvLoaderTest, PassesOverColumnsThatCannotBeNamed) {
  const auto table = loaded(",k,v,x,\xff,x,\n0,a,1,2,3,4,\n1,b,2,2,\xfe,4\n");
  EXPECT_EQ(schema_tree(table.catalogue->schema()),
            "root\n |-- k: text (nullable = true)\n |-- v: int (nullable = true)\n");
  EXPECT_THAT(texts(*table.catalogue, 0), ElementsAre("a", "b")) << "a row may lack the last field";
  EXPECT_EQ(table.catalogue->columns()[1].get<int32_t>(0), 1);
  EXPECT_EQ(report(table),
            "songs: 2 rows from t.csv (37 bytes) in 0.04 s\n"
            "songs: column 1 is passed over: it has no name\n"
            "songs: column 5 is passed over: its name is not valid UTF-8: '\\xff'\n"
            "songs: column 4 is passed over: its name is 'x', as that of column 6\n"
            "songs: column 6 is passed over: its name is 'x', as that of column 4\n"
            "songs: column 7 is passed over: it has no name\n");
  const auto file = open_csv_catalogue(options_);
  ASSERT_TRUE(file);
  EXPECT_THAT((*file)->unusable(),
              ElementsAre(testing::Pair("x", "columns 4 and 6 of " + options_.path +
                                                 " are both named 'x': rename one of them")));
}

TEST_F(CsvLoaderTest, NeedsOnlyTheDeclaredColumns) {
  options_.declared = {{"v", Type::int32, false}, {"k", Type::text, false}};
  const auto table = loaded(",k,v,x,x\n0,a,1,\xff,3\n");
  EXPECT_EQ(table.catalogue->columns()[0].get<int32_t>(0), 1);
  EXPECT_EQ(report(table), "songs: 1 row from t.csv (19 bytes) in 0.04 s\n")
      << "nobody asked for what is passed over";
  options_.declared.push_back({"x", Type::text, false});
  EXPECT_EQ(error(",k,v,x,x\n0,a,1,2,3\n"),
            "columns 4 and 5 of t.csv are both named 'x': rename one of them");
}

// Only a header that ends with a delimiter has a field that rows may lack.
TEST_F(CsvLoaderTest, CountsFields) {
  EXPECT_THAT(loaded("k,v,\na,1\nb\nc,1,,\nd,1,2\n").report.bad_rows.first,
              ElementsAre("line 3: 1 field where the header has 3",
                          "line 4: 4 fields where the header has 3"));
  EXPECT_EQ(loaded("k,,v\na,1\nb,1,2\n").report.bad_rows.count, 1U);
  EXPECT_EQ(
      error("k,v,\na,1,\nb,2"),
      "t.csv ends in the middle of a row, as if it were cut off: line 3: the delimiter at its "
      "end is missing");
}

// What stands in columns that nobody reads costs no row, not even where it is no text.
TEST_F(CsvLoaderTest, LooksOnlyAtTheColumnsThatAreNeeded) {
  options_.declared = {
      {"k", Type::text, false}, {"n", Type::int64, true}, {"v", Type::int32, false}};
  std::ofstream(options_.path, std::ios::binary)
      << "k,n,v\na,\\N,1\nb,,2\nc,\xff,3\nd,5,vier\ne,NA,5\nf,6\n";
  const auto load_with = [&](std::vector<uint32_t> kept, std::vector<uint32_t> read) {
    const auto file = open_csv_catalogue(options_);
    EXPECT_TRUE(file);
    return (*file)->load({.kept = std::move(kept),
                          .read = std::move(read),
                          .indexes = {{.names = {"k"}, .columns = {0}}}});
  };
  const auto without = load_with({2}, {});
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_THAT(texts(*without->catalogue, 0), ElementsAre("a", "b", "c", "e"));
  EXPECT_EQ(without->catalogue->columns()[1].rows(), 0U);
  EXPECT_THAT(without->report.bad_rows.first,
              ElementsAre("line 5: column 'v' is 'vier', which int cannot hold",
                          "line 7: 2 fields where the header has 3"));
  const auto with = load_with({2}, {1});
  EXPECT_THAT(message(with),
              "t.csv has no row that can be used; the first: line 2: column 'n' is '\\N', which "
              "bigint cannot hold; where that means NULL, set null = '\\N'");
}

TEST_F(CsvLoaderTest, TakesTextsForNull) {
  options_.nulls = {"NA", "\\N", "n, a", ""};
  options_.declared = {
      {"k", Type::text, false}, {"n", Type::int32, false}, {"t", Type::text, true}};
  const auto table = loaded(
      "k,n,t\na,NA,x\nb,\\N,x\nc,\"n, a\",x\nd,\"\",x\ne,4,\"NA\"\nf,5,NA\nNA,6,x\n\"NA\",7,x\n");
  EXPECT_THAT(texts(*table.catalogue, 0), ElementsAre("a", "b", "c", "d", "e", "NA"));
  const Column& numbers = table.catalogue->columns()[1];
  for (size_t row = 0; row < 4; ++row) EXPECT_TRUE(numbers.is_null(row)) << row;
  EXPECT_EQ(numbers.get<int32_t>(4), 4);
  EXPECT_EQ(texts(*table.catalogue, 2)[4], "NA") << "in quotes it is a text";
  EXPECT_THAT(
      table.report.bad_rows.first,
      ElementsAre("line 7: column 't' is 'NA', which means NULL, but it must have a value"));
  EXPECT_THAT(table.report.indexes[0].empty_keys.first, ElementsAre("line 8"));
}

TEST_F(CsvLoaderTest, TextsForNullHaveNoSayInTheTypes) {
  EXPECT_EQ(loaded("k,n\na,1\nb,NA\n").catalogue->schema()[1].type, Type::text);
  options_.nulls = {"NA"};
  const auto table = loaded("k,n\na,1\nb,NA\nc,\"NA\"\n");
  EXPECT_EQ(table.catalogue->schema()[1].type, Type::int32);
  EXPECT_TRUE(table.catalogue->columns()[1].is_null(1) && table.catalogue->columns()[1].is_null(2));
}

TEST_F(CsvLoaderTest, AHeaderAloneIsACatalogueWithoutRows) {
  const auto table = loaded("k,v\n");
  EXPECT_EQ(table.catalogue->rows(), 0U);
  EXPECT_THAT(find(*table.catalogue, {"a", ""}), ElementsAre(kNone, kNone));
  EXPECT_EQ(report(table),
            "songs: 0 rows from t.csv (4 bytes) in 0.04 s\n"
            "songs: it has no rows, so that nothing matches\n");
  EXPECT_EQ(
      error("k,v"),
      "t.csv ends within its first line, as if it were cut off: where it has no rows, end the "
      "line");
}

TEST_F(CsvLoaderTest, ReadsAFileWithoutAHeader) {
  options_.has_header = false;
  options_.declared = {{"k", Type::text, false}, {"n", Type::int32, false}};
  const auto table = loaded("a,1\nb\nc,3,\n\"d\",4");
  EXPECT_THAT(texts(*table.catalogue, 0), ElementsAre("a", "d"));
  EXPECT_EQ(table.catalogue->columns()[1].get<int32_t>(1), 4);
  EXPECT_THAT(table.report.bad_rows.first,
              ElementsAre("line 2: 1 field where the table declares 2",
                          "line 3: 3 fields where the table declares 2"));
  EXPECT_EQ(loaded("").catalogue->rows(), 0U);
}

TEST_F(CsvLoaderTest, StopsWhereTooManyRowsAreLeftOut) {
  options_.max_left_out_ratio = 0.5;
  options_.declared = {{"k", Type::text, false}, {"n", Type::int32, false}};
  EXPECT_EQ(loaded("k,n\na,1\nb,x\n").report.rows, 1U) << "not more than half";
  EXPECT_EQ(error("k,n\na,1\nb,x\nc\nd,y\ne,5\nf,z\n,7\n"),
            "4 of the 7 rows of t.csv are left out, and max_left_out_ratio is 0.5; the first: line "
            "3: column 'n' is 'x', which int cannot hold; line 4: 1 field where the header has 2; "
            "line 5: column 'n' is 'y', which int cannot hold");
  EXPECT_EQ(kind_, ErrorKind::failed);
  EXPECT_EQ(loaded("k,n\na,1\n,x\n,2\n,3\n").report.rows, 1U) << "an empty key is no fault";
  options_.max_left_out_ratio = 0;
  EXPECT_THAT(error("k,n\na,1\nb,x\nc,3\n"), HasSubstr("1 of the 3 rows of t.csv are left out"));
}

// "la la" by Spark is "\"la\" la".
TEST_F(CsvLoaderTest, ReadsTheEscapesOfSpark) {
  constexpr std::string_view kSpark = "k,v\n\"\\\"la\\\" la\",1\nplain,2\nthird,3\n";
  EXPECT_THAT(loaded(kSpark).report.bad_rows.first,
              ElementsAre("line 2: text follows a closing quote; where \\\" means a quote, as "
                          "Spark writes it, set escape = '\\'"));
  options_.escape = '\\';
  EXPECT_THAT(texts(*loaded(kSpark).catalogue, 0), ElementsAre("\"la\" la", "plain", "third"));
}

TEST_F(CsvLoaderTest, NamesWhatIsNoText) {
  EXPECT_EQ(error("\x1F\x8B\x08"),
            "t.csv is compressed by gzip, expected text in UTF-8: gunzip -c t.csv > t.plain.csv");
  EXPECT_EQ(error(std::string_view("k\0,\0v\0\n\0", 8)),
            "t.csv is text in UTF-16, expected text in UTF-8: iconv -f UTF-16LE -t UTF-8 t.csv > "
            "t.plain.csv");
}

TEST_F(CsvLoaderTest, SaysWhichDelimiterTheHeaderMayHave) {
  options_.key = "name";
  EXPECT_EQ(error("name;x\na;1\n"),
            "t.csv:1: there is no column 'name' to be the key: the header is one column, 'name;x'; "
            "if ';' is the delimiter, set delimiter = ';'");
  EXPECT_THAT(error("name|x,y|z\na|1,2|3\n"), HasSubstr("the header has 'name|x', 'y|z'"));
  options_.delimiter = ';';
  EXPECT_THAT(error("name|x,y|z\na|1,2|3\n"), HasSubstr("set delimiter = '|'"));
  EXPECT_THAT(
      error("name\tx\na\t1\n"),
      HasSubstr("one column, 'name\\tx'; if a tab is the delimiter, set delimiter = 'tab'"));
  options_.declared = {{"tempo", Type::int32, false}, {"name", Type::text, false}};
  EXPECT_EQ(
      error("name,x\na,1\n"),
      "t.csv:1: there is no column 'tempo': the header is one column, 'name,x'; if ',' is the "
      "delimiter, set delimiter = ','");
  EXPECT_EQ(error("Alpha;17\nb;2\n"),
            "t.csv:1: there is no column 'tempo': the header has 'Alpha', '17'; where the file has "
            "no header, "
            "set header = 'false'");
  options_.declared.pop_back();
  options_.key.clear();
  EXPECT_EQ(error("Alpha;17\nb;2\n"),
            "t.csv:1: there is no column 'tempo': the header has 'Alpha', '17'")
      << "one name may be misspelt";
  options_.declared.push_back({"name", Type::text, false});
  options_.has_header = false;
  options_.delimiter = ',';
  EXPECT_THAT(error("Alpha;17\nb;2\n"),
              HasSubstr("line 1: 1 field where the table declares 2; if ';' is the delimiter, set "
                        "delimiter = ';'"));
}

}  // namespace
}  // namespace turntable
