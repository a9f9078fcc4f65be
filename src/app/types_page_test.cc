// docs/TYPES.md is made of what the program does with an example of each type: the decoder and the
// catalogue read it, the stores' own tables say what becomes of it. UPDATE_GOLDEN=1 writes the
// page.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/source_dir.h"
#include "catalogue/type_inference.h"
#include "decode/json_decoder.h"
#include "row/cell.h"
#include "sink/cql_conversion.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

const std::string kPage = source_path("docs/TYPES.md");

constexpr std::string_view kHead =
    R"(# Types

<!-- src/app/types_page_test.cc makes this page of what the program does with these values, and compares; UPDATE_GOLDEN=1 writes it. -->

What a column can be, and how a value of it stands at each edge: as a field of an event, in a lookup's CSV file whose column is declared so,
in the columns of Cassandra that it can be written to, and in SQLite. The types mean what they mean in
[PostgreSQL 15](https://www.postgresql.org/docs/15/datatype.html); `varchar` is `text`, `decimal` is `numeric`. What stands here is written and
read back by other clients in [test_every_type.py](../tests/test_every_type.py).

)";

constexpr std::string_view kTail = R"(
- **numeric** has up to 38 digits, up to 76 of them behind the point. `1.0` and `1.00` are equal in a filter and a join, and two values in a
  key. `NaN` and `Infinity` have no form in CQL: they reject. SQLite has the digits as a text, since a number would be a float there, and
  orders them as texts.
- **timestamp** has no time zone: a text with an offset is refused, in events and in CSV, since it would be lost. Digits beyond microseconds
  are cut in events, which a run says once, and refused in CSV. Cassandra keeps milliseconds.
- **date** and points in time outside of the years 1 to 9999 are numbers in SQLite: days or microseconds since 1970.
- `infinity` and `-infinity` are dates and points in time that texts can be cast to, that can be compared and computed with, and that no table
  holds: a row with one rejects its record. Events and CSV have none.
- **time** has the end of the day, `24:00:00`, which Cassandra has not: it rejects.
- **interval** becomes a duration where no two of its parts have different signs. It has no order in SQLite.
- **uuid** goes into a `timeuuid` where it is one.
- **Arrays** have one level, and NULL elements; `{a,"b c",NULL}` in CSV. Cassandra's lists and sets take no NULL: it rejects. A set has each
  element once; an empty list, set or map that is not frozen is NULL there. In a key they are frozen. SQLite has JSON.
- **jsonb** goes into a map where it is an object whose values the map's type can have: a number into a `double`, a string in ISO 8601 into a
  `timestamp`. Anything else rejects.
- **Types of `CREATE TYPE`** pack several values into one column of a table that is written: [PACKED_ROWS.md](PACKED_ROWS.md).
- Integers go into narrower columns of Cassandra where they fit. **smallint** to **bigint** go into `varint` and `decimal`, numerics into
  `varint` where nothing is behind the point, texts into `ascii` and `inet` where they are such. A value that does not fit is a dead letter
  with the column and the value in its reason. Counters take no INSERT.

Which type a column of Cassandra has, the live table says. For `schema apply` the option `cql_types = 'tags set<text>, price decimal'` of a sink
says it where it is not the first one of the table above; then `schema check` and `run` want it so, too.
)";

struct Example {
  Type type;
  std::string_view json;  // Empty: JSON has no form for it.
  std::string_view csv;   // Empty: it cannot be read.
};

constexpr Example kExamples[] = {
    {Type::boolean, "true", "true"},
    {Type::int16, "-7", "-7"},
    {Type::int32, "-7", "-7"},
    {Type::int64, "-7", "-7"},
    {Type::float32, "0.5", "0.5"},
    {Type::float64, "0.5", "0.5"},
    {Type::numeric, "12.50", "12.50"},
    {Type::text, "\"a\"", "a"},
    {Type::bytes, "", "\\x00ff"},
    {Type::date, "\"2024-02-29\"", "2024-02-29"},
    {Type::time, "\"10:15:00.25\"", "10:15:00.25"},
    {Type::timestamp, "\"2024-02-29T10:15:00\"", "2024-02-29 10:15:00"},
    {Type::timestamptz, "\"2024-02-29T12:15:00+02:00\"", "2024-02-29 12:15:00+02"},
    {Type::interval, "", ""},
    {Type::uuid, "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"",
     "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
    {Type::jsonb, "{\"a\": [1]}", "{\"a\": [1]}"},
    {array_of(Type::text), "[\"a\", null]", "{a,NULL}"},
    {array_of(Type::numeric), "[12.50]", "{12.50}"},
};

std::string cell_of(const Column& column) {
  std::string cell;
  append_cell(cell, column, 0);
  return cell;
}

std::string from_event(Type type, std::string_view json) {
  const std::string event = fmt::format("{{\"v\":{}}}", json);
  auto decoder = make_json_decoder({{"v", type, false}});
  if (!decoder) return "";
  RecordBatch batch;
  batch.records.emplace_back().value = event;
  std::vector<Column> columns{Column(type)};
  Selection alive;
  Rejects rejects;
  (*decoder)->decode(batch, columns, alive, rejects);
  EXPECT_TRUE(rejects.empty()) << json;
  return cell_of(columns[0]);
}

std::string from_csv(Type type, std::string_view text) {
  Column column(type);
  column.reset(1);
  Arena made;
  EXPECT_TRUE(set_from_text(column, 0, text, made)) << text;
  return cell_of(column);
}

std::string in_cassandra(Type type) {
  // The usual one first.
  std::vector<std::string> types{std::string(cql_name(type))};
  const auto add = [&](std::string_view cql) {
    if (cql != types[0] && cql_fit(type, cql)) types.emplace_back(cql);
  };
  for (const std::string_view cql : writable_cql_types()) add(cql);
  const std::string element(cql_name(element_of(type)));
  if (is_array(type)) add(fmt::format("set<{}>", element));
  add("map<text, text>");
  return fmt::format("`{}`", fmt::join(types, "`, `"));
}

std::string in_sqlite(Type type, const std::string& cell) {
  auto db = sqlite::Database::open("", sqlite::Database::Mode::memory);
  EXPECT_TRUE(db->execute(fmt::format("CREATE TABLE t (v {})", sqlite::type_name(type))));
  auto insert = db->prepare("INSERT INTO t VALUES (?)");
  sqlite::bind_cell(*insert, 1, CellReader(cell).next(), type);
  EXPECT_TRUE(insert->step());
  auto select = db->prepare("SELECT quote(v) FROM t");
  EXPECT_TRUE(select->step().value());
  return fmt::format("`{}` in `{}`", select->text(0), sqlite::type_name(type));
}

std::string code(std::string_view text) {
  return text.empty() ? "—" : fmt::format("`{}`", text);
}

std::string page() {
  std::string text(kHead);
  text += "| type | in an event | in CSV | in Cassandra | in SQLite |\n|---|---|---|---|---|\n";
  for (const Example& example : kExamples) {
    const Type type = example.type;
    EXPECT_EQ(example.json.empty(), no_form_in_json({"v", type, false}).has_value());
    EXPECT_EQ(example.csv.empty(), !can_read_from_text(type));
    std::string cell;
    if (!example.csv.empty()) cell = from_csv(type, example.csv);
    if (!example.json.empty()) {
      EXPECT_EQ(from_event(type, example.json), cell) << example.json;
    }
    if (cell.empty()) append_interval_cell(cell, {.micros = 1'500'000, .days = 2, .months = 14});
    text += fmt::format("| {} | {} | {} | {} | {} |\n", sql_name(type), code(example.json),
                        code(example.csv), in_cassandra(type), in_sqlite(type, cell));
  }
  return text + std::string(kTail);
}

TEST(TypesPage, SaysWhatTheProgramDoes) {
  for (const Type type : all_types())
    EXPECT_TRUE(std::any_of(std::begin(kExamples), std::end(kExamples),
                            [&](const Example& example) { return example.type == type; }));
  const std::string made = page();
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(kPage) << made;
  std::ostringstream there;
  there << std::ifstream(kPage).rdbuf();
  EXPECT_EQ(there.str(), made) << "UPDATE_GOLDEN=1 writes the page";
}

}  // namespace
}  // namespace turntable
