#include "sink/console_sink.h"

#include <gtest/gtest.h>

#include "row/cell.h"

namespace turntable {
namespace {

std::string contents(std::FILE* file) {
  std::string text(static_cast<size_t>(std::ftell(file)), '\0');
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

TEST(ConsoleSink, AlignsUntruncatedTablesAndEscapesControls) {
  std::FILE* file = std::tmpfile();
  ConsoleSink sink({{"name", Type::text}, {"tempo", Type::float32}}, file);
  RowBatch rows;
  add_row(rows, "日本", 0.1F);
  add_row(rows, "two\nlines \x1b[31m", 122.036F);
  append_null_cell(rows.cells);
  append_null_cell(rows.cells);
  rows.ends.push_back(rows.cells.size());
  rows.origins.push_back({});
  ASSERT_TRUE(sink.submit(rows));
  add_row(rows, std::string(100, 'x'), 1);
  ASSERT_TRUE(sink.submit(rows));
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

TEST(ConsoleSink, StopsWhereTheStreamTakesNoMore) {
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  ConsoleSink sink({{"name", Type::text}, {"tempo", Type::float32}}, full);
  RowBatch rows;
  add_row(rows, "a", 1);
  const Status status = sink.submit(rows);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "writing 1 rows to the console failed: No space left on device");
  EXPECT_TRUE(sink.reap(Millis(0))->written.empty());
  std::fclose(full);
}

}  // namespace
}  // namespace turntable
