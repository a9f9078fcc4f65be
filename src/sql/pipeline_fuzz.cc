// Any text as a pipeline: never a crash, and always a program or faults with a place in the text. A
// program is then run over rows of awkward values, stage by stage: in every INSERT each row is left
// out, or has its values or one reject. The values are those that the program gives if all of it is
// computed at once.
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
#include "sql/stages.h"

namespace turntable::sql {
namespace {

// The lookups: two tables, whatever the text declares of them.
const BindOptions& bind_options() {
  static const BindOptions kOptions = {
      .lookups = {{"songs",
                   {.schema = Schema{{"name", Type::text, false},
                                     {"artists", Type::text, false},
                                     {"duration_ms", Type::int32, false},
                                     {"plays", Type::int64, false},
                                     {"tempo", Type::float64, false},
                                     {"explicit", Type::boolean, false}}}},
                  {"artists",
                   {.schema = Schema{{"artists", Type::text, false},
                                     {"since", Type::timestamptz, false},
                                     {"rating", Type::float32, true}},
                    .drop_missing = true}}}};
  return kOptions;
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
      case Type::timestamptz: {
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
      default:
        column.set_null(row);
    }
  }
  return column;
}

std::vector<Column> awkward_columns(const Schema& schema) {
  std::vector<Column> columns;
  for (const ColumnDef& column : schema) columns.push_back(awkward(column.type));
  return columns;
}

// Runs a program's stages over the awkward rows. What the keys find is not looked up: any row may
// match any other.
class StagedRun {
 public:
  explicit StagedRun(const Program& program)
      : program_(program), outputs_(outputs_of(program)), stages_(stages_of(program, outputs_)) {
    columns_.push_back(awkward_columns(program.stream_schema));
    for (size_t probe = 0; probe < program.probes.size(); ++probe) {
      columns_.push_back(awkward_columns(program.probes[probe].schema));
      std::vector<uint32_t>& matches = matches_.emplace_back();
      for (uint32_t row = 0; row < kRows; ++row)
        matches.push_back((row + static_cast<uint32_t>(probe)) % kRows);
    }
    for (size_t i = 0; i < columns_.size(); ++i)
      tables_.push_back(
          {.columns = columns_[i], .rows = i == 0 ? nullptr : matches_[i - 1].data()});
    Selection all;
    for (uint32_t row = 0; row < kRows; ++row) all.push_back(row);
    alive_.assign(program.inserts.size(), all);
  }

  void run() {
    Evaluator evaluator(program_, stages_.nodes());
    evaluator.begin(tables_, kRows);
    compute(evaluator, stages_.stream_filters);
    filter(evaluator, true);
    for (size_t probe = 0; probe < program_.probes.size(); ++probe) join(evaluator, probe);
    compute(evaluator, stages_.joined_filters);
    filter(evaluator, false);
    compute(evaluator, stages_.outputs);
    for (size_t insert = 0; insert < program_.inserts.size(); ++insert)
      check_insert(evaluator, insert);
  }

 private:
  static std::vector<std::vector<NodeId>> outputs_of(const Program& program) {
    std::vector<std::vector<NodeId>> all;
    for (const InsertProgram& insert : program.inserts) {
      std::vector<NodeId>& nodes = all.emplace_back();
      for (const Output& output : insert.outputs) {
        CHECK(output.node < program.nodes.size());
        CHECK(program.nodes[output.node].type == output.type);
        nodes.push_back(output.node);
      }
    }
    return all;
  }

  [[nodiscard]] Selection alive_in_any(InsertSet inserts) const {
    Selection rows;
    for (uint32_t row = 0; row < kRows; ++row)
      for (size_t insert = 0; insert < alive_.size(); ++insert)
        if (inserts.has(insert) && is_alive(insert, row)) {
          rows.push_back(row);
          break;
        }
    return rows;
  }
  [[nodiscard]] bool is_alive(size_t insert, uint32_t row) const {
    return std::find(alive_[insert].begin(), alive_[insert].end(), row) != alive_[insert].end();
  }

  void compute(Evaluator& evaluator, const std::vector<Step>& steps) const {
    for (const Step& step : steps) evaluator.compute(step.node, alive_in_any(step.inserts));
  }

  static bool is_true(const Evaluator& evaluator, NodeId node, uint32_t row) {
    const Column& column = evaluator.result(node);
    CHECK(column.type() == Type::boolean);
    return column.state(row) == State::value && column.get<uint8_t>(row) != 0;
  }

  void filter(const Evaluator& evaluator, bool before_joins) {
    for (size_t insert = 0; insert < alive_.size(); ++insert)
      for (const NodeId node : program_.inserts[insert].filters)
        if (needs_no_lookup(program_.nodes[node]) == before_joins)
          std::erase_if(alive_[insert],
                        [&](uint32_t row) { return !is_true(evaluator, node, row); });
  }

  void join(Evaluator& evaluator, size_t probe) {
    const Stages::Probing& stage = stages_.probes[probe];
    compute(evaluator, stage.keys);
    for (size_t insert = 0; insert < alive_.size(); ++insert)
      for (const JoinKey& key : program_.probes[probe].keys)
        if (stage.inserts.has(insert)) drop_failed(evaluator, {key.probe}, insert);
    compute(evaluator, stage.conditions);
    for (const uint32_t row : alive_in_any(stage.inserts))
      for (const NodeId condition : program_.probes[probe].conditions)
        if (!is_true(evaluator, condition, row)) matches_[probe][row] = kRows - 1;
    for (size_t insert = 0; insert < alive_.size(); ++insert)
      for (const Join& join : program_.inserts[insert].joins)
        if (join.probe == probe && !join.left)
          std::erase_if(alive_[insert],
                        [&](uint32_t row) { return matches_[probe][row] == kRows - 1; });
  }

  void drop_failed(const Evaluator& evaluator, const std::vector<NodeId>& nodes, size_t insert) {
    Rejects rejects;
    const size_t before = alive_[insert].size();
    evaluator.drop_failed(nodes, alive_[insert], rejects);
    CHECK(alive_[insert].size() + rejects.size() == before);
    for (const Reject& reject : rejects) {
      CHECK(!is_alive(insert, reject.row));
      CHECK(!reject.reason.empty() && is_utf8(reject.reason));
    }
  }

  void check_insert(const Evaluator& evaluator, size_t insert) {
    const std::vector<NodeId>& outputs = outputs_[insert];
    Evaluator at_once(program_, outputs);
    at_once.begin(tables_, kRows);
    at_once.compute_all(alive_[insert]);
    const Selection before = alive_[insert];
    drop_failed(evaluator, outputs, insert);
    const std::string cells = cells_of(evaluator, insert);
    CHECK(cells == cells_of(at_once, insert));
    for (const uint32_t row : before)
      for (const NodeId node : outputs)
        CHECK(evaluator.result(node).state(row) == at_once.result(node).state(row));
    CellReader reader(cells);
    for (size_t i = 0; i < alive_[insert].size() * outputs.size(); ++i) (void)reader.next();
    CHECK(reader.done());
  }

  [[nodiscard]] std::string cells_of(const Evaluator& evaluator, size_t insert) const {
    std::string cells;
    for (const uint32_t row : alive_[insert]) {
      for (const NodeId node : outputs_[insert]) {
        const Column& column = evaluator.result(node);
        append_cell(cells, column, row);
        // Text stays text: what reads UTF-8 cuts no character in two.
        if (column.type() == Type::text && !column.is_null(row))
          CHECK(is_utf8(column.get<std::string_view>(row)));
      }
    }
    return cells;
  }

  const Program& program_;
  const std::vector<std::vector<NodeId>> outputs_;
  const Stages stages_;
  std::vector<std::vector<Column>> columns_;    // By table.
  std::vector<std::vector<uint32_t>> matches_;  // By probe.
  std::vector<TableInput> tables_;
  std::vector<Selection> alive_;  // By INSERT.
};

}  // namespace
}  // namespace turntable::sql

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  using namespace turntable::sql;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Faults faults{.file = "p.sql", .list = {}};
  const Script script = parse_script(text, {}, faults);
  const std::optional<Program> program = bind(script, bind_options(), faults);
  CHECK(program.has_value() == faults.empty());
  const size_t mark = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (const Fault& fault : faults.list) {
    CHECK(!fault.message.empty() && is_utf8(fault.message));
    check_place(fault.at, text.substr(mark));
  }
  // A line for each fault, and nothing that could move the cursor or forge one.
  const std::string shown = faults.text();
  for (const std::string_view line : split(shown, '\n'))
    CHECK(printable(line, std::string::npos) == line);
  if (program) StagedRun(*program).run();
  return 0;
}
