#include "sink/console_sink.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "row/cell.h"
#include "sink/rows_testing.h"

namespace turntable {
namespace {

std::string contents(std::FILE* file) {
  std::string text(1 << 16, '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  return text;
}

void add_row(RowBatch& rows, std::string_view name, float tempo) {
  append_view_cell(rows.cells, name);
  append_float32_cell(rows.cells, tempo);
  rows.ends.push_back(rows.cells.size());
  rows.origins.push_back({});
}

TEST(ConsoleSink, SaysWhichRowsAreDeletions) {
  std::FILE* file = std::tmpfile();
  Output out(fileno(file));
  ConsoleSink sink({{"plays", {{"name", Type::text}, {"tempo", Type::float32}}}}, out);
  RowBatch rows;
  add_row(rows, "ann", 0.5F);
  append_view_cell(rows.cells, "ann");
  append_null_cell(rows.cells);
  rows.ends.push_back(rows.cells.size());
  rows.origins.push_back({});
  rows.kinds = {RowKind::write, RowKind::deletion};
  ASSERT_TRUE(submit_to(sink, rows));
  EXPECT_EQ(contents(file), R"(-------------------------------------------
Batch: 0
-------------------------------------------
+------+----+-----+
|      |name|tempo|
+------+----+-----+
|      |ann |0.5  |
|delete|ann |null |
+------+----+-----+

)");
  const auto acks = sink.reap(Millis(0));
  ASSERT_TRUE(acks);
  EXPECT_EQ(acks->written_in(0).size(), 1U);
  EXPECT_EQ(acks->deleted_in(0).size(), 1U);
}

TEST(ConsoleSink, AlignsUntruncatedTablesAndEscapesControls) {
  std::FILE* file = std::tmpfile();
  Output out(fileno(file));
  ConsoleSink sink({{"plays", {{"name", Type::text}, {"tempo", Type::float32}}}}, out);
  RowBatch rows;
  add_row(rows, "日本", 0.1F);
  add_row(rows, "two\nlines \x1b[31m", 122.036F);
  append_null_cell(rows.cells);
  append_null_cell(rows.cells);
  rows.ends.push_back(rows.cells.size());
  rows.origins.push_back({});
  ASSERT_TRUE(submit_to(sink, rows));
  add_row(rows, std::string(100, 'x'), 1);
  ASSERT_TRUE(submit_to(sink, rows));
  const std::string x(100, 'x');
  EXPECT_EQ(contents(file), R"(-------------------------------------------
Batch: 0
-------------------------------------------
+---------------------+-------+
|name                 |tempo  |
+---------------------+-------+
|日本                 |0.1    |
|two\nlines \u001b[31m|122.036|
|null                 |null   |
+---------------------+-------+

-------------------------------------------
Batch: 1
-------------------------------------------
+)" + std::string(100, '-') + "+-----+\n|name" +
                                std::string(96, ' ') + "|tempo|\n+" + std::string(100, '-') +
                                "+-----+\n|" + x + "|1    |\n+" + std::string(100, '-') +
                                "+-----+\n\n");
  std::fclose(file);
}

TEST(ConsoleSink, NamesTheTableWhereThereAreSeveral) {
  std::FILE* file = std::tmpfile();
  Output out(fileno(file));
  ConsoleSink sink({{"plays", {{"name", Type::text}}}, {"songs", {{"tempo", Type::float32}}}}, out);
  RowBatches rows;
  rows.tables.resize(2);
  append_view_cell(rows.tables[0].cells, "ann");
  append_float32_cell(rows.tables[1].cells, 0.5F);
  for (RowBatch& batch : rows.tables) {
    batch.ends.push_back(batch.cells.size());
    batch.origins.push_back({});
  }
  ASSERT_TRUE(sink.submit(rows));
  EXPECT_EQ(contents(file), R"(-------------------------------------------
Batch: 0, plays
-------------------------------------------
+----+
|name|
+----+
|ann |
+----+

-------------------------------------------
Batch: 1, songs
-------------------------------------------
+-----+
|tempo|
+-----+
|0.5  |
+-----+

)");
  const auto acks = sink.reap(Millis(0));
  ASSERT_EQ(acks->written.size(), 2U);
  EXPECT_EQ(acks->written[0].size(), 1U);
  EXPECT_EQ(acks->written[1].size(), 1U);
  EXPECT_EQ(sink.in_flight(), 0U);
  std::fclose(file);
}

TEST(ConsoleSink, StopsWhereTheStreamTakesNoMore) {
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  Output out(fileno(full), "the console");
  ConsoleSink sink({{"plays", {{"name", Type::text}, {"tempo", Type::float32}}}}, out);
  RowBatch rows;
  add_row(rows, "a", 1);
  const Status status = submit_to(sink, rows);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "1 rows are not shown: cannot write to the console: No space left on device");
  EXPECT_FALSE(sink.reap(Millis(0)));
  std::fclose(full);
}

// `… | less`: the lane goes on, and stays a member of its group meanwhile.
TEST(ConsoleSink, IsFullWhileItsReaderDoesNotRead) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  Output out(ends[1], "the console");
  ConsoleSink sink({{"plays", {{"name", Type::text}, {"tempo", Type::float32}}}}, out);
  RowBatch rows;
  const std::string large(size_t{300} << 10, 'x');
  add_row(rows, large, 1);
  ASSERT_TRUE(submit_to(sink, rows));
  EXPECT_TRUE(rows.empty());
  EXPECT_TRUE(sink.full());
  EXPECT_EQ(sink.in_flight(), 1U);
  EXPECT_TRUE(written_rows(*sink.reap(Millis(5))) == 0);
  std::string got(size_t{2} << 20, '\0');
  std::thread reader([&, size = size_t{0}]() mutable {
    while (got.find("+\n\n") == std::string::npos)
      size += static_cast<size_t>(std::max<ssize_t>(0, ::read(ends[0], got.data() + size, 4096)));
  });
  size_t written = 0;
  for (int i = 0; i < 1'000 && written == 0; ++i) written = written_rows(*sink.reap(Millis(10)));
  EXPECT_EQ(written, 1U);
  EXPECT_FALSE(sink.full());
  EXPECT_EQ(sink.in_flight(), 0U);
  reader.join();
  for (const int end : ends) ::close(end);
}

}  // namespace
}  // namespace turntable
