// One rule for numbers, whichever way they come: as a field of an event, as a field of a catalogue,
// as a text that is cast. Only casts that somebody wrote change a value.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "catalogue/type_inference.h"
#include "decode/json_decoder.h"
#include "sql/casts.h"
#include "sql/testing.h"
#include "sql/value_text.h"

namespace turntable {
namespace {

constexpr std::string_view kOutOfRange = "out of range";
constexpr std::string_view kMisfit = "not of the type";

std::string text_of(const Column& column) {
  switch (column.type()) {
    case Type::int32:
      return std::string(sql::integer_text(column.get<int32_t>(0)).view());
    case Type::int64:
      return std::string(sql::integer_text(column.get<int64_t>(0)).view());
    case Type::float32:
      return std::string(sql::float_text(column.get<float>(0)).view());
    default:
      return std::string(sql::float_text(column.get<double>(0)).view());
  }
}

std::string from_event(Type type, std::string_view number) {
  const std::string event = "{\"v\":" + std::string(number) + "}";
  const auto decoder = make_json_decoder({{"v", type}}).value();
  std::vector<Column> columns{Column(type)};
  RecordBatch batch;
  batch.records.emplace_back().value = event;
  Selection alive;
  Rejects rejects;
  decoder->decode(batch, columns, alive, rejects);
  if (rejects.empty()) return text_of(columns[0]);
  return std::string(rejects[0].code == RejectCode::out_of_range ? kOutOfRange : kMisfit);
}

// A catalogue tells its bad rows by their lines, and does not say why.
std::string from_catalogue(Type type, std::string_view number) {
  Column column(type);
  column.reset(1);
  Arena made;
  return set_from_text(column, 0, number, made) ? text_of(column) : "";
}

std::string from_cast(std::string_view expression, std::string_view number) {
  const std::string value =
      sql::evaluate_over(std::string(expression), {std::string(number)}).at(0);
  if (!value.starts_with("reject: ")) return value;
  return std::string(value.find("is out of range for") != std::string::npos ? kOutOfRange
                                                                            : kMisfit);
}

struct Case {
  Type type;
  std::string_view number;
  std::string_view expected;
};

TEST(NumberRules, AreTheSameForEventsCataloguesAndCasts) {
  using enum Type;
  const std::vector<Case> cases = {
      {int32, "3", "3"},
      {int32, "3.0", kMisfit},
      {int32, "3.7", kMisfit},
      {int32, "1e2", kMisfit},
      {int32, "2147483647", "2147483647"},
      {int32, "2147483648", kOutOfRange},
      {int32, "-2147483649", kOutOfRange},
      {int64, "2.5", kMisfit},
      {int64, "1E0", kMisfit},
      {int64, "9223372036854775807", "9223372036854775807"},
      {int64, "9223372036854775808", kOutOfRange},
      {float32, "0.1", "0.1"},
      {float32, "7", "7"},
      {float32, "16777217", "1.6777216e+07"},
      {float32, "3.4028234e38", "3.4028235e+38"},
      {float32, "3.40282350e38", "3.4028235e+38"},  // Nearer to the largest than to infinity.
      {float32, "3.4028236e38", kOutOfRange},
      {float32, "-1e39", kOutOfRange},
      {float32, "1e-45", "1e-45"},
      {float32, "1e-46", kOutOfRange},
      {float32, "-1e-46", kOutOfRange},
      {float32, "0.00000000000000000000000000000000000000000000000000001", kOutOfRange},
      {float32, "0e-99", "0"},
      {float32, "-0.0", "-0"},
      // A float in one step. By way of a double it would be 1: the double is the middle of two
      // floats.
      {float32, "1.00000005960464485", "1.0000001"},
      {float64, "1e308", "1e+308"},
      {float64, "1e309", kOutOfRange},
      {float64, "1e-320", "1e-320"},
      {float64, "4.9e-324", "5e-324"},
      {float64, "1e-400", kOutOfRange},
      {float64, "-1e-400", kOutOfRange},
      {float64, "0.0000000000000000000000000000000000000001e-310", kOutOfRange},
      {float64, "0.0000000000000000000000000000000000000000", "0"},
      {float64, "0e-400", "0"},
      {float64, "0.56302074730167578890", "0.5630207473016758"},
      {float64, "9007199254740993", "9.007199254740992e+15"},
  };
  for (const Case& c : cases) {
    const std::string cast = "x::" + std::string(sql_name(c.type));
    EXPECT_EQ(from_event(c.type, c.number), c.expected) << c.number << " as " << sql_name(c.type);
    EXPECT_EQ(from_cast(cast, c.number), c.expected) << c.number << " as " << sql_name(c.type);
    const bool refused = c.expected == kOutOfRange || c.expected == kMisfit;
    EXPECT_EQ(from_catalogue(c.type, c.number), refused ? "" : c.expected)
        << c.number << " as " << sql_name(c.type);
  }
}

TEST(NumberRules, ADoubleThatBecomesARealIsNotLostEither) {
  EXPECT_EQ(from_cast("x::double precision::real", "1e-46"), kOutOfRange);
  EXPECT_EQ(from_cast("x::double precision::real", "1e39"), kOutOfRange);
  EXPECT_EQ(from_cast("x::double precision::real", "1e-45"), "1e-45");
  EXPECT_EQ(from_cast("x::double precision::real", "0.1"), "0.1");
}

TEST(NumberRules, ANumberInRangeBecomesTheNearestOneThatTheTypeHas) {
  EXPECT_EQ(from_cast("x::bigint::double precision", "9007199254740993"), "9.007199254740992e+15");
  EXPECT_EQ(from_cast("x::bigint::real", "16777217"), "1.6777216e+07");
  EXPECT_EQ(from_cast("x::double precision::real", "0.12345678901234567"), "0.12345679");
  // Unasked, too: these casts happen in assignments.
  EXPECT_TRUE(sql::can_cast(Type::int64, Type::float64, sql::CastContext::assignment));
  EXPECT_TRUE(sql::can_cast(Type::float64, Type::float32, sql::CastContext::assignment));
  EXPECT_FALSE(sql::can_cast(Type::float64, Type::int64, sql::CastContext::assignment));
}

TEST(NumberRules, AFractionBecomesAnIntegerWhereItIsWritten) {
  EXPECT_EQ(from_cast("x::double precision::int", "3.7"), "4");
  EXPECT_EQ(from_cast("x::double precision::bigint", "2.5"), "2");  // Half to even.
  EXPECT_EQ(from_cast("x::real::int", "-0.5"), "0");
}

std::string faults_of(std::string_view column, std::string_view expression) {
  return sql::bind_text("CREATE TABLE s (d double precision, r real); CREATE TABLE o (n " +
                        std::string(column) + "); INSERT INTO o SELECT " + std::string(expression) +
                        " AS n FROM s;")
      .faults.text();
}

TEST(NumberRules, NoFractionBecomesAnIntegerUnasked) {
  for (const std::string_view integer : {"int", "bigint"}) {
    const std::string name(integer);
    EXPECT_NE(faults_of(integer, "s.d")
                  .find("column n of o is " + name +
                        ", but s.d is double precision: write cast(s.d AS " + name + ")"),
              std::string::npos)
        << faults_of(integer, "s.d");
    EXPECT_NE(faults_of(integer, "s.r").find("but s.r is real: write cast(s.r AS " + name + ")"),
              std::string::npos);
    EXPECT_NE(faults_of(integer, "1.5").find("1.5 is numeric"), std::string::npos);
    EXPECT_EQ(faults_of(integer, "cast(s.d AS " + name + ")"), "");
  }
  EXPECT_EQ(faults_of("real", "s.d"), "");
  EXPECT_EQ(faults_of("double precision", "s.r"), "");
}

}  // namespace
}  // namespace turntable
