#include "sqlite/values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "row/array.h"

namespace turntable::sqlite {
namespace {

std::vector<Type> types() {
  std::vector<Type> types = all_types();
  for (const Type type : all_types()) types.push_back(array_of(type));
  return types;
}

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
  for (const Type type : types()) {
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

// What a column of the type holds after the cell was written to it, as SQLite shows it.
std::string kept_form(Type type, const std::string& written) {
  auto db = Database::open("", Database::Mode::memory);
  EXPECT_TRUE(db->execute("CREATE TABLE t (a " + std::string(type_name(type)) + ")"));
  auto insert = db->prepare("INSERT INTO t VALUES (?)");
  bind_cell(*insert, 1, CellReader(written).next(), type);
  EXPECT_TRUE(insert->step());
  auto select = db->prepare("SELECT typeof(a) || ' ' || a FROM t");
  EXPECT_TRUE(select->step().value());
  expect_kept(type, written);
  return std::string(select->text(0));
}

TEST(SqliteValues, KeepTheDigitsOfDecimals) {
  const auto form = [](Numeric value) {
    return kept_form(Type::numeric, cell(append_numeric_cell, value));
  };
  EXPECT_EQ(form({.digits = 1250, .scale = 2}), "text 12.50");
  EXPECT_EQ(form({.digits = -7}), "text -7");
  EXPECT_EQ(form({.digits = power_of_ten(38) - 1, .scale = 76}).size(), 5U + 78U);
  EXPECT_EQ(form({.digits = 0, .kind = Numeric::Kind::nan}), "text NaN");
  EXPECT_EQ(form({.digits = 0, .kind = Numeric::Kind::minus_infinity}), "text -Infinity");
}

TEST(SqliteValues, KeepDatesTimesAndUuidsAsTexts) {
  for (const int16_t value : {int16_t{INT16_MIN}, int16_t{INT16_MAX}})
    EXPECT_EQ(kept_form(Type::int16, cell(append_int16_cell, value)),
              "integer " + std::to_string(value));
  EXPECT_EQ(kept_form(Type::date, cell(append_date_cell, 0)), "text 1970-01-01");
  EXPECT_EQ(kept_form(Type::date, cell(append_date_cell, -719'163)), "integer -719163");
  EXPECT_EQ(kept_form(Type::date, cell(append_date_cell, INT32_MAX)), "integer 2147483647");
  EXPECT_EQ(kept_form(Type::time, cell(append_time_cell, int64_t{1})), "text 00:00:00.000001");
  EXPECT_EQ(kept_form(Type::time, cell(append_time_cell, int64_t{86'400'000'000})),
            "text 24:00:00.000000");
  EXPECT_EQ(kept_form(Type::timestamp, cell(append_int64_cell, int64_t{-1})),
            "text 1969-12-31T23:59:59.999999");
  EXPECT_EQ(kept_form(Type::timestamp, cell(append_int64_cell, INT64_MIN)),
            "integer -9223372036854775808");
  Uuid uuid;
  uuid.bytes[0] = 0x1e;
  EXPECT_EQ(kept_form(Type::uuid, cell(append_uuid_cell, uuid)),
            "text 1e000000-0000-0000-0000-000000000000");
}

TEST(SqliteValues, KeepIntervalsAsPostgresWritesThem) {
  const auto form = [](Interval value) {
    return kept_form(Type::interval, cell(append_interval_cell, value));
  };
  EXPECT_EQ(form({}), "text 00:00:00");
  EXPECT_EQ(form({.micros = 14'706'070'000, .days = -3, .months = 14}),
            "text 1 year 2 mons -3 days +04:05:06.07");
  EXPECT_EQ(form({.micros = -1}), "text -00:00:00.000001");
  EXPECT_EQ(form({.micros = 360'000'000'000}), "text 100:00:00");
  form({.micros = INT64_MIN, .days = INT32_MIN, .months = INT32_MIN});
  form({.micros = INT64_MAX, .days = INT32_MAX, .months = INT32_MAX});
}

TEST(SqliteValues, KeepArraysAsJson) {
  const auto array = [](std::initializer_list<std::string> cells) {
    ArrayWriter writer;
    for (const std::string& one : cells) {
      writer.elements() += one;
      writer.count_element();
    }
    const std::string bytes = writer.finish();
    return cell(append_view_cell, std::string_view(bytes));
  };
  std::string null;
  append_null_cell(null);
  const auto text = [](std::string_view one) { return cell(append_view_cell, one); };
  EXPECT_EQ(kept_form(array_of(Type::int32), array({})), "text []");
  EXPECT_EQ(kept_form(array_of(Type::int32), array({cell(append_int32_cell, -1), null})),
            "text [-1,null]");
  EXPECT_EQ(kept_form(array_of(Type::text), array({text("a\"\n"), text(""), text("null"), null})),
            "text [\"a\\\"\\n\",\"\",\"null\",null]");
  EXPECT_EQ(kept_form(array_of(Type::bytes), array({text(std::string_view("\0\xff", 2))})),
            "text [\"\\\\x00ff\"]");
  EXPECT_EQ(kept_form(array_of(Type::jsonb), array({text("{\"a\": [1]}"), text("\"x\"")})),
            "text [{\"a\": [1]},\"x\"]");
  EXPECT_EQ(kept_form(array_of(Type::numeric),
                      array({cell(append_numeric_cell, Numeric{.digits = 150, .scale = 2}),
                             cell(append_numeric_cell, Numeric{.kind = Numeric::Kind::nan})})),
            "text [1.50,\"NaN\"]");
  EXPECT_EQ(kept_form(array_of(Type::float64),
                      array({cell(append_float64_cell, 0.1),
                             cell(append_float64_cell, std::numeric_limits<double>::infinity())})),
            "text [0.1,\"Infinity\"]");
  EXPECT_EQ(kept_form(array_of(Type::boolean), array({cell(append_bool_cell, true)})),
            "text [true]");
  EXPECT_EQ(kept_form(array_of(Type::date),
                      array({cell(append_date_cell, 0), cell(append_date_cell, INT32_MAX)})),
            "text [\"1970-01-01\",2147483647]");
  EXPECT_EQ(kept_form(array_of(Type::timestamptz), array({cell(append_int64_cell, int64_t{1})})),
            "text [\"1970-01-01T00:00:00.000001Z\"]");
}

}  // namespace
}  // namespace turntable::sqlite
