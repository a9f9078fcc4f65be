// Any text as a pipeline: never a crash, and always a plan or faults with a place in the text. A
// plan is then computed over rows of awkward values: every row has its values or one reject.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "row/cell.h"
#include "sql/binder.h"
#include "sql/evaluator.h"
#include "sql/script.h"

namespace turntable::sql {
namespace {

// The catalogue: a table named songs, whatever the text declares of it.
const std::map<std::string, BoundLookup>& lookups() {
  static const std::map<std::string, BoundLookup> kLookups = {
      {"songs",
       {{{"name", Type::text, false},
         {"artists", Type::text, false},
         {"duration_ms", Type::int32, false},
         {"plays", Type::int64, false},
         {"tempo", Type::float64, false},
         {"explicit", Type::boolean, false}},
        "name"}}};
  return kLookups;
}

// Line and column of the last character, and one more: where a statement that is cut off ends.
void check_place(const Location& at, std::string_view text) {
  CHECK(at.line >= 1 && at.column >= 1);
  size_t begin = 0;
  for (int line = 1; line < at.line; ++line) {
    const size_t end = text.find('\n', begin);
    CHECK(end != std::string_view::npos);
    begin = end + 1;
  }
  const std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
  CHECK(static_cast<size_t>(at.column) <= line.size() + 1);
}

constexpr size_t kRows = 6;

// A column with the values of its type that break things.
Column awkward(Type type) {
  Column column(type);
  column.reset(kRows);
  for (size_t row = 0; row + 1 < kRows; ++row) {  // The last row is NULL.
    switch (type) {
      case Type::boolean:
        column.set<uint8_t>(row, row % 2);
        break;
      case Type::int32: {
        constexpr int32_t kValues[] = {0, -1, 10, std::numeric_limits<int32_t>::max(),
                                       std::numeric_limits<int32_t>::min()};
        column.set<int32_t>(row, kValues[row]);
        break;
      }
      case Type::int64:
      case Type::timestamp: {
        constexpr int64_t kValues[] = {0, -1, 1'709'460'900'123'456,
                                       std::numeric_limits<int64_t>::max(),
                                       std::numeric_limits<int64_t>::min()};
        column.set<int64_t>(row, kValues[row]);
        break;
      }
      case Type::float32: {
        constexpr float kValues[] = {-0.0F, 1.5F, std::numeric_limits<float>::max(),
                                     std::numeric_limits<float>::infinity(),
                                     std::numeric_limits<float>::quiet_NaN()};
        column.set<float>(row, kValues[row]);
        break;
      }
      case Type::float64: {
        constexpr double kValues[] = {-0.0, 1e-310, std::numeric_limits<double>::max(),
                                      -std::numeric_limits<double>::infinity(),
                                      std::numeric_limits<double>::quiet_NaN()};
        column.set<double>(row, kValues[row]);
        break;
      }
      case Type::text:
      case Type::bytes:
      case Type::jsonb: {
        constexpr std::string_view kValues[] = {"", "2024-03-03 10:15", " -12.5e3 ",
                                                "Zo\xC3\xAB, \xF0\x9F\x8E\xB5",
                                                "9223372036854775808"};
        column.set(row, kValues[row]);
        break;
      }
    }
  }
  return column;
}

std::vector<Column> awkward_columns(const Schema& schema) {
  std::vector<Column> columns;
  for (const ColumnDef& column : schema) columns.push_back(awkward(column.type));
  return columns;
}

void check_plan(const Plan& plan) {
  std::vector<std::vector<Column>> columns;
  columns.push_back(awkward_columns(plan.stream_schema));
  for (const LookupJoin& lookup : plan.lookups) columns.push_back(awkward_columns(lookup.schema));
  // The last row matches nothing.
  constexpr uint32_t kMatches[kRows] = {5, 4, 3, 2, 1, kNoMatch};
  std::vector<TableInput> tables;
  for (size_t i = 0; i < columns.size(); ++i)
    tables.push_back({.columns = columns[i], .rows = i == 0 ? nullptr : kMatches});

  std::vector<NodeId> wanted;
  for (const Output& output : plan.outputs) {
    CHECK(output.node < plan.nodes.size() && plan.nodes[output.node].type == output.type);
    wanted.push_back(output.node);
  }
  for (const LookupJoin& lookup : plan.lookups) {
    CHECK(lookup.probe < plan.nodes.size());
    wanted.push_back(lookup.probe);
  }
  Evaluator evaluator(plan, wanted);
  Selection alive;
  for (uint32_t row = 0; row < kRows; ++row) alive.push_back(row);
  Rejects rejects;
  evaluator.evaluate(tables, kRows, alive, rejects);
  CHECK(alive.size() + rejects.size() == kRows);
  for (const Reject& reject : rejects) {
    CHECK(std::find(alive.begin(), alive.end(), reject.row) == alive.end());
    CHECK(!reject.reason.empty() && is_utf8(reject.reason));
  }
  std::string cells;
  for (const uint32_t row : alive) {
    for (const NodeId node : wanted) {
      const Column& column = evaluator.result(node);
      append_cell(cells, column, row);
      // Text stays text: what reads UTF-8 cuts no character in two.
      if (column.type() == Type::text && !column.is_null(row))
        CHECK(is_utf8(column.get<std::string_view>(row)));
    }
  }
  CellReader reader(cells);
  for (size_t i = 0; i < alive.size() * wanted.size(); ++i) (void)reader.next();
  CHECK(reader.done());
}

}  // namespace
}  // namespace turntable::sql

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  using namespace turntable::sql;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Faults faults{.file = "p.sql", .list = {}};
  const Script script = parse_script(text, {}, faults);
  std::optional<Plan> plan;
  if (script.inserts.size() == 1) {
    plan = bind(script, script.inserts[0], lookups(), faults);
    CHECK(plan.has_value() == faults.empty());
  } else {
    CHECK(!faults.empty());
  }
  const size_t mark = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (const Fault& fault : faults.list) {
    CHECK(!fault.message.empty() && is_utf8(fault.message));
    check_place(fault.at, text.substr(mark));
  }
  // A line for each fault, and nothing that could move the cursor or forge one.
  const std::string shown = faults.text();
  for (const std::string_view line : split(shown, '\n'))
    CHECK(printable(line, std::string::npos) == line);
  if (plan) check_plan(*plan);
  return 0;
}
