#include "sql/type_modifiers.h"

#include "sql/testing.h"

namespace turntable::sql {
namespace {

// What becomes of texts that are written to a column of this type.
Values assigned(const std::string& type, const std::string& value,
                const std::vector<std::optional<std::string>>& rows) {
  const BoundScript bound = bind_text("CREATE TABLE s (x text); CREATE TABLE o (v " + type +
                                      "); INSERT INTO o SELECT " + value + " AS v FROM s;");
  if (!bound.program) return {"fault: " + bound.faults.text()};
  Column x(Type::text);
  x.reset(rows.size());
  Selection alive;
  for (uint32_t row = 0; row < rows.size(); ++row) {
    alive.push_back(row);
    if (rows[row]) x.set<std::string_view>(row, *rows[row]);
  }
  const NodeId wanted = bound.program->inserts[0].outputs[0].node;
  Evaluator evaluator(*bound.program, {&wanted, 1});
  const TableInput table{.columns = {&x, 1}, .rows = nullptr};
  evaluator.begin({&table, 1}, rows.size());
  evaluator.compute_all(alive);
  Values values;
  const Column& column = evaluator.result(wanted);
  for (const uint32_t row : alive) {
    if (column.state(row) == State::failed) {
      values.push_back("reject: " + evaluator.why(wanted, row).message);
    } else if (column.is_null(row)) {
      values.emplace_back("NULL");
    } else if (column.type() == Type::numeric) {
      values.push_back(numeric_text(column.get<Numeric>(row)));
    } else {
      values.emplace_back(column.get<std::string_view>(row));
    }
  }
  return values;
}

TEST(TypeModifiers, ATextThatIsTooLongForItsColumnIsRejectedUnlessBlanksAreCut) {
  EXPECT_EQ(assigned("varchar(3)", "x", {"abc", "é日𝄞", "ab   ", "abc  ", "abcd", std::nullopt}),
            (Values{"abc", "é日𝄞", "ab ", "abc", "reject: x: 'abcd' is too long for varchar(3)",
                    "NULL"}));
  EXPECT_EQ(assigned("varchar(3)", "cast(x AS varchar(3))", {"abcd"}), (Values{"abc"}));
}

TEST(TypeModifiers, ANumberIsRoundedForItsColumn) {
  EXPECT_EQ(assigned("numeric(4, 1)", "cast(x AS numeric)", {"1.25", "999.94", "999.95"}),
            (Values{"1.3", "999.9",
                    "reject: cast(x AS numeric): 999.95 is out of range for numeric(4, 1)"}));
}

TEST(TypeModifiers, AStreamsColumnHasWhatItDeclares) {
  const BoundScript bound =
      bind_text("CREATE TABLE s (x varchar(2)); CREATE TABLE o (); INSERT INTO o SELECT x FROM s;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  const Program& program = *bound.program;
  EXPECT_TRUE(std::holds_alternative<Call>(program.nodes[program.inserts[0].outputs[0].node].what));
  EXPECT_EQ(program.inserts[0].outputs[0].type, Type::text);
}

}  // namespace
}  // namespace turntable::sql
