#include "sql/evaluator.h"

#include <algorithm>

#include "sql/testing.h"

namespace turntable::sql {
namespace {

constexpr const char* kTables =
    "CREATE TABLE s (x text, n bigint) WITH (connector = 'kafka');"
    "CREATE TABLE l (k text, v double precision) WITH (key = 'k');"
    "CREATE TABLE o ();";

// A program and columns for its two tables.
struct Rig {
  explicit Rig(const std::string& select, bool join = false)
      : bound(bind_text(kTables + ("INSERT INTO o SELECT " + select + " FROM s" +
                                   (join ? " JOIN l ON l.k = x" : "") + ";"),
                        {{"l", {}}})) {
    EXPECT_EQ(bound.faults.text(), "");
    for (const Output& output : program().inserts[0].outputs) wanted.push_back(output.node);
    stream.emplace_back(Type::text);
    stream.emplace_back(Type::int64);
    lookup.emplace_back(Type::text);
    lookup.emplace_back(Type::float64);
  }

  [[nodiscard]] const Program& program() const { return *bound.program; }

  // Computes all that is wanted; rows that failed leave `alive` for `rejects`.
  void evaluate(Evaluator& evaluator, std::span<const TableInput> tables, size_t rows,
                Selection& alive) {
    evaluator.begin(tables, rows);
    evaluator.compute_all(alive);
    evaluator.drop_failed(wanted, alive, rejects);
  }
  void evaluate(Evaluator& evaluator, size_t rows, Selection& alive) {
    const TableInput input{.columns = stream, .rows = nullptr};
    evaluate(evaluator, {&input, 1}, rows, alive);
  }

  void fill_stream(const std::vector<std::optional<std::string>>& texts,
                   const std::vector<std::optional<int64_t>>& numbers) {
    stream[0].reset(texts.size());
    stream[1].reset(texts.size());
    kept = texts;
    for (size_t row = 0; row < texts.size(); ++row) {
      if (kept[row]) stream[0].set<std::string_view>(row, *kept[row]);
      if (numbers[row]) stream[1].set<int64_t>(row, *numbers[row]);
    }
  }
  void fill_lookup(const std::vector<std::pair<std::string_view, std::optional<double>>>& rows) {
    lookup[0].reset(rows.size());
    lookup[1].reset(rows.size());
    for (size_t row = 0; row < rows.size(); ++row) {
      lookup[0].set<std::string_view>(row, rows[row].first);
      if (rows[row].second) lookup[1].set<double>(row, *rows[row].second);
    }
  }

  BoundScript bound;
  std::vector<NodeId> wanted;
  std::vector<Column> stream;
  std::vector<Column> lookup;
  std::vector<std::optional<std::string>> kept;
  Rejects rejects;
};

TEST(Evaluator, ComputesForSelectedRowsOnly) {
  Rig rig("n::int AS a");
  rig.fill_stream({"", "", "", ""}, {1, 5'000'000'000, std::nullopt, 4});
  Evaluator evaluator(rig.program(), rig.wanted);
  Selection alive{0, 2, 3};
  rig.evaluate(evaluator, 4, alive);
  EXPECT_EQ(alive, (Selection{0, 2, 3}));
  EXPECT_TRUE(rig.rejects.empty());
  const Column& a = evaluator.result(rig.wanted[0]);
  EXPECT_EQ(a.get<int32_t>(0), 1);
  EXPECT_TRUE(a.is_null(2));
  EXPECT_EQ(a.get<int32_t>(3), 4);
}

TEST(Evaluator, RejectsARowOnceWithTheFirstReason) {
  Rig rig("n::int AS a, cast(x AS int) AS b, length(substr(x, cast(x AS int))) AS c");
  rig.fill_stream({"1", "z", std::nullopt, "2", "z"}, {1, 5'000'000'000, 3, 5'000'000'000, 5});
  Evaluator evaluator(rig.program(), rig.wanted);
  Selection alive{0, 1, 2, 3, 4};
  rig.rejects.push_back({.row = 9, .code = RejectCode::json_syntax, .reason = "earlier"});
  rig.evaluate(evaluator, 5, alive);
  EXPECT_EQ(alive, (Selection{0, 2}));
  ASSERT_EQ(rig.rejects.size(), 4U);
  EXPECT_EQ(rig.rejects[1].row, 1U);
  EXPECT_EQ(rig.rejects[1].code, RejectCode::out_of_range);
  EXPECT_EQ(rig.rejects[1].reason, "n: 5000000000 is out of range for int");
  EXPECT_EQ(rig.rejects[2].row, 3U);
  EXPECT_EQ(rig.rejects[3].row, 4U);
  EXPECT_EQ(rig.rejects[3].code, RejectCode::bad_value);
  EXPECT_EQ(rig.rejects[3].reason, "x: 'z' is no int");
  // The next batch starts afresh.
  alive = {0, 2};
  rig.rejects.clear();
  rig.evaluate(evaluator, 5, alive);
  EXPECT_EQ(alive, (Selection{0, 2}));
  EXPECT_TRUE(rig.rejects.empty());
}

TEST(Evaluator, OnlyTheGivenNodesRejectARow) {
  Rig rig("x::int AS a, n::int AS b");
  rig.fill_stream({"1", "z", "3"}, {1, 2, 5'000'000'000});
  Evaluator evaluator(rig.program(), rig.wanted);
  const TableInput stream{.columns = rig.stream, .rows = nullptr};
  Selection alive{0, 1, 2};
  evaluator.begin({&stream, 1}, 3);
  evaluator.compute_all(alive);
  evaluator.drop_failed(std::span(rig.wanted).first(1), alive, rig.rejects);
  EXPECT_EQ(alive, (Selection{0, 2}));
  ASSERT_EQ(rig.rejects.size(), 1U);
  EXPECT_EQ(rig.rejects[0].reason, "x: 'z' is no int");
  EXPECT_EQ(evaluator.result(rig.wanted[1]).state(2), State::failed);
}

TEST(Evaluator, AStepMayBeForFewerRowsThanTheOneBefore) {
  Rig rig("x::int AS a, x::int::text || '!' AS b");
  rig.fill_stream({"1", "z", "3"}, {1, 2, 3});
  Evaluator evaluator(rig.program(), rig.wanted);
  const TableInput stream{.columns = rig.stream, .rows = nullptr};
  const Selection all{0, 1, 2};
  const Selection later{0, 2};
  evaluator.begin({&stream, 1}, 3);
  const std::vector<NodeId> first = rig.program().needed_for(std::span(rig.wanted).first(1));
  for (const NodeId node : first) evaluator.compute(node, all);
  for (const NodeId node : rig.program().needed_for(rig.wanted))
    if (std::find(first.begin(), first.end(), node) == first.end()) evaluator.compute(node, later);
  EXPECT_EQ(evaluator.result(rig.wanted[0]).state(1), State::failed);
  EXPECT_EQ(evaluator.result(rig.wanted[1]).get<std::string_view>(0), "1!");
  EXPECT_EQ(evaluator.result(rig.wanted[1]).get<std::string_view>(2), "3!");
}

TEST(Evaluator, SaysWhyAValueFailedHoweverDeepItBegan) {
  struct Case {
    std::string expression;
    std::string reason;
  };
  for (const Case& c : std::vector<Case>{
           {"x::int", "x: 'z' is no int"},
           {"x::int = 7", "x: 'z' is no int"},
           {"NOT (n > 1 AND x::int > 0)", "x: 'z' is no int"},
           {"coalesce(NULL, n::int, x::int)", "n: 5000000000 is out of range for int"},
           {"nullif(1, x::int)", "x: 'z' is no int"},
           {"CASE WHEN x = 'z' THEN n::int ELSE x::int END",
            "n: 5000000000 is out of range for int"},
           {"CASE WHEN x = 'y' THEN n::int ELSE x::int END", "x: 'z' is no int"},
           {"CASE WHEN n::int > 1 THEN x::int ELSE 0 END", "n: 5000000000 is out of range for int"},
           {"CASE WHEN x::int IS NULL THEN n::int END", "x: 'z' is no int"},
           {"to_timestamp(x, 'YYYY')", "to_timestamp: 'z' does not fit the form 'YYYY'"},
       }) {
    Rig rig(c.expression + " AS a");
    rig.fill_stream({"z"}, {5'000'000'000});
    Evaluator evaluator(rig.program(), rig.wanted);
    Selection alive{0};
    rig.evaluate(evaluator, 1, alive);
    ASSERT_EQ(rig.rejects.size(), 1U) << c.expression;
    EXPECT_EQ(rig.rejects[0].reason, c.reason) << c.expression;
    EXPECT_EQ(evaluator.why(rig.wanted[0], 0).message, c.reason);
  }
}

TEST(Evaluator, GathersTheRowsThatMatched) {
  Rig rig("x, v, v::real AS r, k", true);
  rig.fill_stream({"a", "b", "c"}, {1, 2, 3});
  rig.fill_lookup({{"c", 0.5}, {"a", std::nullopt}});
  // Found after the batch began.
  std::vector<uint32_t> matches(3);
  const std::vector<TableInput> tables{{.columns = rig.stream, .rows = nullptr},
                                       {.columns = rig.lookup, .rows = matches.data()}};
  Evaluator evaluator(rig.program(), rig.wanted);
  evaluator.begin(tables, 3);
  matches = {1, 77, 0};  // What was not found is not read.
  const Selection matched{0, 2};
  evaluator.compute_all(matched);
  EXPECT_TRUE(evaluator.result(rig.wanted[1]).is_null(0));
  EXPECT_EQ(evaluator.result(rig.wanted[1]).get<double>(2), 0.5);
  EXPECT_EQ(evaluator.result(rig.wanted[2]).get<float>(2), 0.5F);
  EXPECT_EQ(evaluator.result(rig.wanted[3]).get<std::string_view>(0), "a");
  EXPECT_EQ(evaluator.result(rig.wanted[3]).get<std::string_view>(2), "c");
}

TEST(Evaluator, ComputesLookupColumnsWithoutTheStream) {
  Rig rig("v::real AS r, 7 AS seven", true);
  rig.fill_lookup({{"c", 0.5}, {"a", 1e300}, {"b", std::nullopt}});
  const std::vector<TableInput> tables{{}, {.columns = rig.lookup, .rows = nullptr}};
  Evaluator evaluator(rig.program(), rig.wanted);
  Selection alive{0, 1, 2};
  rig.evaluate(evaluator, tables, 3, alive);
  EXPECT_EQ(alive, (Selection{0, 2}));
  ASSERT_EQ(rig.rejects.size(), 1U);
  EXPECT_EQ(rig.rejects[0].reason, "v: 1e+300 is out of range for real");
  EXPECT_EQ(evaluator.result(rig.wanted[0]).get<float>(0), 0.5F);
  EXPECT_EQ(evaluator.result(rig.wanted[1]).get<int32_t>(2), 7);
}

TEST(Evaluator, ComputesTheProbeBeforeTheJoin) {
  Rig rig("v", true);
  rig.fill_stream({"a", std::nullopt}, {1, 2});
  const NodeId probe = rig.program().probes[0].keys[0].probe;
  Evaluator evaluator(rig.program(), {&probe, 1});
  const TableInput stream{.columns = rig.stream, .rows = nullptr};
  evaluator.begin({&stream, 1}, 2);
  evaluator.compute_all({0, 1});
  // No copy: the decoder's own column.
  EXPECT_EQ(&evaluator.result(probe), rig.stream.data());
}

TEST(Evaluator, ConstantsAndTextOutliveGrowingAndShrinkingBatches) {
  Rig rig("'constant' AS c, 1.5::real AS r, x || '!' AS t, NULL::int AS n");
  Evaluator evaluator(rig.program(), rig.wanted);
  for (const size_t rows : {3U, 100U, 1U, 0U, 5'000U, 40U}) {
    rig.fill_stream(std::vector<std::optional<std::string>>(rows, "text"),
                    std::vector<std::optional<int64_t>>(rows, 1));
    Selection alive;
    for (uint32_t row = 0; row < rows; ++row) alive.push_back(row);
    rig.evaluate(evaluator, rows, alive);
    ASSERT_EQ(alive.size(), rows);
    for (uint32_t row = 0; row < rows; ++row) {
      ASSERT_EQ(evaluator.result(rig.wanted[0]).get<std::string_view>(row), "constant");
      ASSERT_EQ(evaluator.result(rig.wanted[1]).get<float>(row), 1.5F);
      ASSERT_EQ(evaluator.result(rig.wanted[2]).get<std::string_view>(row), "text!");
      ASSERT_TRUE(evaluator.result(rig.wanted[3]).is_null(row));
    }
  }
  EXPECT_TRUE(rig.rejects.empty());
}

TEST(Evaluator, AViewOfItsInputIsNotCopied) {
  Rig rig("split_part(x, ' ', 1) AS d");
  rig.fill_stream({"2024-03-03 10:15"}, {1});
  Evaluator evaluator(rig.program(), rig.wanted);
  Selection alive{0};
  rig.evaluate(evaluator, 1, alive);
  const auto view = evaluator.result(rig.wanted[0]).get<std::string_view>(0);
  EXPECT_EQ(view, "2024-03-03");
  EXPECT_EQ(view.data(), rig.kept[0]->data());
}

}  // namespace
}  // namespace turntable::sql
