#include "sql/script.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/source_dir.h"
#include "sql/options.h"
#include "sql/source_text.h"
#include "sql/testing.h"

namespace turntable::sql {
namespace {

Script parsed(std::string_view text, const std::vector<SetOption>& sets = {}) {
  Faults faults{.file = "p.sql", .list = {}};
  Script script = parse_script(text, sets, faults);
  EXPECT_EQ(faults.text(), "");
  return script;
}

std::string faults_of(std::string_view text, const std::vector<SetOption>& sets = {}) {
  Faults faults{.file = "p.sql", .list = {}};
  (void)parse_script(text, sets, faults);
  return faults.text();
}

constexpr std::string_view kInsert =
    "CREATE TABLE s (x int); CREATE TABLE o (); INSERT INTO o SELECT x FROM s;";

TEST(Script, ReadsTheSeedsPipeline) {
  std::ifstream file(source_path("pipelines/listening_history.sql"));
  std::stringstream text;
  text << file.rdbuf();
  const Script script = parsed(text.str());
  ASSERT_EQ(script.tables.size(), 3U);
  EXPECT_EQ(script.tables[0].columns.size(), 4U);
  EXPECT_TRUE(script.tables[0].columns[0].not_null);
  EXPECT_EQ(script.tables[0].columns[0].type, Type::int32);
  EXPECT_TRUE(script.tables[1].columns.empty());
  EXPECT_EQ(script.tables[2].columns.size(), 23U);
  EXPECT_EQ(script.tables[2].columns[10].type, Type::float32);
  EXPECT_EQ(script.tables[2].value("primary_key"),
            "((name, date, hour), time, kafka_partition, kafka_offset)");
  ASSERT_EQ(script.inserts.size(), 1U);
  EXPECT_EQ(script.inserts[0].sink, "listening_history");
  EXPECT_EQ(script.inserts[0].source, "plays");
  EXPECT_EQ(script.inserts[0].lookups, std::vector<std::string>{"songs"});
}

TEST(Script, TakesOptionsOfEveryForm) {
  const Script script = parsed(
      "CREATE TABLE t (x int) WITH (Topic = 'A b', \"Bootstrap.Servers\" = 'h:1', group.id = g, n "
      "= 10, m = -1.5,\n"
      "  yes, no = false, k = off, w = earliest, e = E'a\\tb', d = $$x;y$$);" +
      std::string(kInsert));
  const TableDef& table = script.tables[0];
  EXPECT_EQ(table.value("topic"), "A b");
  EXPECT_EQ(table.value("Bootstrap.Servers"), "h:1");
  EXPECT_EQ(table.find("bootstrap.servers"), nullptr);
  EXPECT_EQ(table.value("group.id"), "g");
  EXPECT_EQ(table.value("n"), "10");
  EXPECT_EQ(table.value("m"), "-1.5");
  EXPECT_EQ(table.value("yes"), "true");
  EXPECT_EQ(table.value("no"), "false");
  EXPECT_EQ(table.value("k"), "off");
  EXPECT_EQ(table.value("w"), "earliest");
  EXPECT_EQ(table.value("e"), "a\tb");
  EXPECT_EQ(table.value("d"), "x;y");
  EXPECT_EQ(table.value("missing", "other"), "other");
  EXPECT_EQ(table.find("topic")->at.column, 30);
  EXPECT_EQ(table.find("w")->at.line, 2);
}

TEST(Script, FillsVariablesFromTheEnvironment) {
  setenv("TURNTABLE_TEST_HOST", "kafka", 1);
  setenv("TURNTABLE_TEST_EMPTY", "", 1);
  const Script script = parsed(
      "CREATE TABLE t (x int) WITH (a = '${TURNTABLE_TEST_HOST}:9092', b = "
      "'${TURNTABLE_TEST_NONE:-x:-y}',\n"
      "c = '${TURNTABLE_TEST_EMPTY}', d = '${TURNTABLE_TEST_EMPTY:-z}', e = '$5 "
      "$${TURNTABLE_TEST_HOST}', f = '${A1:-}');" +
      std::string(kInsert));
  EXPECT_EQ(script.tables[0].value("a"), "kafka:9092");
  EXPECT_EQ(script.tables[0].value("b"), "x:-y");
  EXPECT_EQ(script.tables[0].value("c"), "");
  EXPECT_EQ(script.tables[0].value("d"), "z");
  EXPECT_EQ(script.tables[0].value("e"), "$5 $kafka");
  EXPECT_EQ(script.tables[0].value("f"), "");
}

TEST(Script, SplitsStatementsWhereThePostgresLexerWould) {
  const Script script = parsed(
      "\xEF\xBB\xBF-- a; comment\n/* b; /* nested; */ */ CREATE TABLE \"a;b\" (x int) WITH (k = "
      "';'';', l = E'\\';');;\r\n"
      "CREATE TABLE c (y int) WITH (k = $tag$;$$;$tag$) -- end;\n;" +
      std::string(kInsert));
  ASSERT_EQ(script.tables.size(), 4U);
  EXPECT_EQ(script.tables[0].name, "a;b");
  EXPECT_EQ(script.tables[0].value("k"), ";';");
  EXPECT_EQ(script.tables[0].value("l"), "';");
  EXPECT_EQ(script.tables[1].value("k"), ";$$;");
  EXPECT_EQ(script.tables[1].at.line, 3);
}

TEST(Script, SetsOverrideAddAndAreMarked) {
  const Script script =
      parsed("CREATE TABLE t (x int) WITH (topic = 'a');" + std::string(kInsert),
             {{"t", "topic", "${b}"}, {"t", "group.id", "g"}, {"t", "group.id", "h"}});
  EXPECT_EQ(script.tables[0].value("topic"), "${b}");
  EXPECT_TRUE(script.tables[0].find("topic")->from_command_line);
  EXPECT_EQ(script.tables[0].find("topic")->at.line, 1);
  EXPECT_EQ(script.tables[0].value("group.id"), "h");
  EXPECT_EQ(script.tables[0].find("group.id")->at.line, 0);
  EXPECT_EQ(faults_of(kInsert, {{"ss", "a", "b"}}),
            "--set ss.a: there is no table ss. Did you mean 's'?");
}

TEST(Script, SetOptionsAreSplitAtTheFirstDot) {
  const auto split = [](std::string_view text) -> std::string {
    const auto set = parse_set_option(text);
    return set ? set->table + "|" + set->option + "|" + set->value : set.error().message;
  };
  EXPECT_EQ(split("plays.group.id=x"), "plays|group.id|x");
  EXPECT_EQ(split("plays.topic="), "plays|topic|");
  EXPECT_EQ(split("plays.a=b=c.d"), "plays|a|b=c.d");
  for (const std::string wrong : {"", "plays", "plays.topic", ".a=b", "plays.=b", "plays=a.b"})
    EXPECT_TRUE(split(wrong).ends_with(": expected TABLE.OPTION=VALUE")) << split(wrong);
}

TEST(Script, RefusesWhatIsNotText) {
  EXPECT_EQ(faults_of("CREATE TABLE s (x int);\nCREATE T\xFF"),
            "p.sql:2:9: the file is not UTF-8 text");
  EXPECT_EQ(faults_of(std::string_view("CREATE\0 TABLE", 13)),
            "p.sql:1:7: there is a NUL byte in the file");
  EXPECT_EQ(faults_of(""), "p.sql:1:1: the pipeline has no INSERT INTO … SELECT statement");
  EXPECT_EQ(faults_of("CREATE TABLE s (x int);\n/* INSERT"),
            "p.sql:2:1: unterminated /* comment at or near \"/* INSERT\"");
  EXPECT_EQ(faults_of("/* a */ ; -- b\n/* c */"),
            "p.sql:1:1: the pipeline has no INSERT INTO … SELECT statement");
  EXPECT_EQ(faults_of("\n -- nothing\n;;"),
            "p.sql:1:1: the pipeline has no INSERT INTO … SELECT statement");
}

TEST(Script, StopsAtTooManyFaults) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "CREATE TABLE x (a int);\n";
  const std::string faults = faults_of(text);
  EXPECT_EQ(std::count(faults.begin(), faults.end(), '\n'), 100);
  EXPECT_TRUE(faults.ends_with("p.sql:102:1: too many faults: what follows was not looked at"))
      << faults.substr(faults.size() - 200);
}

// libpg_query, and our own walk over its tree, recurse.
TEST(Script, RefusesWhatWouldExhaustTheStack) {
  const auto repeat = [](std::string out, std::string_view part, int times) {
    for (int i = 0; i < times; ++i) out += part;
    return out;
  };
  const auto insert = [](const std::string& expression) {
    return "CREATE TABLE s (x int); CREATE TABLE o ();\nINSERT INTO o SELECT " + expression +
           " AS x FROM s;";
  };
  const std::string deep = "p.sql:2:1: the statement nests too deeply: more than 1000 levels";
  for (const int times : {1'000, 20'000, 200'000}) {
    EXPECT_EQ(faults_of(insert(repeat(repeat("", "(", times) + "1", ")", times))), deep);
    EXPECT_EQ(faults_of(insert(repeat("1", "+1", times))), deep);
    EXPECT_EQ(faults_of(insert(repeat("1", "::int", times))), deep);
    EXPECT_EQ(faults_of(insert(repeat("", "- ", times) + "1")), deep);
    EXPECT_EQ(faults_of(insert(repeat(repeat("", "length(", times) + "x", ")", times))), deep);
    EXPECT_EQ(faults_of(repeat("CREATE TABLE o ();\nINSERT INTO o SELECT 1 AS x FROM s",
                               " JOIN s ON true", times)),
              deep);
  }
  EXPECT_EQ(faults_of(insert(repeat("1", "::int", 300))), "");
  EXPECT_EQ(faults_of(insert(repeat("", "1 AS a, ", 5'000) + "1")), "");
}

TEST(Script, BoundsTheColumnsOfATable) {
  const auto table = [](size_t columns) {
    std::string text = "CREATE TABLE t (c0 int";
    for (size_t i = 1; i < columns; ++i) text += ",\nc" + std::to_string(i) + " int";
    return text + ");" + std::string(kInsert);
  };
  EXPECT_EQ(faults_of(table(kColumnsLimit)), "");
  EXPECT_EQ(faults_of(table(kColumnsLimit + 1)), "p.sql:1601:1: a table has 1,600 columns at most");
}

TEST(Script, BoundsTheColumnsOfASelect) {
  const auto select = [](size_t items) {
    std::string text = "CREATE TABLE s (x int); CREATE TABLE o ();\nINSERT INTO o SELECT x AS c0";
    for (size_t i = 1; i < items; ++i) text += ",\nx AS c" + std::to_string(i);
    return bind_text(text + " FROM s;");
  };
  EXPECT_EQ(select(kColumnsLimit).faults.text(), "");
  const BoundScript more = select(kColumnsLimit + 2);
  EXPECT_EQ(more.faults.text(), "p.sql:1603:1: the SELECT list has more than 1,600 columns");
  EXPECT_FALSE(more.plan);
}

TEST(Script, BoundsWhatVariablesMakeOfAnOption) {
  const std::string quarter(kOptionBytesLimit / 4, 'x');
  ASSERT_EQ(setenv("TURNTABLE_LONG", quarter.c_str(), 1), 0);
  const auto option = [](const std::string& value) {
    return "CREATE TABLE t (x int) WITH (o = '" + value + "');" + std::string(kInsert);
  };
  const std::string whole = "${TURNTABLE_LONG}${TURNTABLE_LONG}${TURNTABLE_LONG}${TURNTABLE_LONG}";
  EXPECT_EQ(parsed(option(whole)).tables[0].value("o").size(), kOptionBytesLimit);
  const std::string fault = "p.sql:1:30: option o: its value is longer than 1,048,576 bytes";
  EXPECT_EQ(faults_of(option(whole + "y")), fault);
  EXPECT_EQ(faults_of(option(whole + "${TURNTABLE_LONG}")), fault);
  EXPECT_EQ(faults_of(option(std::string(kOptionBytesLimit + 1, 'y'))), fault);
  unsetenv("TURNTABLE_LONG");
}

TEST(Script, ShowsNothingOfASecretInAFault) {
  const auto faults = [](const std::string& options) {
    return faults_of("CREATE TABLE t (x int) WITH (topic = 'test', " + options + ");" +
                     std::string(kInsert));
  };
  for (const std::string& options : {
           std::string("\"sasl.password\" 'hunter2'"),
           std::string("\"sasl.password\" = 'hunter2"),
           std::string("\"sasl.password\" = hunter2 hunter2"),
           std::string("\"sasl.password\" = 'x' 'hunter2', a = 'b"),
           std::string("\"sasl.password\" = 'hu'nter2'"),
           std::string("\"sasl.password\" = ${hunter2}"),
           std::string("\"sasl.password\" = 'x${hunter2'"),
           std::string("\"sasl.password\" = '${hunter 2}'"),
           std::string("password = '${hunter-2}'"),
           std::string("topic = 'x, \"sasl.password\" = 'hunter2'"),
           std::string("\"ssl.key.pem\" = '-----BEGIN\nhunter2\n-----END' +"),
       }) {
    const std::string text = faults(options);
    EXPECT_NE(text, "") << options;
    for (const char* part : {"hunter", "nter2", "BEGIN"})
      EXPECT_EQ(text.find(part), std::string::npos) << options << "\n" << text;
  }
  EXPECT_NE(faults("a = 'x' 'y'").find("at or near"), std::string::npos);
}

TEST(Script, ShowsNoValueOfAnOverrideThatIsNone) {
  for (const char* set :
       {"password=hunter2", "sasl.password:hunter2", "plays.sasl.password hunter2", "=hunter2",
        ".x=hunter2", "plays.=hunter2"}) {
    const auto parsed = parse_set_option(set);
    ASSERT_FALSE(parsed) << set;
    EXPECT_EQ(parsed.error().message.find("hunter"), std::string::npos) << parsed.error().message;
  }
}

TEST(SourceText, CountsCharactersFromOne) {
  const SourceText source("ab\né😀x\r\ny");
  EXPECT_EQ(source.at(0).column, 1);
  EXPECT_EQ(source.at(3).line, 2);
  EXPECT_EQ(source.at(5).column, 2);
  EXPECT_EQ(source.at(9).column, 3);
  EXPECT_EQ(source.at(12).line, 3);
  EXPECT_EQ(source.at(1'000).line, 3);
}

}  // namespace
}  // namespace turntable::sql
