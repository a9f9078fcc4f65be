#include "sqlite/values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace turntable::sqlite {
namespace {

constexpr Type kTypes[] = {Type::boolean, Type::int32,       Type::int64,
                           Type::float32, Type::float64,     Type::text,
                           Type::bytes,   Type::timestamptz, Type::jsonb};

template <class Append, class Value>
std::string cell(Append append, Value value) {
  std::string out;
  append(out, value);
  return out;
}

// Writes a cell into a column of its type and reads it back.
std::string round_trip(Type type, const std::string& written) {
  auto db = Database::open("", Database::Mode::memory);
  EXPECT_TRUE(db->execute("CREATE TABLE t (a " + std::string(type_name(type)) + ")"));
  auto insert = db->prepare("INSERT INTO t VALUES (?)");
  bind_cell(*insert, 1, CellReader(written).next(), type);
  EXPECT_TRUE(insert->step());
  auto select = db->prepare("SELECT a FROM t");
  EXPECT_TRUE(select->step().value());
  EXPECT_EQ(type_from_declaration(select->declared_type(0)), type);
  std::string read;
  EXPECT_TRUE(append_value_cell(read, *select, 0, type));
  return read;
}

void expect_kept(Type type, const std::string& written) {
  EXPECT_EQ(round_trip(type, written), written);
}

TEST(SqliteValues, KeepNullOfEveryType) {
  for (const Type type : kTypes) {
    std::string null;
    append_null_cell(null);
    expect_kept(type, null);
  }
}

TEST(SqliteValues, KeepIntegersToTheirLimits) {
  for (const int32_t value : {INT32_MIN, -1, 0, 1, INT32_MAX})
    expect_kept(Type::int32, cell(append_int32_cell, value));
  for (const int64_t value : {INT64_MIN, int64_t{0}, INT64_MAX})
    expect_kept(Type::int64, cell(append_int64_cell, value));
  for (const bool value : {false, true}) expect_kept(Type::boolean, cell(append_bool_cell, value));
}

TEST(SqliteValues, KeepFloatsBitForBitAndNaNAsNaN) {
  using Float = std::numeric_limits<float>;
  using Double = std::numeric_limits<double>;
  for (const float value :
       {0.1F, -2.634F, Float::max(), Float::lowest(), Float::denorm_min(), Float::infinity()})
    expect_kept(Type::float32, cell(append_float32_cell, value));
  for (const double value : {0.1, Double::max(), Double::denorm_min(), -Double::infinity(), 1e300})
    expect_kept(Type::float64, cell(append_float64_cell, value));
  const std::string nan = round_trip(Type::float32, cell(append_float32_cell, Float::quiet_NaN()));
  EXPECT_TRUE(std::isnan(CellReader(nan).next().float32()));
}

TEST(SqliteValues, KeepTextsThatLookLikeNumbers) {
  for (const char* text : {"", "12", "1e5", "0x10", "NaN", "日本", " 1 "}) {
    expect_kept(Type::text, cell(append_view_cell, std::string_view(text)));
    expect_kept(Type::jsonb, cell(append_view_cell, std::string_view(text)));
    expect_kept(Type::bytes, cell(append_view_cell, std::string_view(text)));
  }
}

TEST(SqliteValues, KeepTimestampsOfEveryAge) {
  for (const int64_t micros :
       {int64_t{0}, int64_t{-1}, int64_t{1'709'460'900'123'456}, int64_t{-62'135'596'800'000'000},
        int64_t{-62'135'596'800'000'001}, int64_t{253'402'300'799'999'999},
        int64_t{253'402'300'800'000'000}, INT64_MIN, INT64_MAX})
    expect_kept(Type::timestamptz, cell(append_int64_cell, micros));
}

// Tables that were made before microseconds were kept: keys must stay what they were.
TEST(SqliteValues, ColumnsThatKeepMillisecondsGoOn) {
  EXPECT_EQ(time_unit("timestamp(6)"), TimeUnit::micros);
  EXPECT_EQ(time_unit("TIMESTAMP"), TimeUnit::millis);
  EXPECT_EQ(time_unit("datetime"), TimeUnit::millis);
  auto db = Database::open("", Database::Mode::memory);
  auto select = db->prepare("SELECT ?1, ?2");
  const std::string within = cell(append_int64_cell, int64_t{1'709'460'900'123'800});
  const std::string beyond = cell(append_int64_cell, int64_t{-62'135'596'800'000'001});
  bind_cell(*select, 1, CellReader(within).next(), Type::timestamptz, TimeUnit::millis);
  bind_cell(*select, 2, CellReader(beyond).next(), Type::timestamptz, TimeUnit::millis);
  ASSERT_TRUE(select->step().value());
  EXPECT_EQ(select->text(0), "2024-03-03T10:15:00.123Z");
  EXPECT_EQ(select->int64(1), -62'135'596'800'001);
  std::string read;
  ASSERT_TRUE(append_value_cell(read, *select, 0, Type::timestamptz, TimeUnit::millis));
  ASSERT_TRUE(append_value_cell(read, *select, 1, Type::timestamptz, TimeUnit::millis));
  CellReader cells(read);
  EXPECT_EQ(cells.next().int64(), 1'709'460'900'123'000);
  EXPECT_EQ(cells.next().int64(), -62'135'596'800'001'000);
}

TEST(SqliteValues, TimestampsAreReadableByPeopleAndBySqlite) {
  auto db = Database::open("", Database::Mode::memory);
  auto select = db->prepare("SELECT ?1, strftime('%H:%M', ?1)");
  bind_cell(*select, 1, CellReader(cell(append_int64_cell, int64_t{1'709'460'900'123'000})).next(),
            Type::timestamptz);
  ASSERT_TRUE(select->step().value());
  EXPECT_EQ(select->text(0), "2024-03-03T10:15:00.123000Z");
  EXPECT_EQ(select->text(1), "10:15");
}

TEST(SqliteValues, AValueOfAnotherKindIsNoCell) {
  auto db = Database::open("", Database::Mode::memory);
  auto select = db->prepare("SELECT 'text', 5000000000, 1.5, x'00'");
  ASSERT_TRUE(select->step().value());
  std::string out;
  EXPECT_FALSE(append_value_cell(out, *select, 0, Type::int32));
  EXPECT_FALSE(append_value_cell(out, *select, 1, Type::int32));
  EXPECT_FALSE(append_value_cell(out, *select, 2, Type::int64));
  EXPECT_FALSE(append_value_cell(out, *select, 3, Type::text));
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace turntable::sqlite
