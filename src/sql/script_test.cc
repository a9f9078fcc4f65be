#include "sql/script.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/source_dir.h"
#include "row/insert_set.h"
#include "sql/options.h"
#include "sql/source_text.h"
#include "sql/syntax.h"
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
  EXPECT_EQ(script.inserts[0].tables, (std::vector<std::string>{"plays", "songs"}));
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
            "p.sql:2:1: this comment is not closed: a */ is missing");
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

// --- Views and several INSERTs

using Names = std::vector<std::string>;

TEST(Script, TakesSeveralInsertsAndTablesAnywhere) {
  const Script script = parsed(
      "INSERT INTO by_hour SELECT s.x FROM s JOIN songs ON songs.k = s.x LEFT JOIN moods m\n"
      "  USING (k) JOIN songs again ON again.j = s.x;\n"
      "CREATE TABLE s (x int); CREATE TABLE songs (k int, j int); CREATE TABLE moods (k int);\n"
      "INSERT INTO by_song SELECT x FROM s;\n"
      "CREATE TABLE by_hour (); CREATE TABLE by_song ();");
  ASSERT_EQ(script.inserts.size(), 2U);
  EXPECT_EQ(script.tables.size(), 5U);
  EXPECT_EQ(script.inserts[0].sink, "by_hour");
  EXPECT_EQ(script.inserts[0].tables, (Names{"s", "songs", "moods"}));
  EXPECT_EQ(script.inserts[1].sink, "by_song");
  EXPECT_EQ(script.inserts[1].at.line, 4);
  EXPECT_EQ(script.inserts[1].tables, Names{"s"});
  EXPECT_TRUE(script.complete);
}

TEST(Script, AViewStandsForItsTables) {
  const Script script = parsed(
      "CREATE TABLE s (x int); CREATE TABLE a (x int); CREATE TABLE b (x int);\n"
      "CREATE VIEW \"Known\" (x, \"Other name\") AS SELECT s.x, a.x AS y FROM s JOIN a USING (x);\n"
      "CREATE VIEW mixed AS SELECT * FROM b k JOIN \"Known\" ON k.x = b.x;\n"
      "CREATE TABLE o ();\n"
      "INSERT INTO o SELECT x FROM mixed v JOIN a ON a.x = v.x;");
  ASSERT_EQ(script.views.size(), 2U);
  const View& known = script.views[0];
  EXPECT_EQ(known.name, "Known");
  EXPECT_EQ(known.tables, (Names{"s", "a"}));
  EXPECT_EQ(known.at.line, 2);
  EXPECT_EQ(known.at.column, 13);
  ASSERT_EQ(known.syntax->columns.size(), 2U);
  EXPECT_EQ(known.syntax->columns[1].name, "Other name");
  EXPECT_EQ(known.syntax->columns[0].at.column, 22);
  EXPECT_EQ(known.syntax->columns[1].at.column, 25);
  EXPECT_EQ(known.syntax->select.items.size(), 2U);
  EXPECT_EQ(script.find_view("mixed")->tables, (Names{"b", "s", "a"}));
  EXPECT_EQ(script.find_view("neither"), nullptr);
  EXPECT_EQ(script.find("mixed"), nullptr);
  EXPECT_EQ(script.inserts[0].tables, (Names{"b", "s", "a"}));
}

constexpr const char* kThree = "CREATE TABLE s (x int); CREATE TABLE o (); CREATE TABLE p ();\n";

TEST(Script, AViewIsDeclaredBeforeItIsUsed) {
  EXPECT_EQ(faults_of(std::string(kThree) + "INSERT INTO o SELECT x FROM v;\n"
                                            "CREATE VIEW w AS SELECT x FROM s JOIN v ON true;\n"
                                            "CREATE VIEW v AS SELECT x FROM s;\n"
                                            "INSERT INTO p SELECT x FROM w;"),
            "p.sql:2:29: view v is declared only in line 4: a view stands before the statements "
            "that use it\n"
            "p.sql:3:39: view v is declared only in line 4: a view stands before the statements "
            "that use it");
  EXPECT_EQ(faults_of(std::string(kThree) +
                      "CREATE VIEW v AS SELECT x FROM v; INSERT INTO o SELECT x FROM v;"),
            "p.sql:2:32: view v cannot use itself");
}

// Otherwise bind() would walk in a circle.
TEST(Script, AViewUsesOnlyViewsBeforeIt) {
  Faults faults{.file = "p.sql", .list = {}};
  const Script script =
      parse_script(std::string(kThree) +
                       "CREATE VIEW a AS SELECT x FROM b; CREATE VIEW b AS SELECT x FROM a;\n"
                       "CREATE VIEW c AS SELECT x FROM c; CREATE VIEW d AS SELECT x FROM s;\n"
                       "INSERT INTO o SELECT x FROM d;",
                   {}, faults);
  EXPECT_FALSE(faults.empty());
  ASSERT_EQ(script.views.size(), 1U);
  EXPECT_EQ(script.views[0].name, "d");
  EXPECT_FALSE(script.complete);
}

TEST(Script, NamesOfViewsAndTablesDiffer) {
  EXPECT_EQ(faults_of(std::string(kThree) + "CREATE VIEW t AS SELECT x FROM s;\n"
                                            "CREATE TABLE t (x int);\n"
                                            "CREATE VIEW s AS SELECT x FROM o;\n"
                                            "CREATE VIEW v AS SELECT x FROM s;\n"
                                            "CREATE VIEW v AS SELECT x FROM s;\n"
                                            "INSERT INTO o SELECT x FROM v;"),
            "p.sql:3:14: t is the name of a view and of a table: the other is in line 2\n"
            "p.sql:4:13: s is the name of a view and of a table: the other is in line 1\n"
            "p.sql:6:13: view v is declared twice, first in line 5");
}

TEST(Script, NothingIsInsertedIntoAView) {
  EXPECT_EQ(faults_of(std::string(kThree) +
                      "CREATE VIEW v AS SELECT x FROM s; INSERT INTO v SELECT x FROM s;"),
            "p.sql:2:47: v is a view: rows can be inserted only into a table");
}

TEST(Script, RefusesKindsOfViewsByName) {
  EXPECT_EQ(
      faults_of(std::string(kThree) +
                "CREATE OR REPLACE VIEW a AS SELECT x FROM s;\n"
                "CREATE TEMP VIEW b AS SELECT x FROM s;\n"
                "CREATE VIEW c WITH (security_barrier) AS SELECT x FROM s;\n"
                "CREATE VIEW d AS SELECT x FROM s WITH LOCAL CHECK OPTION;\n"
                "CREATE RECURSIVE VIEW e (x) AS SELECT x FROM s;\n"
                "CREATE VIEW f AS SELECT x;\n"
                "CREATE VIEW g AS VALUES (1);\n"
                "CREATE VIEW h AS WITH RECURSIVE y AS (SELECT 1) SELECT x FROM s;\n"
                "CREATE MATERIALIZED VIEW i AS SELECT x FROM s;\n"
                "CREATE VIEW x.j AS SELECT x FROM s UNION SELECT x FROM s;\n"),
      "p.sql:2:24: OR REPLACE is not supported (yet)\n"
      "p.sql:3:18: TEMPORARY is not supported (yet)\n"
      "p.sql:4:21: WITH behind a view's name is not supported (yet)\n"
      "p.sql:5:13: WITH CHECK OPTION is not supported (yet)\n"
      "p.sql:6:23: RECURSIVE is not supported (yet)\n"
      "p.sql:7:1: CREATE VIEW … AS SELECT needs FROM a table\n"
      "p.sql:8:26: VALUES is not supported (yet): write CREATE VIEW … AS SELECT … FROM\n"
      "p.sql:9:18: WITH is not supported (yet)\n"
      "p.sql:10:1: a pipeline holds only CREATE TABLE, CREATE TYPE … AS (…), CREATE VIEW, CREATE "
      "FUNCTION and INSERT INTO … SELECT statements\n"
      "p.sql:11:13: a schema before a table's name is not supported (yet)\n"
      "p.sql:11:49: UNION, INTERSECT or EXCEPT is not supported (yet)");
}

TEST(Script, ATableTakesOneInsert) {
  EXPECT_EQ(
      faults_of(std::string(kThree) +
                "INSERT INTO o SELECT x FROM s;\nINSERT INTO p SELECT x FROM s;\n"
                "INSERT INTO o SELECT x FROM s;"),
      "p.sql:4:13: table o has an INSERT already, in line 2: an INSERT is named by its table, "
      "so a table has one");
}

TEST(Script, BoundsInsertsAndViews) {
  const auto script = [](const std::string& kind, size_t count) {
    std::string text = "CREATE TABLE s (x int);\n";
    for (size_t i = 0; i < count; ++i) {
      const std::string name = std::to_string(i);
      text += kind == "view" ? "CREATE VIEW v" + name + " AS SELECT x FROM s;\n"
                             : "INSERT INTO o" + name + " SELECT x FROM s;\n";
    }
    return text + (kind == "view" ? "INSERT INTO o SELECT x FROM s;" : "");
  };
  EXPECT_EQ(faults_of(script("insert", kInsertsLimit)), "");
  EXPECT_EQ(faults_of(script("insert", kInsertsLimit + 2)),
            "p.sql:33:13: a pipeline has 31 INSERTs at most");
  EXPECT_EQ(faults_of(script("view", kViewsLimit)), "");
  EXPECT_EQ(faults_of(script("view", kViewsLimit + 2)),
            "p.sql:1002:13: a pipeline has 1,000 views at most");
}

// A short text could name a lot of tables again and again.
TEST(Script, ViewsOnViewsDoNotGrowWithoutBound) {
  std::string text = "CREATE VIEW v0 AS SELECT 1 AS x FROM t0;\n";
  for (int i = 1; i < 1'000; ++i) {
    const std::string n = std::to_string(i);
    text += "CREATE VIEW v" + n + " AS SELECT 1 AS x FROM v" + std::to_string(i - 1) + " JOIN t" +
            n + " ON true;\n";
  }
  const Script script = parsed(text + "INSERT INTO o SELECT x FROM v999;");
  EXPECT_EQ(script.inserts[0].tables.size(), kTablesLimit + 1);
}

TEST(Script, CommentsMayStandAnywhere) {
  const Script script = parsed(
      "-- CREATE TABLE not_this ();\n"
      "CREATE /* a */ TABLE s ( -- (\n x int /* ; */ , y /* /* nested */ ' */ int) -- ;\n"
      "WITH (k = 'v' /* ' */);\n"
      "CREATE VIEW /* v; */ v AS -- a view\n SELECT x /* , y */ FROM s -- WHERE y\n ;\n"
      "CREATE TABLE o (); INSERT INTO o SELECT x -- end\n FROM v /* no more */ ; -- INSERT INTO o");
  ASSERT_EQ(script.tables.size(), 2U);
  EXPECT_EQ(script.tables[0].columns.size(), 2U);
  EXPECT_EQ(script.views.size(), 1U);
  EXPECT_EQ(script.inserts.size(), 1U);
}

TEST(Faults, AreShownOnceEach) {
  Faults faults{.file = "p.sql", .list = {}};
  for (int i = 0; i < 3; ++i) faults.add({1, 2}, "the operator + does not take (text, int)");
  faults.add({1, 2}, "another");
  faults.add({1, 3}, "another");
  EXPECT_EQ(faults.text(),
            "p.sql:1:2: the operator + does not take (text, int)\n"
            "p.sql:1:2: another\n"
            "p.sql:1:3: another");
}

// --- Limits

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
  const BoundScript more = select(kColumnsLimit + 1);
  EXPECT_EQ(more.faults.text(), "p.sql:1602:1: the SELECT list has more than 1,600 columns");
  EXPECT_FALSE(more.program);
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

TEST(SourceText, CountsCharactersInLongLines) {
  std::string text = "a\n";
  std::vector<std::pair<size_t, int>> places;  // Byte and column.
  for (int column = 1; column <= 2'000; ++column) {
    places.emplace_back(text.size(), column);
    text += column % 3 == 0 ? "\xC3\xA9" : "b";
  }
  text += "\nc";
  const SourceText source(text);
  for (const auto& [byte, column] : places) {
    ASSERT_EQ(source.at(byte).line, 2);
    ASSERT_EQ(source.at(byte).column, column) << byte;
  }
  EXPECT_EQ(source.at(text.size()).column, 2);
  EXPECT_EQ(SourceText("").at(5).column, 1);
  EXPECT_EQ(SourceText(std::string(256, 'x')).at(256).column, 257);
}

}  // namespace
}  // namespace turntable::sql
