// Evaluates expressions over rows of values, so that a test can compare them with another
// database's; and lists every function, operator and cast there is. It is no part of the product.
//
//   expression_probe --registry      prints the list as JSON
//   expression_probe                 reads lines of fields with tabs between them:
//
//     column <name> <type>           a column of the stream s, whose alias is p
//     row <value> …                  one value for each column
//     expression <SQL>               is bound as an output of a SELECT, and computed for all rows
//
// A value is PostgreSQL's text of it, but a timestamptz is microseconds since 1970-01-01 00:00 UTC.
// \N is NULL; a backslash, a tab, a newline and a carriage return in a value are \\, \t, \n, \r.
//
// Each expression becomes one line: "fault" and the faults, or its type and, for each row, =text,
// \N, or ! and why it failed.
#include <fmt/format.h>

#include <deque>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "sql/binder.h"
#include "sql/casts.h"
#include "sql/evaluator.h"
#include "sql/functions.h"
#include "sql/numeric_math.h"
#include "sql/script.h"
#include "sql/stored_times.h"
#include "sql/time_text.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

// --- The registry

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::function:
      return "function";
    case Kind::operation:
      return "operator";
    case Kind::cast:
      return "cast";
  }
  return "";
}

std::string_view nulls_name(NullRule rule) {
  switch (rule) {
    case NullRule::strict:
      return "strict";
    case NullRule::sees_null:
      return "sees null";
    case NullRule::never_null:
      return "never null";
  }
  return "";
}

std::string json_of(const Function& function) {
  std::string arguments;
  for (const Type type : function.arguments)
    arguments += fmt::format("{}{}", arguments.empty() ? "" : ", ", quoted(signature_name(type)));
  return fmt::format(
      "{{\"name\": {}, \"kind\": {}, \"arguments\": [{}], \"result\": {}, \"variadic\": {}, "
      "\"nulls\": {}, \"can_fail\": {}, \"volatile\": {}, \"constant\": {}}}",
      quoted(function.name), quoted(kind_name(function.kind)), arguments,
      quoted(signature_name(function.result)), function.variadic,
      quoted(nulls_name(function.nulls)), function.can_fail(), function.is_volatile,
      function.constant ? fmt::format("{}", *function.constant) : "null");
}

void print_registry() {
  std::vector<std::string> rows;
  for (const Function& function : functions()) rows.push_back(json_of(function));
  const std::vector<Type> types = all_types();
  for (const Type from : types)
    for (const Type to : types)
      if (const Cast* cast = find_cast(from, to); from != to && cast != nullptr)
        rows.push_back(json_of(cast->function));
  std::cout << fmt::format("[\n{}\n]\n", fmt::join(rows, ",\n"));
}

// --- Lines

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\t') {
      fields.emplace_back();
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

std::string unescaped(std::string_view field) {
  std::string out;
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '\\') {
      out += field[i];
      continue;
    }
    ++i;
    CHECK(i < field.size());
    out += field[i] == 't' ? '\t' : field[i] == 'n' ? '\n' : field[i] == 'r' ? '\r' : field[i];
  }
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// --- Columns and rows

class Table {
 public:
  void add_column(const std::string& name, Type type) {
    definitions_ += fmt::format("{}{} {}", columns_.empty() ? "" : ", ", name, sql_name(type));
    columns_.emplace_back(type);
  }

  void add_row(std::vector<std::string> fields) {
    CHECK(fields.size() == columns_.size() + 1);
    fields.erase(fields.begin());
    rows_.push_back(std::move(fields));
  }

  // Behind the last row.
  void fill() {
    if (is_filled_) return;
    is_filled_ = true;
    for (size_t column = 0; column < columns_.size(); ++column) {
      columns_[column].reset(rows_.size());
      for (size_t row = 0; row < rows_.size(); ++row)
        if (const std::string& field = rows_[row][column]; field != "\\N")
          set(columns_[column], row, kept_.emplace_back(unescaped(field)));
    }
  }

  [[nodiscard]] const std::string& definitions() const { return definitions_; }
  [[nodiscard]] std::span<const Column> columns() const { return columns_; }
  [[nodiscard]] size_t rows() const { return rows_.size(); }

 private:
  template <class T>
  static T good(const Parsed<T>& parsed) {
    CHECK(parsed.value);
    return *parsed.value;
  }

  void set(Column& column, size_t row, const std::string& text) {
    switch (column.type()) {
      case Type::boolean:
        return column.set(row, good(parse_bool(text)));
      case Type::int16:
        return column.set(row, good(parse_int16(text)));
      case Type::int32:
        return column.set(row, good(parse_int32(text)));
      case Type::int64:
      case Type::timestamptz:
        return column.set(row, good(parse_int64(text)));
      case Type::time:
        return column.set(row, good(parse_time(text)));
      case Type::interval:
        return column.set(row, good(parse_interval(text)));
      case Type::float32:
        return column.set(row, good(parse_float32(text)));
      case Type::float64:
        return column.set(row, good(parse_float64(text)));
      case Type::text:
      case Type::jsonb:
        return column.set(row, std::string_view(text));
      case Type::bytes: {
        const auto bytes = parse_bytes(text, arena_);
        CHECK(bytes);
        return column.set(row, *bytes);
      }
      case Type::numeric:
        return column.set(row, good(parse_numeric(text)));
      case Type::uuid: {
        const auto uuid = parse_uuid(text);
        CHECK(uuid);
        return column.set(row, *uuid);
      }
      default:
        set_by_cast(column, row, text);
    }
  }

  // An array, or a value of a type that has a cast from text.
  void set_by_cast(Column& column, size_t row, const std::string& text) {
    Column texts(Type::text);
    texts.reset(rows_.size());
    texts.set(row, std::string_view(text));
    const Column* const argument = &texts;
    const Cast* const cast = find_cast(Type::text, column.type());
    CHECK(cast != nullptr);
    const Selection one{static_cast<uint32_t>(row)};
    Frame frame{CallInput{.arguments = {&argument, 1}, .arena = arena_}, one, column};
    cast->function.loop(frame);
    CHECK(column.state(row) == State::value);
  }

  std::string definitions_;
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::deque<std::string> kept_;
  Arena arena_;
  bool is_filled_ = false;
};

// --- Evaluation

// The column's values as text. Those that failed stay as they are.
Column text_of(const Column& values, const Selection& alive, Arena& arena) {
  Column text(Type::text);
  text.reset(values.rows());
  const std::vector<const Column*> arguments{&values};
  const Function& cast = find_cast(values.type(), Type::text)->function;
  const auto state = cast.open_state == nullptr ? nullptr : cast.open_state();
  Frame frame{CallInput{.arguments = arguments, .arena = arena, .state = state.get()}, alive, text};
  cast.loop(frame);
  return text;
}

// A table takes no infinite times; here they are values like any other.
NodeId without_check(const Program& program, NodeId output) {
  const Node& node = program.nodes[output];
  const auto* const call = std::get_if<Call>(&node.what);
  const bool is_checked = call != nullptr && may_be_infinite(program.nodes, output) &&
                          call->function == &finite_function(node.type);
  return is_checked ? call->arguments[0] : output;
}

std::string evaluated(const std::string& expression, const Table& table) {
  Faults faults{.file = "probe", .list = {}};
  const Script script = parse_script(
      fmt::format("CREATE TABLE s ({}); CREATE TABLE o (); INSERT INTO o SELECT {} AS v FROM s p;",
                  table.definitions(), expression),
      {}, faults);
  std::optional<Program> program;
  if (faults.empty() && !script.inserts.empty()) program = bind(script, {}, faults);
  if (!program) return "fault\t" + escaped(faults.text());
  const NodeId wanted = without_check(*program, program->inserts[0].outputs[0].node);
  const TableInput input{.columns = table.columns(), .rows = nullptr};
  Selection alive;
  for (uint32_t row = 0; row < table.rows(); ++row) alive.push_back(row);
  Evaluator evaluator(*program, {&wanted, 1});
  evaluator.begin({&input, 1}, table.rows());
  evaluator.compute_all(alive);
  const Column& result = evaluator.result(wanted);
  Arena arena;
  const bool is_text = result.type() == Type::text;
  const Column text = is_text ? Column(Type::text) : text_of(result, alive, arena);
  std::string out(sql_name(result.type()));
  for (const uint32_t row : alive) {
    if (result.state(row) == State::null) {
      out += "\t\\N";
    } else if (result.state(row) == State::failed) {
      out += "\t!" + escaped(evaluator.why(wanted, row).message);
    } else {
      out += "\t=" + escaped((is_text ? result : text).get<std::string_view>(row));
    }
  }
  return out;
}

void answer_lines() {
  Table table;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::vector<std::string> fields = fields_of(line);
    if (fields[0] == "column") {
      const auto type = type_from_sql(fields.at(2));
      CHECK(type);
      table.add_column(fields.at(1), *type);
    } else if (fields[0] == "row") {
      table.add_row(std::move(fields));
    } else {
      CHECK(fields[0] == "expression");
      table.fill();
      std::cout << evaluated(unescaped(fields.at(1)), table) << std::endl;
    }
  }
}

}  // namespace
}  // namespace turntable::sql

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--registry") {
    turntable::sql::print_registry();
  } else {
    turntable::sql::answer_lines();
  }
}
