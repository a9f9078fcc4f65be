#include "row/cell.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <utility>
#include <vector>

namespace turntable {
namespace {

std::string cell_of(Type type, auto value) {
  Column column(type);
  column.reset(1);
  column.set(0, value);
  std::string out;
  append_cell(out, column, 0);
  return out;
}

TEST(Cell, HoldsCassandrasWireForm) {
  EXPECT_EQ(cell_of(Type::int32, int32_t{-2}), std::string("\0\0\0\4\xff\xff\xff\xfe", 8));
  EXPECT_EQ(cell_of(Type::int64, int64_t{1}), std::string("\0\0\0\x8\0\0\0\0\0\0\0\1", 12));
  EXPECT_EQ(cell_of(Type::float32, 1.0F), std::string("\0\0\0\4\x3f\x80\0\0", 8));
  EXPECT_EQ(cell_of(Type::boolean, uint8_t{1}), std::string("\0\0\0\1\1", 5));
  EXPECT_EQ(cell_of(Type::text, std::string_view("hé")), std::string("\0\0\0\3h\xc3\xa9", 7));
}

TEST(Cell, HoldsNothingOfAnEmptyText) {
  EXPECT_EQ(cell_of(Type::text, std::string_view()), std::string("\0\0\0\0", 4));
}

TEST(Cell, WritesNullAsMinusOne) {
  Column column(Type::text);
  column.reset(1);
  std::string out;
  append_cell(out, column, 0);
  EXPECT_EQ(out, std::string("\xff\xff\xff\xff", 4));
}

TEST(Cell, WritesNothingOfAValueThatFailed) {
  Column column(Type::text);
  column.reset(2);
  column.set(1, std::string_view("left from before"));
  column.states()[1] = State::failed;
  std::string out;
  append_cell(out, column, 1);
  EXPECT_EQ(out, std::string("\xff\xff\xff\xff", 4));
}

TEST(Cell, CountsMicrosecondsOrRoundsThemDownToMilliseconds) {
  Column times(Type::timestamptz);
  times.reset(2);
  times.set(0, int64_t{-1});
  times.set(1, int64_t{1'234'567});
  const std::vector<uint32_t> rows = {0, 1};
  const auto written = [&](TimeUnit unit) {
    std::array<char, 24> bytes{};
    std::array<char*, 2> places{bytes.data(), bytes.data() + 12};
    write_cells(times, rows, kNullCell, unit, places);
    CellReader reader({bytes.data(), bytes.size()});
    const int64_t first = reader.next().int64();
    return std::pair(first, reader.next().int64());
  };
  EXPECT_EQ(written(TimeUnit::micros), std::pair(int64_t{-1}, int64_t{1'234'567}));
  EXPECT_EQ(written(TimeUnit::millis), std::pair(int64_t{-1}, int64_t{1234}));
}

TEST(Cell, ReadsBackWhatWasWritten) {
  std::string row;
  append_int32_cell(row, std::numeric_limits<int32_t>::min());
  append_null_cell(row);
  append_view_cell(row, "");
  append_float64_cell(row, -0.5);
  CellReader reader(row);
  EXPECT_EQ(reader.next().int32(), std::numeric_limits<int32_t>::min());
  EXPECT_TRUE(reader.next().is_null());
  const CellView empty = reader.next();
  EXPECT_FALSE(empty.is_null());
  EXPECT_EQ(empty.bytes(), "");
  EXPECT_EQ(reader.next().float64(), -0.5);
  EXPECT_TRUE(reader.done());
}

TEST(Cell, ShowsValuesAsPeopleReadThem) {
  const auto shown = [](const std::string& cell, Type type) {
    return cell_text(CellReader(cell).next(), type);
  };
  EXPECT_EQ(shown(cell_of(Type::timestamptz, int64_t{1'709'460'900'000'000}), Type::timestamptz),
            "2024-03-03T10:15:00.000Z");
  EXPECT_EQ(shown(cell_of(Type::timestamptz, int64_t{-1000}), Type::timestamptz),
            "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(shown(cell_of(Type::timestamptz, int64_t{-1}), Type::timestamptz),
            "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(shown(cell_of(Type::timestamptz, int64_t{1'709'460'900'123'800}), Type::timestamptz),
            "2024-03-03T10:15:00.123800Z");
  std::string first;
  append_int64_cell(first, std::numeric_limits<int64_t>::min() + 1);
  EXPECT_TRUE(shown(first, Type::timestamptz).ends_with(".224193Z"))
      << shown(first, Type::timestamptz);
  EXPECT_EQ(shown(cell_of(Type::bytes, std::string_view("\x01\xff", 2)), Type::bytes), "0x01ff");
  EXPECT_EQ(shown(cell_of(Type::float32, 0.748F), Type::float32), "0.748");
}

TEST(Cell, ShowsInfiniteTimes) {
  const auto shown = []<class T>(Type type, T value) {
    return cell_text(CellReader(cell_of(type, value)).next(), type);
  };
  EXPECT_EQ(shown(Type::timestamptz, std::numeric_limits<int64_t>::max()), "infinity");
  EXPECT_EQ(shown(Type::timestamp, std::numeric_limits<int64_t>::min()), "-infinity");
  EXPECT_EQ(shown(Type::date, std::numeric_limits<int32_t>::max()), "infinity");
}

TEST(Cell, ShowsWhatIsNoNumberAsPostgreSqlDoes) {
  const auto shown = []<class T>(Type type, T value) {
    return cell_text(CellReader(cell_of(type, value)).next(), type);
  };
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(shown(Type::float64, std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(shown(Type::float64, infinity), "Infinity");
  EXPECT_EQ(shown(Type::float64, -infinity), "-Infinity");
  EXPECT_EQ(shown(Type::float32, -std::numeric_limits<float>::quiet_NaN()), "NaN");
  EXPECT_EQ(shown(Type::float32, std::numeric_limits<float>::infinity()), "Infinity");
  EXPECT_EQ(shown(Type::float32, -std::numeric_limits<float>::infinity()), "-Infinity");
}

}  // namespace
}  // namespace turntable
