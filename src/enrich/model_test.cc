// Random programs over random batches, against a model that takes one record after another, and
// each INSERT by itself: what it finds, it finds by looking at all rows of the lookup.
//
// The model asks an evaluator for single values of single records; filters, joins and outcomes are
// its own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "enrich/testing.h"

namespace turntable {
namespace {

// One value: its state, and the value as something that `=` can be asked about.
struct Value {
  State state = State::null;
  std::variant<int64_t, double, std::string> value = int64_t{0};
  std::string text;
};

Value value_of(const Column& column, size_t row) {
  Value value{.state = column.state(row), .text = {}};
  if (value.state == State::failed) return value;
  std::string cell;
  append_cell(cell, column, row);
  value.text = cell_text(CellReader(cell).next(), column.type());
  if (value.state == State::null) return value;
  if (column.type() == Type::float64) {
    value.value = column.get<double>(row);
  } else if (column.type() == Type::int32) {
    value.value = int64_t{column.get<int32_t>(row)};
  } else if (column.type() == Type::boolean) {
    value.value = int64_t{column.get<uint8_t>(row)};
  } else {
    value.value = std::string(column.get<std::string_view>(row));
  }
  return value;
}

bool equal(const Value& a, const Value& b) {
  if (const auto* x = std::get_if<double>(&a.value)) {
    const double y = std::get<double>(b.value);
    return *x == y || (std::isnan(*x) && std::isnan(y));
  }
  return a.value == b.value;
}

// A row of a table: one column of one row for each of its columns.
using TableRow = std::vector<Column>;

class Model {
 public:
  Model(const EnrichPlan& plan, const std::map<std::string, TestLookup>& lookups)
      : program_(plan.program), forms_(plan.forms) {
    for (const sql::Probe& probe : program_.probes) {
      const TestLookup& lookup = lookups.at(probe.table);
      probes_.push_back({rows_of(lookup), {}, lookup.options.duplicate_key == DuplicateKey::last});
    }
    for (size_t probe = 0; probe < probes_.size(); ++probe) compute_keys(probe);
  }

  std::string outcome(size_t number, const TableRow& record) {
    const sql::InsertProgram& insert = program_.inserts[number];
    std::vector<const TableRow*> tables(program_.probes.size() + 1);
    tables[0] = &record;

    std::vector<sql::NodeId> early;
    std::vector<sql::NodeId> late;
    for (const sql::NodeId filter : insert.filters)
      ((program_.nodes[filter].tables & ~1U) == 0 ? early : late).push_back(filter);
    bool failed = false;
    switch (all_of(early, tables)) {
      case Truth::no:
      case Truth::null:
        return "filtered";
      case Truth::failed:
        if (late.empty()) return "rejected";
        failed = true;
        break;
      case Truth::yes:
        break;
    }
    for (const sql::Join& join : insert.joins) {
      const sql::Probe& probe = program_.probes[join.probe];
      tables[join.probe + 1] = &probes_[join.probe].nulls();
      bool found = false;
      const std::optional<const TableRow*> match = find(join.probe, tables);
      if (!match) return "rejected";
      if (*match != nullptr) {
        tables[join.probe + 1] = *match;
        const Truth truth = all_of(probe.conditions, tables);
        if (truth == Truth::failed) return "rejected";
        found = truth == Truth::yes;
        if (!found) tables[join.probe + 1] = &probes_[join.probe].nulls();
      }
      if (found || join.left) continue;
      if (failed) return "rejected";
      return probe.drop_missing ? "unmatched, dropped" : "unmatched";
    }
    const Truth truth = all_of(late, tables);
    if (truth == Truth::no) return "filtered";
    if (failed || truth == Truth::failed) return "rejected";
    if (truth == Truth::null) return "filtered";

    std::string row;
    for (const sql::Output& output : insert.outputs) {
      const Value value = evaluate(output.node, tables);
      const auto& keys = forms_[number].key_columns;
      const bool key = std::find(keys.begin(), keys.end(), output.name) != keys.end();
      if (value.state == State::failed || (key && value.state == State::null)) return "rejected";
      row += (row.empty() ? "" : "|") + value.text;
    }
    return row;
  }

 private:
  enum class Truth { yes, no, failed, null };

  struct ProbeRows {
    std::vector<TableRow> rows;            // The last one is all NULL.
    std::vector<std::vector<Value>> keys;  // By row; empty where nothing can match it.
    bool last_counts;
    [[nodiscard]] const TableRow& nulls() const { return rows.back(); }
  };

  static std::vector<TableRow> rows_of(const TestLookup& lookup) {
    TestLookup all = lookup;
    all.options.key.clear();
    const auto file = open_lookup(all).value();
    LoadOrder order;
    for (uint32_t i = 0; i < file->schema().size(); ++i) order.kept.push_back(i);
    const LoadedCatalogue loaded = file->load(order).value();
    // Texts live in the catalogue.
    static std::vector<std::shared_ptr<const Catalogue>> kept;
    kept.push_back(loaded.catalogue);
    std::vector<TableRow> rows;
    for (size_t row = 0; row <= loaded.catalogue->rows(); ++row) {
      TableRow& one = rows.emplace_back();
      for (const Column& column : loaded.catalogue->columns()) {
        one.emplace_back(column.type()).reset(1);
        if (column.is_null(row)) continue;
        if (column.type() == Type::text) {
          one.back().set(0, column.get<std::string_view>(row));
        } else if (column.type() == Type::int32) {
          one.back().set(0, column.get<int32_t>(row));
        } else {
          one.back().set(0, column.get<double>(row));
        }
      }
    }
    return rows;
  }

  void compute_keys(size_t number) {
    ProbeRows& probe = probes_[number];
    const sql::Probe& what = program_.probes[number];
    std::vector<const TableRow*> tables(program_.probes.size() + 1);
    for (size_t row = 0; row + 1 < probe.rows.size(); ++row) {
      tables[number + 1] = &probe.rows[row];
      std::vector<Value> keys;
      bool usable = true;
      for (const sql::JoinKey& key : what.keys) {
        keys.push_back(evaluate(key.stored, tables));
        usable = usable && keys.back().state == State::value;
      }
      probe.keys.push_back(usable ? keys : std::vector<Value>());
    }
  }

  // Nothing where a key failed, null where nothing has it.
  std::optional<const TableRow*> find(size_t number, const std::vector<const TableRow*>& tables) {
    std::vector<Value> wanted;
    bool null = false;
    for (const sql::JoinKey& key : program_.probes[number].keys) {
      wanted.push_back(evaluate(key.probe, tables));
      if (wanted.back().state == State::failed) return std::nullopt;
      null = null || wanted.back().state == State::null;
    }
    const TableRow* found = nullptr;
    if (null) return found;
    const ProbeRows& probe = probes_[number];
    for (size_t row = 0; row < probe.keys.size(); ++row) {
      bool same = !probe.keys[row].empty();
      for (size_t i = 0; i < probe.keys[row].size(); ++i)
        same = same && equal(probe.keys[row][i], wanted[i]);
      if (same && (found == nullptr || probe.last_counts)) found = &probe.rows[row];
    }
    return found;
  }

  Truth all_of(const std::vector<sql::NodeId>& conjuncts,
               const std::vector<const TableRow*>& tables) {
    bool failed = false;
    bool null = false;
    for (const sql::NodeId node : conjuncts) {
      const Value value = evaluate(node, tables);
      if (value.state == State::value && std::get<int64_t>(value.value) == 0) return Truth::no;
      failed = failed || value.state == State::failed;
      null = null || value.state == State::null;
    }
    return failed ? Truth::failed : null ? Truth::null : Truth::yes;
  }

  Value evaluate(sql::NodeId node, const std::vector<const TableRow*>& tables) {
    std::unique_ptr<sql::Evaluator>& evaluator = evaluators_[node];
    if (!evaluator)
      evaluator = std::make_unique<sql::Evaluator>(program_, std::vector<sql::NodeId>{node});
    std::vector<sql::TableInput> inputs(tables.size());
    for (size_t i = 0; i < tables.size(); ++i)
      if (tables[i] != nullptr) inputs[i].columns = *tables[i];
    evaluator->begin(inputs, 1);
    evaluator->compute_all({0});
    return value_of(evaluator->result(node), 0);
  }

  const sql::Program& program_;
  const std::vector<InsertForm>& forms_;
  std::vector<ProbeRows> probes_;
  std::map<sql::NodeId, std::unique_ptr<sql::Evaluator>> evaluators_;
};

// Writes programs over the stream p (k text, l text, n int, x double precision) and two lookups
// a and b (k text, l text, n int, x double precision) of other rows.
class ProgramWriter {
 public:
  explicit ProgramWriter(uint64_t seed) : random_(seed) {}

  size_t below(size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random_);
  }
  bool one_in(size_t count) { return below(count) == 0; }

  std::string any_text() {
    static const std::vector<std::string> kTexts = {"1", "2", "3", "x", "Y", "y ", "", "-0"};
    return kTexts[below(kTexts.size())];
  }
  std::string any_fraction() {
    static const std::vector<std::string> kFractions = {"1.00", "1", "-0", "0", "NaN", "2.5"};
    return kFractions[below(kFractions.size())];
  }
  std::string any_number() { return std::to_string(below(4)); }

  TestRecord record() {
    TestRecord record = {any_text(), any_text(), any_number(), any_fraction()};
    for (auto& value : record)
      if (one_in(6)) value.reset();
    return record;
  }

  TestLookup lookup() {
    TestLookup lookup{.csv = "k,l,n,x\n"};
    const size_t rows = 1 + below(8);
    for (size_t i = 0; i < rows; ++i) {
      const auto text = [&] { return one_in(6) ? "" : '"' + any_text() + '"'; };
      lookup.csv += fmt::format("{},{},{},{}\n", text(), text(), one_in(6) ? "" : any_number(),
                                one_in(6) ? "" : any_fraction());
    }
    // One that every index can lead to.
    lookup.csv += "1,1,1,1\n";
    lookup.options = {
        .path = {},
        .declared = {
            {"k", Type::text}, {"l", Type::text}, {"n", Type::int32}, {"x", Type::float64}}};
    lookup.options.duplicate_key = one_in(2) ? DuplicateKey::first : DuplicateKey::last;
    lookup.options.part_bytes = 1 + below(40);
    lookup.drop_missing = one_in(3);
    return lookup;
  }

  // With the columns of these tables; every one of them has a column.
  std::string expression(Type type, const std::vector<std::string>& tables, int depth) {
    const auto sub = [&](Type of) { return expression(of, tables, depth - 1); };
    const std::string table = tables[below(tables.size())];
    if (type == Type::boolean) return condition(tables, depth);
    const size_t choice = depth <= 0 ? 0 : below(6);
    if (choice == 1) return fmt::format("coalesce({}, {})", sub(type), sub(type));
    if (choice == 2)
      return fmt::format("CASE WHEN {} THEN {} ELSE {} END", condition(tables, depth - 1),
                         sub(type), sub(type));
    if (choice == 3) return fmt::format("nullif({}, {})", sub(type), sub(type));
    switch (type) {
      case Type::text:
        if (choice == 4) return fmt::format("btrim({})", sub(Type::text));
        if (choice == 5) return fmt::format("cast({} AS text)", sub(Type::int32));
        return table + (one_in(2) ? ".k" : ".l");
      case Type::int32:
        if (choice == 4) return fmt::format("cast({} AS int)", sub(Type::text));
        if (choice == 5) return fmt::format("length({})", sub(Type::text));
        return one_in(4) ? fmt::format("cast({}.k AS int)", table) : table + ".n";
      default:
        if (choice >= 4) return fmt::format("cast({} AS double precision)", sub(Type::text));
        return table + ".x";
    }
  }

  std::string condition(const std::vector<std::string>& tables, int depth) {
    const Type type = any_type();
    const auto value = [&] { return expression(type, tables, depth - 1); };
    switch (depth <= 0 ? below(3) : below(6)) {
      case 0:
        return fmt::format("{} = {}", value(), value());
      case 1:
        return fmt::format("{} < {}", value(), value());
      case 2:
        return fmt::format("{} IS {}NULL", value(), one_in(2) ? "NOT " : "");
      case 3:
        return fmt::format("({} AND {})", condition(tables, depth - 1),
                           condition(tables, depth - 1));
      case 4:
        return fmt::format("({} OR {})", condition(tables, depth - 1),
                           condition(tables, depth - 1));
      default:
        return fmt::format("NOT ({})", condition(tables, depth - 1));
    }
  }

  // ON for a lookup that is joined as `alias`.
  std::string on(const std::string& alias, const std::vector<std::string>& before) {
    std::string text;
    const size_t keys = 1 + below(3) / 2;
    for (size_t i = 0; i < keys; ++i) {
      const Type type = any_type();
      text += fmt::format("{}{} = {}", i == 0 ? "" : " AND ",
                          expression(type, {alias}, one_in(2) ? 0 : 2),
                          expression(type, before, one_in(2) ? 0 : 2));
    }
    std::vector<std::string> all = before;
    all.push_back(alias);
    for (size_t further = below(3); further > 0; --further)
      text += " AND " + condition(all, 1 + static_cast<int>(below(2)));
    return text;
  }

  std::string program() {
    std::string text =
        "CREATE TABLE p (k text, l text, n int, x double precision) WITH (connector = 'x');"
        "CREATE TABLE a () WITH (connector = 'csv'); CREATE TABLE b () WITH (connector = 'csv');"
        "CREATE TABLE o0 (); CREATE TABLE o1 (); CREATE TABLE o2 ();";
    // Joins that several INSERTs share.
    const std::string first = one_in(2) ? "a" : "b";
    const std::vector<std::string> ons = {on("s", {"p"}), on("t", {"p", "s"})};
    const size_t inserts = 1 + below(3);
    for (size_t i = 0; i < inserts; ++i) {
      std::vector<std::string> tables = {"p"};
      std::string joins;
      const size_t count = below(3);
      for (size_t join = 0; join < count; ++join) {
        const std::string alias = join == 0 ? "s" : "t";
        const bool shared = !one_in(3);
        joins += fmt::format(" {}JOIN {} {} ON {}", one_in(2) ? "LEFT " : "",
                             join == 0 ? first : (one_in(2) ? "a" : "b"), alias,
                             shared ? ons[join] : on(alias, tables));
        tables.push_back(alias);
      }
      std::string outputs;
      const size_t columns = 1 + below(4);
      for (size_t column = 0; column < columns; ++column)
        outputs += fmt::format("{}{} AS c{}", column == 0 ? "" : ", ",
                               expression(any_type(), tables, static_cast<int>(below(3))), column);
      text += fmt::format("INSERT INTO o{} SELECT {} FROM p{}", i, outputs, joins);
      const size_t filters = below(4);
      for (size_t filter = 0; filter < filters; ++filter)
        text += (filter == 0 ? " WHERE " : " AND ") +
                condition(one_in(2) ? std::vector<std::string>{"p"} : tables,
                          1 + static_cast<int>(below(2)));
      text += ";\n";
    }
    return text;
  }

 private:
  Type any_type() {
    static const std::vector<Type> kTypes = {Type::text, Type::text, Type::int32, Type::float64};
    return kTypes[below(kTypes.size())];
  }

  std::mt19937_64 random_;
};

TableRow table_row(const EnrichPlan& plan, const TestRecord& record) {
  TableRow row;
  Arena made;  // For types that no table here has.
  for (size_t i = 0; i < record.size(); ++i) {
    row.emplace_back(plan.program.stream_schema[i].type).reset(1);
    if (record[i]) CHECK(set_from_text(row.back(), 0, *record[i], made));
  }
  return row;
}

// Without the reason.
std::string kind(const std::string& outcome) {
  for (const std::string_view word : {"bad_value: ", "out_of_range: ", "null_key: "})
    if (outcome.starts_with(word)) return "rejected";
  if (outcome.starts_with("unmatched")) return outcome.substr(0, outcome.find(':'));
  return outcome;
}

TEST(EnricherModel, RandomProgramsDoWhatTheModelDoes) {
  constexpr size_t kPrograms = 400;
  std::map<std::string, size_t> seen;
  size_t unusable = 0;
  for (size_t seed = 1; seed <= kPrograms; ++seed) {
    ProgramWriter writer(seed);
    const std::map<std::string, TestLookup> lookups = {{"a", writer.lookup()},
                                                       {"b", writer.lookup()}};
    const std::string text = writer.program();
    SCOPED_TRACE(fmt::format("seed {}\n{}\na:\n{}b:\n{}", seed, text, lookups.at("a").csv,
                             lookups.at("b").csv));
    std::vector<InsertForm> forms;
    if (writer.one_in(3)) forms.push_back({.key_columns = {"c0"}, .rows = {}});
    auto made = TestPipeline::make(text, lookups, forms);
    if (!made) {
      // No row has such a key.
      ASSERT_NE(made.error().message.find("has no row that can be used"), std::string::npos)
          << made.error().message;
      ++unusable;
      continue;
    }
    TestPipeline pipeline(std::move(*made));
    Model model(pipeline.plan(), lookups);
    for (int batch = 0; batch < 3; ++batch) {
      std::vector<TestRecord> records(writer.below(40));
      for (TestRecord& record : records) record = writer.record();
      pipeline.run(records);
      for (size_t insert = 0; insert < pipeline.plan().program.inserts.size(); ++insert) {
        for (size_t i = 0; i < records.size(); ++i) {
          const std::string expected =
              model.outcome(insert, table_row(pipeline.plan(), records[i]));
          ASSERT_EQ(kind(pipeline.outcomes(insert)[i]), expected)
              << "INSERT " << insert << ", record " << i << ": "
              << fmt::format("{}", pipeline.outcomes(insert)[i]);
          ++seen[expected.starts_with("unmatched") || expected == "filtered" ||
                         expected == "rejected"
                     ? expected
                     : "row"];
        }
      }
    }
  }
  // All of it is really tried.
  EXPECT_LT(unusable, kPrograms / 5);
  for (const char* outcome : {"row", "filtered", "rejected", "unmatched", "unmatched, dropped"})
    EXPECT_GT(seen[outcome], 200U) << outcome;
}

}  // namespace
}  // namespace turntable
