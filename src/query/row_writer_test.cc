#include "query/row_writer.h"

#include <gtest/gtest.h>

#include "row/cell.h"

namespace turntable {
namespace {

const std::vector<ResultColumn> kColumns = {{"name", "text"}, {"system.avg(tempo)", "float"}};

struct Rows {
  std::string cells;
  size_t count = 0;

  Rows& add(std::optional<std::string_view> name, std::optional<float> tempo) {
    name ? append_view_cell(cells, *name) : append_null_cell(cells);
    tempo ? append_float32_cell(cells, *tempo) : append_null_cell(cells);
    ++count;
    return *this;
  }
  [[nodiscard]] ResultPage page() const { return {.cells = cells, .rows = count}; }
};

std::string written(RowFormat format, const std::vector<Rows>& pages,
                    const std::vector<ResultColumn>& columns = kColumns,
                    size_t limit = kTableBytesLimit) {
  std::string text;
  const auto writer = make_row_writer(
      format,
      [&text](std::string_view piece) {
        text += piece;
        return Status();
      },
      limit);
  EXPECT_TRUE(writer->begin(columns));
  for (const Rows& rows : pages) EXPECT_TRUE(writer->rows(rows.page()));
  EXPECT_TRUE(writer->end());
  return text;
}

TEST(RowWriter, AlignsTablesAsCqlshDoes) {
  const std::vector<Rows> pages = {
      Rows().add("日本", 0.5F), Rows().add(std::nullopt, std::nullopt).add("a\nb \\ c", 122.036F)};
  EXPECT_EQ(written(RowFormat::table, pages), R"(
 name      | system.avg(tempo)
-----------+-------------------
      日本 |               0.5
      null |              null
 a\nb \\ c |           122.036

(3 rows)
)");
}

TEST(RowWriter, ATableWithoutRowsHasItsHeader) {
  EXPECT_EQ(written(RowFormat::table, {}),
            "\n name | system.avg(tempo)\n------+-------------------\n\n\n(0 rows)\n");
}

TEST(RowWriter, PrintsTheHeaderOnceAndGrowsWhereMoreRowsComeThanAreHeld) {
  EXPECT_EQ(written(RowFormat::table,
                    {Rows().add("a", 1.0F), Rows().add("longer than before", 2.0F),
                     Rows().add("b", 3.0F)},
                    kColumns, 1),
            "\n"
            " name | system.avg(tempo)\n"
            "------+-------------------\n"
            "    a |                 1\n"
            " longer than before |                 2\n"
            "                  b |                 3\n"
            "\n"
            "(3 rows)\n");
}

TEST(RowWriter, WritesCsvThatTellsNullFromEmpty) {
  EXPECT_EQ(
      written(RowFormat::csv,
              {Rows().add("a, \"b\"\nc", 0.1F).add("", std::nullopt).add(std::nullopt, 1e20F)}),
      "name,system.avg(tempo)\r\n\"a, \"\"b\"\"\nc\",0.1\r\n\"\",\r\n,1e+20\r\n");
}

TEST(RowWriter, WritesJsonAndOneObjectALine) {
  const std::vector<Rows> pages = {Rows().add("a\"", 0.1F), Rows().add(std::nullopt, std::nullopt)};
  EXPECT_EQ(written(RowFormat::json, pages),
            "[\n  {\"name\":\"a\\\"\",\"system.avg(tempo)\":0.1},\n  "
            "{\"name\":null,\"system.avg(tempo)\":null}\n]\n");
  EXPECT_EQ(written(RowFormat::ndjson, pages),
            "{\"name\":\"a\\\"\",\"system.avg(tempo)\":0.1}\n{\"name\":null,\"system.avg(tempo)\":"
            "null}\n");
  EXPECT_EQ(written(RowFormat::json, {}), "[]\n");
  EXPECT_EQ(written(RowFormat::ndjson, {}), "");
}

TEST(RowWriter, NamesOfAnObjectDiffer) {
  const std::vector<ResultColumn> twice = {{"a", "text"}, {"a", "float"}};
  EXPECT_EQ(written(RowFormat::ndjson, {Rows().add("x", 1.0F)}, twice),
            "{\"a\":\"x\",\"a_2\":1}\n");
  // Bytes that are not UTF-8 are written alike.
  const std::vector<ResultColumn> broken = {{"a\xFF", "text"}, {"a\xFE", "float"}};
  EXPECT_EQ(written(RowFormat::ndjson, {Rows().add("x", 1.0F)}, broken),
            "{\"a\uFFFD\":\"x\",\"a\uFFFD_2\":1}\n");
}

TEST(RowWriter, StopsWhereTheOutputTakesNoMore) {
  const auto writer = make_row_writer(
      RowFormat::csv, [](std::string_view) -> Status { return fail(ErrorKind::failed, "full"); });
  ASSERT_TRUE(writer->begin(kColumns));
  EXPECT_EQ(writer->end().error().message, "full");
}

TEST(RowWriter, KnowsItsFormatsByName) {
  EXPECT_EQ(row_format_from_name("ndjson"), RowFormat::ndjson);
  EXPECT_FALSE(row_format_from_name("xml"));
}

}  // namespace
}  // namespace turntable
