#include "sink/composite_ddl.h"

#include <gtest/gtest.h>

#include "sink/cassandra_types.h"
#include "sink/cql_composite.h"
#include "sink/ddl.h"

namespace turntable {
namespace {

SinkTable packed() {
  const auto place = std::make_shared<const CompositeType>(CompositeType{
      .name = "place", .fields = {{"city", Type::text}, {"codes", array_of(Type::int32)}}});
  const auto facts = std::make_shared<const CompositeType>(
      CompositeType{.name = "facts",
                    .fields = {{"tempo", Type::float32},
                               {.name = "at", .type = Type::composite, .composite = place}}});
  return {.keyspace = "k",
          .name = "t",
          .columns = {{"id", Type::int32},
                      {.name = "facts", .type = Type::composite, .composite = facts}},
          .key = {.partition = {"id"}}};
}

TEST(CompositeDdl, TypesStandBehindThoseOfTheirFields) {
  const SinkTable table = packed();
  std::string text;
  for (const auto& type : composite_types(table)) text += cql_type_ddl("k", *type) + ";\n";
  EXPECT_EQ(text,
            "CREATE TYPE IF NOT EXISTS k.place (\n"
            "    city text,\n"
            "    codes frozen<list<int>>\n"
            ");\n"
            "CREATE TYPE IF NOT EXISTS k.facts (\n"
            "    tempo float,\n"
            "    at frozen<place>\n"
            ");\n");
  EXPECT_EQ(table_ddl(table, Dialect::cql),
            "CREATE TABLE IF NOT EXISTS k.t (\n"
            "    id int,\n"
            "    facts frozen<facts>,\n"
            "    PRIMARY KEY ((id))\n"
            ")");
  EXPECT_EQ(insert_dml(table, Dialect::cql),
            "INSERT INTO k.t (id, facts) VALUES ((int)?, (frozen<facts>)?)");
}

TEST(CompositeDdl, SqliteHasAColumnForEachField) {
  std::vector<std::string> names;
  for (const FieldColumn& field : field_columns(packed().columns[1])) names.push_back(field.name);
  EXPECT_EQ(names, (std::vector<std::string>{"facts.tempo", "facts.at", "facts.at.city",
                                             "facts.at.codes"}));
  EXPECT_NE(table_ddl(packed(), Dialect::sqlite)
                .find("\"facts.at.city\" text GENERATED ALWAYS AS (json_extract(\"facts\", "
                      "'$.\"at\".\"city\"')) VIRTUAL"),
            std::string::npos);
}

TEST(CompositeDdl, WhatAStoreCannotTakeIsSaid) {
  SinkTable table = packed();
  table.key.partition = {"facts"};
  EXPECT_EQ(check_table(table, Dialect::cql).front().substr(0, 51),
            "column facts is part of the key of k.t, which no co");
  table = packed();
  table.columns.push_back({"facts.tempo", Type::text});
  EXPECT_TRUE(check_table(table, Dialect::cql).empty());
  EXPECT_EQ(check_table(table, Dialect::sqlite).size(), 1U);
  table.columns[1].composite = std::make_shared<const CompositeType>(
      CompositeType{.name = "duration", .fields = {{"a", Type::int32}}});
  EXPECT_EQ(check_table(table, Dialect::cql).front(),
            "Cassandra has a type duration of its own: give the pipeline's another name");
}

TEST(CassandraTypes, WhatAlterTypeCanMendIsSaid) {
  const auto type = composite_types(packed()).back();
  Difference same;
  compare_type("k", *type, {"facts", {{"tempo", "float"}, {"at", "frozen<place>"}}}, same);
  EXPECT_TRUE(same.ok());
  Difference longer;
  compare_type("k", *type,
               {"facts", {{"tempo", "float"}, {"at", "frozen<place>"}, {"more", "int"}}}, longer);
  EXPECT_TRUE(longer.ok());
  EXPECT_EQ(longer.notes.size(), 1U);
  Difference shorter;
  compare_type("k", *type, {"facts", {{"tempo", "float"}}}, shorter);
  EXPECT_EQ(shorter.faults,
            std::vector<std::string>{"field at of type facts is missing, expected frozen<place>"});
  EXPECT_EQ(shorter.advice.back(), "  ALTER TYPE k.facts ADD at frozen<place>;");
  Difference other;
  compare_type("k", *type, {"facts", {{"at", "frozen<place>"}, {"tempo", "float"}}}, other);
  EXPECT_EQ(other.faults, std::vector<std::string>{
                              "field 1 of type facts is at frozen<place>, expected tempo float"});
  EXPECT_TRUE(other.advice[0].starts_with("Cassandra cannot change"));
}

TEST(CqlComposite, ConvertsTimesAndRefusesWhatAFieldCannotHold) {
  EXPECT_FALSE(composite_conversion({.name = "plain", .fields = {{"a", Type::float32}}}));
  const auto convert = composite_conversion(
      {.name = "t", .fields = {{"a", Type::timestamptz}, {"n", Type::numeric}, {"b", Type::text}}});
  ASSERT_TRUE(convert);
  std::string from;
  append_int64_cell(from, -1);
  append_numeric_cell(from, {.digits = 5});
  append_null_cell(from);
  std::string to;
  EXPECT_EQ(convert(CellView(from), to), std::nullopt);
  CellReader fields(CellReader(to).next().bytes());
  EXPECT_EQ(fields.next().int64(), -1);  // Rounded down.
  EXPECT_EQ(fields.next().numeric(), (Numeric{.digits = 5}));
  EXPECT_TRUE(fields.next().is_null());
  from.clear();
  append_null_cell(from);
  append_numeric_cell(from, {.digits = 0, .kind = Numeric::Kind::nan});
  append_null_cell(from);
  EXPECT_EQ(convert(CellView(from), to), "a row whose field n is NaN, which decimal cannot hold");
}

}  // namespace
}  // namespace turntable
