#include "sql/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "row/insert_set.h"
#include "sql/options.h"
#include "sql/parser.h"

namespace turntable::sql {
namespace {

// Places the first byte that is not UTF-8, or a NUL, which libpg_query would take for the end.
std::optional<size_t> first_bad_byte(std::string_view text) {
  const size_t nul = text.find('\0');
  if (is_utf8(text)) return nul == std::string_view::npos ? std::nullopt : std::optional(nul);
  // The longest well-formed prefix, by bisection over lines first and bytes then: a file is small.
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (!is_utf8(line)) {
      size_t good = line.size();
      while (!is_utf8(line.substr(0, good))) --good;
      return std::min(begin + good, nul);
    }
    begin = end + 1;
  }
  return nul;
}

void check_columns(const TableDef& table, Faults& faults) {
  if (table.columns.size() > kColumnsLimit)
    faults.add(table.column_locations[kColumnsLimit],
               fmt::format("a table has {} columns at most", grouped(kColumnsLimit)));
  std::set<std::string> seen;
  for (size_t i = 0; i < table.columns.size(); ++i)
    if (!seen.insert(table.columns[i].name).second)
      faults.add(table.column_locations[i],
                 fmt::format("column {} stands twice", table.columns[i].name));
}

std::string declared_twice(std::string_view kind, const std::string& name, Location first) {
  return fmt::format("{} {} is declared twice, first in line {}", kind, name, first.line);
}

void add_table(Script& script, TableDef table, Faults& faults) {
  check_columns(table, faults);
  finish_options(table, faults);
  if (const TableDef* other = script.find(table.name)) {
    faults.add(table.at, declared_twice("table", table.name, other->at));
    return;
  }
  script.tables.push_back(std::move(table));
}

void add_type(Script& script, TypeDef type, Faults& faults) {
  const auto other =
      std::find_if(script.types.begin(), script.types.end(),
                   [&](const TypeDef& candidate) { return candidate.name == type.name; });
  if (other != script.types.end()) {
    faults.add(type.at, declared_twice("type", type.name, other->at));
  } else if (script.types.size() == kTypesLimit) {
    faults.add(type.at, fmt::format("a pipeline has {} types at most", grouped(kTypesLimit)));
    script.complete = false;
  } else {
    if (type.type == nullptr) script.complete = false;
    script.types.push_back(std::move(type));
  }
}

// PostgreSQL has a type of the name of each table and view.
void check_type_names(const Script& script, Faults& faults) {
  for (const TypeDef& type : script.types)
    if (script.find(type.name) != nullptr || script.find_view(type.name) != nullptr)
      faults.add(type.at,
                 fmt::format("{} is the name of a type and of a table or view: give one of "
                             "them another name",
                             printable(type.name)));
}

void add_function(Script& script, std::unique_ptr<FunctionSyntax> function, Faults& faults) {
  const auto other = std::find_if(script.functions.begin(), script.functions.end(),
                                  [&](const auto& one) { return one->name == function->name; });
  if (other != script.functions.end()) {
    faults.add(function->at, declared_twice("function", function->name, (*other)->at) +
                                 ": functions of one name are not told apart by their parameters");
  } else if (script.functions.size() == kFunctionsLimit) {
    faults.add(function->at,
               fmt::format("a pipeline has {} functions at most", grouped(kFunctionsLimit)));
  } else {
    script.functions.push_back(std::move(function));
  }
}

// The tables of FROM and JOIN, with those of a view in its place.
std::vector<std::string> tables_of(const Script& script, const SelectSyntax& select) {
  std::vector<std::string> tables;
  const auto add = [&](const std::string& name) {
    if (std::find(tables.begin(), tables.end(), name) == tables.end()) tables.push_back(name);
  };
  const auto add_source = [&](const TableSyntax& source) {
    const View* view = script.find_view(source.name);
    if (view == nullptr) return add(source.name);
    for (const std::string& table : view->tables) add(table);
  };
  add_source(select.first);
  for (const JoinSyntax& join : select.joins) add_source(join.table);
  // Views on views could name more and more; bind() refuses a SELECT from more tables.
  tables.resize(std::min(tables.size(), kTablesLimit + 1));
  return tables;
}

// Where each view is declared first.
using ViewPlaces = std::map<std::string, Location, std::less<>>;

bool is_before(Location a, Location b) {
  return std::pair(a.line, a.column) < std::pair(b.line, b.column);
}

// False if a view in FROM or JOIN is none of the script's, which has those before this statement. A
// fault says why, or has said why that view was left out. `self`: the view whose SELECT this is, or
// empty. `views`: all of the file.
bool uses_known_views(const Script& script, const SelectSyntax& select, std::string_view self,
                      const ViewPlaces& views, Faults& faults) {
  bool known = true;
  const auto check = [&](const TableSyntax& source) {
    const auto view = views.find(source.name);
    if (view == views.end() || script.find_view(source.name) != nullptr ||
        script.find(source.name) != nullptr)
      return;
    known = false;
    if (source.name == self) {
      faults.add(source.at, fmt::format("view {} cannot use itself", source.name));
    } else if (is_before(source.at, view->second)) {
      faults.add(source.at,
                 fmt::format("view {} is declared only in line {}: a view stands before the "
                             "statements that use it",
                             source.name, view->second.line));
    }
  };
  check(select.first);
  for (const JoinSyntax& join : select.joins) check(join.table);
  return known;
}

// Views and INSERTs, once all tables of the file are known.
class QueryStatements {
 public:
  QueryStatements(Script& script, Faults& faults) : script_(script), faults_(faults) {}

  void add(Statement statement) {
    if (const auto* view = std::get_if<std::unique_ptr<ViewSyntax>>(&statement))
      views_.try_emplace((*view)->name, (*view)->at);
    statements_.push_back(std::move(statement));
  }

  void finish() {
    for (Statement& statement : statements_) {
      if (faults_.list.size() >= kFaultsLimit) {
        script_.complete = false;
        return;
      }
      if (auto* view = std::get_if<std::unique_ptr<ViewSyntax>>(&statement)) {
        add_view(std::move(*view));
      } else {
        add_insert(std::move(std::get<std::unique_ptr<InsertSyntax>>(statement)));
      }
    }
  }

 private:
  void add_view(std::unique_ptr<ViewSyntax> syntax) {
    if (const TableDef* table = script_.find(syntax->name)) {
      const bool first = is_before(syntax->at, table->at);
      faults_.add(first ? table->at : syntax->at,
                  fmt::format("{} is the name of a view and of a table: the other is in line {}",
                              syntax->name, first ? syntax->at.line : table->at.line));
      return;
    }
    if (const View* other = script_.find_view(syntax->name)) {
      faults_.add(syntax->at, declared_twice("view", syntax->name, other->at));
      return;
    }
    if (script_.views.size() == kViewsLimit) {
      add_once(too_many_views_, syntax->at,
               fmt::format("a pipeline has {} views at most", grouped(kViewsLimit)));
      script_.complete = false;
      return;
    }
    // Left out, so that no view leads back to itself. What uses it does not miss it.
    if (!uses_known_views(script_, syntax->select, syntax->name, views_, faults_)) {
      script_.complete = false;
      return;
    }
    View view{.name = syntax->name,
              .tables = tables_of(script_, syntax->select),
              .at = syntax->at,
              .syntax = nullptr};
    view.syntax = std::move(syntax);
    script_.views.push_back(std::move(view));
  }

  void add_insert(std::unique_ptr<InsertSyntax> syntax) {
    const TableSyntax& sink = syntax->sink;
    if (script_.inserts.size() == kInsertsLimit) {
      add_once(too_many_inserts_, sink.at,
               fmt::format("a pipeline has {} INSERTs at most", kInsertsLimit));
      return;
    }
    if (views_.contains(sink.name) && script_.find(sink.name) == nullptr) {
      faults_.add(sink.at,
                  fmt::format("{} is a view: rows can be inserted only into a table", sink.name));
      // A view that was left out is not missed.
      if (script_.find_view(sink.name) == nullptr) script_.complete = false;
    }
    const auto other = std::find_if(script_.inserts.begin(), script_.inserts.end(),
                                    [&](const Insert& insert) { return insert.sink == sink.name; });
    if (other != script_.inserts.end())
      faults_.add(sink.at,
                  fmt::format("table {} has an INSERT already, in line {}: an INSERT is named by "
                              "its table, so a table has one",
                              sink.name, other->at.line));
    if (!uses_known_views(script_, syntax->select, "", views_, faults_)) script_.complete = false;
    Insert insert{.sink = sink.name,
                  .tables = tables_of(script_, syntax->select),
                  .at = sink.at,
                  .syntax = nullptr};
    insert.syntax = std::move(syntax);
    script_.inserts.push_back(std::move(insert));
  }

  void add_once(bool& was_added, Location at, std::string message) {
    if (!std::exchange(was_added, true)) faults_.add(at, std::move(message));
  }

  Script& script_;
  Faults& faults_;
  std::vector<Statement> statements_;
  ViewPlaces views_;  // Of the whole file.
  bool too_many_views_ = false;
  bool too_many_inserts_ = false;
};

}  // namespace

std::string Faults::text() const {
  std::vector<Fault> sorted = list;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Fault& a, const Fault& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  std::string out;
  // What is written once may be looked at several times, as x is in x BETWEEN 1 AND 2.
  std::set<std::string> lines;
  for (const Fault& fault : sorted) {
    std::string line;
    if (fault.at.line > 0) line = fmt::format("{}:{}:{}: ", file, fault.at.line, fault.at.column);
    // Names and values in it came with the pipeline, and may hold anything.
    line += printable(fault.message, std::string::npos);
    const auto [shown, is_new] = lines.insert(std::move(line));
    if (is_new) out += (out.empty() ? "" : "\n") + *shown;
  }
  return out;
}

const Option* TableDef::find(std::string_view option) const {
  const auto found = std::find_if(options.begin(), options.end(), [&](const Option& candidate) {
    return candidate.name == option;
  });
  return found == options.end() ? nullptr : &*found;
}

std::string TableDef::value(std::string_view option, std::string_view otherwise) const {
  const Option* found = find(option);
  return found == nullptr ? std::string(otherwise) : found->value;
}

const TableDef* Script::find(std::string_view table) const {
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const TableDef& candidate) {
    return candidate.name == table;
  });
  return found == tables.end() ? nullptr : &*found;
}

const View* Script::find_view(std::string_view name) const {
  const auto found = std::find_if(views.begin(), views.end(),
                                  [&](const View& candidate) { return candidate.name == name; });
  return found == views.end() ? nullptr : &*found;
}

Script parse_script(std::string_view text, const std::vector<SetOption>& sets, Faults& faults) {
  Script script;
  script.file = faults.file;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark)
    text.remove_prefix(kByteOrderMark.size());
  const SourceText source(text);
  if (const auto bad = first_bad_byte(text)) {
    faults.add(source.at(*bad), text[*bad] == '\0' ? "there is a NUL byte in the file"
                                                   : "the file is not UTF-8 text");
    script.complete = false;
    return script;
  }
  const std::vector<StatementText> statements = source.statements();
  QueryStatements queries(script, faults);
  for (const StatementText& part : statements) {
    if (faults.list.size() >= kFaultsLimit) {
      faults.add(source.at(part.begin), "too many faults: what follows was not looked at");
      script.complete = false;
      return script;
    }
    Statement statement = parse_statement(source, part, script.types, faults);
    if (auto* table = std::get_if<TableDef>(&statement)) {
      add_table(script, std::move(*table), faults);
    } else if (auto* type = std::get_if<TypeDef>(&statement)) {
      add_type(script, std::move(*type), faults);
    } else if (auto* function = std::get_if<std::unique_ptr<FunctionSyntax>>(&statement)) {
      add_function(script, std::move(*function), faults);
    } else if (!std::holds_alternative<std::monostate>(statement)) {
      queries.add(std::move(statement));
    } else {
      script.complete = false;
    }
  }
  queries.finish();
  check_type_names(script, faults);
  if (script.inserts.empty() && script.complete)
    faults.add(source.at(statements.empty() ? 0 : statements[0].begin),
               "the pipeline has no INSERT INTO … SELECT statement");
  apply_sets(script, sets, faults);
  return script;
}

}  // namespace turntable::sql
