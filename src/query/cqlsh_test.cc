#include "query/cqlsh.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

std::string fault(const std::string& text) {
  return shell_command_fault({.text = text, .at = {}}).value_or("none");
}

TEST(Cqlsh, ItsCommandsAreNamedWithWhatDoesTheSameHere) {
  EXPECT_EQ(fault("CONSISTENCY local_one"),
            "CONSISTENCY is a command of cqlsh, not CQL: leave it out and give --set "
            "consistency=local_one");
  EXPECT_EQ(fault("consistency"), "consistency is a command of cqlsh, not CQL: leave it out");
  EXPECT_EQ(fault("SERIAL CONSISTENCY SERIAL"),
            "SERIAL is a command of cqlsh, not CQL: leave it out");
  EXPECT_EQ(fault("COPY k.t (a, b) TO 'x.csv' WITH HEADER = true"),
            "COPY is a command of cqlsh, not CQL: write a SELECT and give --format csv and -o "
            "FILE");
  EXPECT_EQ(fault("COPY k.t FROM 'x.csv'"),
            "COPY is a command of cqlsh, not CQL: a pipeline with an INSERT INTO … SELECT writes "
            "rows into a table: turntable run");
  EXPECT_EQ(fault("SOURCE 'x.cql'"),
            "SOURCE is a command of cqlsh, not CQL: give that file to a query of its own by -f");
  // A command ends with its line, so that the next statement follows it.
  EXPECT_EQ(fault("PAGING OFF\nSELECT 1"),
            "PAGING is a command of cqlsh, not CQL: leave it out: all rows are read, page by "
            "page");
  for (const char* command :
       {"TRACING ON", "EXPAND ON", "CAPTURE 'x'", "SHOW VERSION", "LOGIN ann", "EXIT", "quit",
        "CLEAR", "CLS", "HELP", "UNICODE", "HISTORY", "DEBUG", "ELAPSED ON"})
    EXPECT_NE(fault(command).find(" is a command of cqlsh, not CQL: "), std::string::npos)
        << command;
}

TEST(Cqlsh, StatementsAreNone) {
  for (const char* text : {"SELECT consistency FROM t", "USE k", "DESCRIBE TABLES", "BEGIN BATCH",
                           "\"copy\"", "LIST ROLES", "CREATE TABLE source (a int PRIMARY KEY)"})
    EXPECT_EQ(fault(text), "none") << text;
}

TEST(Cqlsh, CommandsOfSqlitesShellAreNamed) {
  EXPECT_EQ(fault(".mode csv"), ".mode is a command of sqlite3's shell, not SQL: leave it out");
}

}  // namespace
}  // namespace turntable
