// What the users see where their SQL is at fault: every case of tests/golden/sql_faults.txt, text
// and place. A case there is "=== name", the SQL, "---", and the faults. UPDATE_GOLDEN=1 writes the
// faults anew.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/source_dir.h"
#include "sql/testing.h"

namespace turntable::sql {
namespace {

const std::string kGolden = source_path("tests/golden/sql_faults.txt");

struct GoldenCase {
  std::string name;
  std::string sql;
  std::string faults;
};

std::vector<GoldenCase> read_cases() {
  std::vector<GoldenCase> cases;
  std::ifstream file(kGolden, std::ios::binary);
  bool in_sql = true;
  for (std::string line; std::getline(file, line);) {
    if (line.substr(0, 4) == "=== ") {
      cases.push_back({line.substr(4), "", ""});
      in_sql = true;
    } else if (line == "---") {
      in_sql = false;
    } else if (!cases.empty()) {
      (in_sql ? cases.back().sql : cases.back().faults) += line + "\n";
    }
  }
  return cases;
}

// Most cases are one INSERT into these tables; it begins in line 4.
constexpr const char* kTables =
    "CREATE TABLE plays (id int NOT NULL, name text, song text, time text) WITH (connector = "
    "'kafka');\n"
    "CREATE TABLE songs () WITH (connector = 'csv', key = 'name');\n"
    "CREATE TABLE history (id int, song text, tempo real);\n";

BoundScript bind_case(const std::string& sql) {
  const bool whole_file = sql.find("CREATE") != std::string::npos;
  const Schema songs = {{"name", Type::text, false},
                        {"artists", Type::text, false},
                        {"key", Type::int32, false},
                        {"tempo", Type::float64, false}};
  return bind_text(whole_file ? sql : kTables + sql, {{"songs", {.schema = songs}}});
}

TEST(Faults, AreAsTheGoldenFileSays) {
  const std::vector<GoldenCase> cases = read_cases();
  ASSERT_GE(cases.size(), 50U);
  std::ostringstream found;
  for (const GoldenCase& c : cases) {
    const BoundScript bound = bind_case(c.sql);
    const std::string faults = bound.faults.text() + "\n";
    found << "=== " << c.name << "\n" << c.sql << "---\n" << faults;
    EXPECT_FALSE(bound.program.has_value()) << c.name;
    EXPECT_EQ(faults, c.faults) << c.name << "; UPDATE_GOLDEN=1 accepts this";
    for (const Fault& fault : bound.faults.list)
      EXPECT_GT(fault.at.line, 0) << c.name << ": " << fault.message;
  }
  if (std::getenv("UPDATE_GOLDEN") != nullptr)
    std::ofstream(kGolden, std::ios::binary) << found.str();
}

TEST(Faults, AreSortedByPlaceAndThoseOfTheCommandLineHaveNone) {
  Faults faults{.file = "p.sql", .list = {}};
  faults.add({3, 1}, "third");
  faults.add({1, 9}, "first");
  faults.add({}, "--set x.y: no");
  EXPECT_EQ(faults.text(), "--set x.y: no\np.sql:1:9: first\np.sql:3:1: third");
  EXPECT_EQ(faults.error().kind, ErrorKind::usage);
}

// A name in a file, or on the command line, may hold what would move the cursor or is no text.
TEST(Faults, AreShownWithoutControlCharacters) {
  Faults faults{.file = "p.sql", .list = {}};
  faults.add({3, 1}, "there is no table a\n\x1b[2J\xff");
  EXPECT_EQ(faults.text(), "p.sql:3:1: there is no table a\\n\\u001b[2J\\xff");
}

// Two syntax faults, an unknown type and more would take many runs with a parser that stops.
TEST(Faults, OfAllStatementsAreFoundInOnePass) {
  const BoundScript bound = bind_text(
      "CREATE TABLE a (x itn);\n"
      "CREATE TABLE b (x int,);\n"
      "CREATE TABLE c (y int);\n"
      "INSERT INTO c SELECT a.z AS y FROM a;\n"
      "INSERT INTO c SELECT c.z AS y FROM c;\n"
      "INSERT INTO nowhere;\n");
  // Table a lacks a column because of its fault, so a.z is not missed. Nor is it a second stream:
  // it may have been meant as a lookup.
  EXPECT_EQ(
      bound.faults.text(),
      "p.sql:1:19: there is no type itn. Did you mean 'int'? Types are boolean, smallint, "
      "int, bigint, real, double precision, numeric, text, bytea, date, time, timestamp, "
      "timestamptz, interval, uuid, jsonb\n"
      "p.sql:2:22: a comma stands before ) here: take it away\n"
      "p.sql:5:13: table c has an INSERT already, in line 4: an INSERT is named by its table, "
      "so a table has one\n"
      "p.sql:5:24: table c has no column z. Did you mean 'y'?\n"
      "p.sql:6:20: syntax error at end of input");
}

}  // namespace
}  // namespace turntable::sql
