// A pipeline file as statements: tables with their options, and views and INSERTs whose SELECT is
// not yet bound. parse_script() turns text into this; bind() (sql/binder.h) turns it into a
// Program.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "row/composite.h"
#include "row/types.h"

namespace turntable::sql {

// Of one table, as PostgreSQL has it.
inline constexpr size_t kColumnsLimit = 1'600;
inline constexpr size_t kViewsLimit = 1'000;
inline constexpr size_t kFunctionsLimit = 1'000;
inline constexpr size_t kTypesLimit = 1'000;
// Of a file that is no pipeline at all.
inline constexpr size_t kFaultsLimit = 100;

// Where in the file, from 1. Line 0: not in the file (a --set, for example).
struct Location {
  int line = 0;
  int column = 0;  // In characters, not bytes.
};

struct Fault {
  Location at;
  std::string message;  // What is wrong, what was expected; maybe a "Did you mean".
};

// All faults of one file, in the order of their place.
struct Faults {
  std::string file;
  std::vector<Fault> list;

  [[nodiscard]] bool empty() const { return list.empty(); }
  void add(Location at, std::string message) { list.push_back({at, std::move(message)}); }
  // Lines "file:line:col: message", sorted by place, each once.
  [[nodiscard]] std::string text() const;
  // The same as an Error of kind usage.
  [[nodiscard]] Error error() const { return {ErrorKind::usage, text()}; }
};

// One entry of WITH (…) or of --set.
struct Option {
  std::string name;   // Lower case, but for quoted names, which stay as written.
  std::string value;  // After ${NAME} and ${NAME:-default} were filled from the environment.
  Location at;
  bool from_command_line = false;
  std::vector<std::string> variables = {};  // Those of the environment that are in the value.
};

// What the reader of a table's options asked for, and the value that counts where one is not given.
using AskedOptions = std::map<std::string, std::string>;

// CREATE TYPE name AS (field type, …).
struct TypeDef {
  std::string name;
  std::shared_ptr<const CompositeType> type;  // Null where a fault was found in it.
  Location at;
};

struct TableDef {
  std::string name;
  Schema columns;  // As declared; empty for CREATE TABLE t ().
  std::vector<Location> column_locations;
  std::vector<Option> options;
  Location at;
  bool faulty = false;  // A column or option is missing here, because a fault was found in it.
  std::shared_ptr<AskedOptions> asked = {};  // Null where nobody wants to know.

  [[nodiscard]] const Option* find(std::string_view option) const;
  // The option's value, or `otherwise` where it is not given.
  [[nodiscard]] std::string value(std::string_view option, std::string_view otherwise = "") const;
};

struct InsertSyntax;  // sql/syntax.h
struct ViewSyntax;
struct FunctionSyntax;

struct Insert {
  std::string sink;  // INSERT INTO <sink>
  // FROM and JOIN, in order, each table once; a view's own tables in its place. No more than one
  // above kTablesLimit (sql/program.h), which is refused by bind().
  std::vector<std::string> tables;
  Location at;
  std::shared_ptr<const InsertSyntax> syntax;  // For bind().
};

// A SELECT with a name, for the statements behind it.
struct View {
  std::string name;
  std::vector<std::string> tables;  // As in Insert.
  Location at;
  std::shared_ptr<const ViewSyntax> syntax;
};

// Tables may stand anywhere in the file, a view before the statements that use it. So a view uses
// only views before it here, and never itself. There are kInsertsLimit INSERTs and kViewsLimit
// views at most.
struct Script {
  std::string file;
  std::vector<TypeDef> types;  // Each name once. One is used only behind its statement.
  std::vector<TableDef> tables;
  std::vector<View> views;
  std::vector<Insert> inserts;
  // CREATE FUNCTION, in order, each name once. One uses only those before it.
  std::vector<std::shared_ptr<const FunctionSyntax>> functions;
  bool complete = true;  // False where a statement could not be read: tables may be missing here.

  [[nodiscard]] const TableDef* find(std::string_view table) const;
  [[nodiscard]] const View* find_view(std::string_view name) const;
};

// TABLE.OPTION=VALUE, split at the first dot and the first '=' after it.
struct SetOption {
  std::string table;
  std::string option;
  std::string value;
};
[[nodiscard]] Result<SetOption> parse_set_option(std::string_view text);
// Of an argument that has another form, only what may be names: behind it there may be a secret.
[[nodiscard]] std::string shown_set_option(std::string_view text);

// Reads a pipeline's text. Every statement is parsed by itself, so that all syntax faults are found
// in one pass. `sets` override options; a connector that is set makes the file's other options of
// that table ignored where the new connector does not know them. Variables are taken from the
// environment. The script is usable only if no fault was added.
[[nodiscard]] Script parse_script(std::string_view text, const std::vector<SetOption>& sets,
                                  Faults& faults);

}  // namespace turntable::sql
