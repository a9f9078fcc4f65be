#include "sink/cql_conversion.h"

#include <gtest/gtest.h>

#include <string>

#include "query/value_text.h"
#include "row/array.h"

namespace turntable {
namespace {

// What becomes of a value: its bytes in hexadecimal digits, or what is wrong with it.
std::string into(std::string_view cql, Type type, const std::string& cell) {
  const auto fit = cql_fit(type, cql);
  if (!fit) return "nothing";
  const CellView view = CellReader(cell).next();
  std::string out;
  if (!fit->convert) {
    append_view_cell(out, view.bytes());
  } else if (const auto fault = fit->convert(view, out)) {
    return *fault;
  }
  return cell_text(CellReader(out).next(), Type::bytes).substr(2);
}

std::string cell_of(auto append, auto... value) {
  std::string cell;
  append(cell, value...);
  return cell;
}

std::string integer(int64_t value) {
  return cell_of(append_int64_cell, value);
}

TEST(CqlConversion, NarrowsAndWidensIntegers) {
  EXPECT_EQ(into("tinyint", Type::int64, integer(-128)), "80");
  EXPECT_EQ(into("tinyint", Type::int64, integer(128)), "128, which tinyint cannot hold");
  EXPECT_EQ(into("smallint", Type::int64, integer(-32768)), "8000");
  EXPECT_EQ(into("int", Type::int64, integer(1LL << 31)), "2147483648, which int cannot hold");
  EXPECT_EQ(into("bigint", Type::int32, cell_of(append_int32_cell, -1)), "ffffffffffffffff");
  EXPECT_EQ(into("bigint", Type::int64, integer(1)), "0000000000000001");
  EXPECT_EQ(into("varint", Type::int64, integer(127)), "7f");
  EXPECT_EQ(into("varint", Type::int64, integer(128)), "0080");
  EXPECT_EQ(into("varint", Type::int64, integer(-129)), "ff7f");
  EXPECT_EQ(into("decimal", Type::int64, integer(-1)), "00000000ff");
  EXPECT_EQ(into("counter", Type::int64, integer(1)), "nothing");
  EXPECT_EQ(into("double", Type::int64, integer(1)), "nothing");
}

TEST(CqlConversion, KeepsDecimals) {
  const auto number = [](Numeric value) { return cell_of(append_numeric_cell, value); };
  EXPECT_EQ(into("decimal", Type::numeric, number({.digits = 1250, .scale = 2})), "0000000204e2");
  EXPECT_EQ(into("decimal", Type::numeric, number({.kind = Numeric::Kind::nan})),
            "NaN, which decimal cannot hold");
  EXPECT_EQ(into("decimal", Type::numeric, number({.kind = Numeric::Kind::minus_infinity})),
            "-Infinity, which decimal cannot hold");
  EXPECT_EQ(into("varint", Type::numeric, number({.digits = 1200, .scale = 2})), "0c");
  EXPECT_EQ(into("varint", Type::numeric, number({.digits = 1250, .scale = 2})),
            "12.50, which varint cannot hold");
}

TEST(CqlConversion, ReadsTexts) {
  const auto text = [](std::string_view value) { return cell_of(append_view_cell, value); };
  EXPECT_EQ(into("ascii", Type::text, text("a~")), "617e");
  EXPECT_EQ(into("ascii", Type::text, text("\xC3\xA4")), "\xC3\xA4, which ascii cannot hold");
  EXPECT_EQ(into("inet", Type::text, text("127.0.0.1")), "7f000001");
  EXPECT_EQ(into("inet", Type::text, text("::1")), "00000000000000000000000000000001");
  for (const std::string_view wrong : {"", "1.2.3", "256.1.1.1", "::g", " ::1"})
    EXPECT_EQ(into("inet", Type::text, text(wrong)),
              std::string(wrong) + ", which inet cannot hold");
  EXPECT_EQ(into("inet", Type::text, text(std::string_view("1.1.1.1\0", 8))).substr(0, 7),
            "1.1.1.1");
}

TEST(CqlConversion, KnowsWhatTimesAndDurationsCassandraHasNot) {
  constexpr int64_t kDay = 86'400'000'000;
  EXPECT_EQ(into("time", Type::time, cell_of(append_time_cell, kDay - 1)), "00004e94914efc18");
  EXPECT_EQ(into("time", Type::time, cell_of(append_time_cell, kDay)),
            "24:00:00, which time cannot hold");
  const auto interval = [](Interval value) { return cell_of(append_interval_cell, value); };
  EXPECT_EQ(into("duration", Type::interval, interval({.micros = 1, .days = 2, .months = 3})),
            "060487d0");
  EXPECT_EQ(into("duration", Type::interval, interval({.micros = -1, .days = -2, .months = -3})),
            "050387cf");
  EXPECT_EQ(into("duration", Type::interval, interval({.micros = -1, .days = 2})),
            "2 days -00:00:00.000001, which duration cannot hold");
  EXPECT_TRUE(into("duration", Type::interval, interval({.micros = INT64_MAX}))
                  .ends_with("which duration cannot hold"));
  const auto uuid = [](std::string_view text) {
    return cell_of(append_uuid_cell, *parse_uuid(text));
  };
  EXPECT_EQ(into("timeuuid", Type::uuid, uuid("8e1f2c40-0f6f-11ef-9262-0242ac120002")),
            "8e1f2c400f6f11ef92620242ac120002");
  EXPECT_EQ(into("timeuuid", Type::uuid, uuid("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11, which timeuuid cannot hold");
}

std::string array_of_integers(std::initializer_list<int64_t> values) {
  ArrayWriter writer;
  for (const int64_t value : values) {
    append_int64_cell(writer.elements(), value);
    writer.count_element();
  }
  return cell_of(append_view_cell, std::string_view(writer.finish()));
}

TEST(CqlConversion, MakesListsAndSets) {
  constexpr Type kType = array_of(Type::int64);
  EXPECT_EQ(into("list<tinyint>", kType, array_of_integers({3, -1, 3})),
            "00000003"
            "0000000103"
            "00000001ff"
            "0000000103");
  EXPECT_EQ(into("frozen<set<tinyint>>", kType, array_of_integers({3, -1, 3})),
            "00000002"
            "00000001ff"
            "0000000103");
  EXPECT_EQ(into("set<varint>", kType, array_of_integers({300, -300, 5, -5, 300})),
            "00000004"
            "00000002fed4"
            "00000001fb"
            "0000000105"
            "00000002012c");
  EXPECT_EQ(into("set<tinyint>", kType, array_of_integers({1, 200})),
            "an array whose element 2 is 200, which tinyint cannot hold");
  EXPECT_EQ(into("list<text>", kType, array_of_integers({})), "nothing");
  ArrayWriter writer;
  append_null_cell(writer.elements());
  writer.count_element();
  EXPECT_EQ(
      into("list<bigint>", kType, cell_of(append_view_cell, std::string_view(writer.finish()))),
      "an array with a NULL as its element 1, which list<bigint> cannot hold");
}

TEST(CqlConversion, OrdersSetsAsCassandraDoes) {
  ArrayWriter writer;
  for (const Numeric& value :
       {Numeric{.digits = 10}, Numeric{.digits = 15, .scale = 1}, Numeric{.digits = -2},
        Numeric{.digits = 9}, Numeric{.digits = 100, .scale = 1}, Numeric{.digits = 0}}) {
    append_numeric_cell(writer.elements(), value);
    writer.count_element();
  }
  const std::string array = writer.finish();
  const auto fit = cql_fit(array_of(Type::numeric), "set<decimal>");
  std::string out;
  ASSERT_FALSE(fit->convert(CellView(array), out));
  EXPECT_EQ(cell_text(CellReader(out).next(), array_of(Type::numeric)), "[-2, 0, 1.5, 9, 10]");
}

TEST(CqlConversion, MakesMapsOfJson) {
  const auto map = [](std::string_view cql, std::string_view json) {
    const auto fit = cql_fit(Type::jsonb, cql);
    if (!fit) return std::string("nothing");
    std::string out;
    if (auto fault = fit->convert(CellView(json), out)) return *fault;
    // A map's keys and values alternate, as elements of an array do.
    return cell_text(CellReader(out).next(), array_of(Type::bytes));
  };
  EXPECT_EQ(map("map<text, int>", R"({"b":1,"a":2,"b":3.0})"),
            "[0x61, 0x00000002, 0x62, 0x00000003]");
  EXPECT_EQ(map("map<text, int>", "{}"), "[]");
  EXPECT_EQ(map("frozen<map<ascii, text>>", R"({"a":"\u00e4"})"), "[0x61, 0xc3a4]");
  EXPECT_EQ(map("map<text, frozen<list<decimal>>>", R"({"a":[1.50]})"),
            "[0x61, 0x0000000100000006000000020096]");
  EXPECT_EQ(map("map<text, boolean>", R"({"a":true})"), "[0x61, 0x01]");
  EXPECT_EQ(map("map<text, double>", R"({"a":1e-400})"),
            R"({"a":1e-400}, which map<text, double> cannot hold)");
  EXPECT_EQ(map("map<text, date>", R"({"a":"2024-02-29"})"), "[0x61, 0x80004d46]");
  for (const char* wrong : {"1", "[]", R"({"a":1.5})", R"({"a":null})", R"({"a":"1"})"})
    EXPECT_EQ(map("map<text, int>", wrong),
              std::string(wrong) + ", which map<text, int> cannot hold");
  EXPECT_EQ(map("map<int, int>", "{}"), "nothing");
  EXPECT_EQ(map("map<text, blob>", "{}"), "nothing");
}

TEST(CqlConversion, KnowsTypesByTheirNames) {
  EXPECT_EQ(canonical_cql_type(" Frozen< SET<varchar > >"), "frozen<set<text>>");
  EXPECT_EQ(canonical_cql_type("map<text,int>"), "map<text, int>");
  for (const char* wrong :
       {"", "strng", "set<text", "set", "int int", "set<text>; DROP", "map<text>"})
    EXPECT_EQ(canonical_cql_type(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace turntable
