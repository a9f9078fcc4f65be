#include "sql/binder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/check.h"
#include "base/text.h"
#include "sql/identifiers.h"
#include "sql/join_order.h"
#include "sql/outputs.h"
#include "sql/program_builder.h"
#include "sql/select_binder.h"

namespace turntable::sql {
namespace {

const SelectTable* stream_of(const BoundSelect& select) {
  const auto found = std::find_if(select.tables.begin(), select.tables.end(),
                                  [](const SelectTable& table) { return !table.is_lookup; });
  return found == select.tables.end() ? nullptr : &*found;
}

class Binder {
 public:
  Binder(const Script& script, const BindOptions& options, Faults& faults)
      : script_(script),
        faults_(faults),
        context_{.script = script, .options = options, .faults = faults},
        build_(options, faults) {}

  std::optional<Program> bind() {
    check_function_names();
    for (const View& view : script_.views) bind_view(view);
    for (const Insert& insert : script_.inserts) bind_insert(insert);
    drop_repeated_faults();
    if (!faults_.empty() || !complete_ || !script_.complete || script_.inserts.empty())
      return std::nullopt;
    return build_.finish();
  }

 private:
  void check_function_names() {
    for (const auto& own : script_.functions)
      if (std::any_of(functions().begin(), functions().end(), [&](const Function& function) {
            return function.kind == Kind::function && function.name == own->name;
          }))
        faults_.add(own->at,
                    fmt::format("there is a function {} already: give this one another name",
                                printable(own->name)));
  }

  // --- CREATE VIEW
  // ----------------------------------------------------------------------------------------------

  void bind_view(const View& view) {
    CHECK(view.syntax != nullptr);
    const ViewSyntax& syntax = *view.syntax;
    const size_t depth = view_depth(syntax.select, context_) + 1;
    if (depth > kViewDepthLimit) {
      faults_.add(view.at, fmt::format("more than {} views stand on one another", kViewDepthLimit));
      complete_ = false;
      return;
    }
    auto select = bind_select(syntax.select, context_);
    name_columns(syntax, *select);
    give_types(*select);
    // Where nothing else is at fault: that its lookups can be looked up.
    if (select->complete && stream_of(*select) != nullptr && !order_joins(*select, faults_))
      select->complete = false;
    context_.views.emplace(view.name, BoundView{.select = std::move(select), .depth = depth});
  }

  void name_columns(const ViewSyntax& syntax, BoundSelect& select) {
    std::vector<Item>& items = select.items;
    if (syntax.columns.size() > items.size() && !select.star_is_open)
      faults_.add(syntax.columns[items.size()].at,
                  fmt::format("the list names {} columns, but the SELECT has {}",
                              syntax.columns.size(), items.size()));
    for (size_t i = 0; i < items.size() && i < syntax.columns.size(); ++i)
      items[i].name = syntax.columns[i].name;
    std::set<std::string> seen;
    for (const Item& item : items) {
      if (item.name.empty()) {
        if (item.value)
          faults_.add(item.at, "this expression needs a name: write … AS the view's column");
        select.complete = false;
      } else if (!seen.insert(item.name).second) {
        faults_.add(item.at, fmt::format("column {} of view {} stands twice: give one another name "
                                         "by AS",
                                         printable(item.name), printable(syntax.name)));
        select.complete = false;
      }
    }
  }

  // A literal whose type is open is a text.
  void give_types(BoundSelect& select) {
    for (Item& item : select.items) {
      if (item.value && item.value->open)
        item.value = select.build.cast(*item.value, Type::text, item.at);
      if (item.value && item.value->fields != nullptr) {
        faults_.add(item.at,
                    "a row needs a type in a view: write ROW(…)::name, of a type that "
                    "CREATE TYPE declares");
        item.value = std::nullopt;
        select.complete = false;
      }
    }
  }

  // x IN (1, 2) is x = 1 OR x = 2, so that what is wrong with x is found twice.
  void drop_repeated_faults() {
    std::set<std::tuple<int, int, std::string>> seen;
    std::erase_if(faults_.list, [&](const Fault& fault) {
      return !seen.emplace(fault.at.line, fault.at.column, fault.message).second;
    });
  }

  // --- INSERT
  // ---------------------------------------------------------------------------------------------------

  void bind_insert(const Insert& insert) {
    CHECK(insert.syntax != nullptr);
    const InsertSyntax& syntax = *insert.syntax;
    const TableDef* sink = find_sink(syntax.sink);
    const auto select = bind_select(syntax.select, context_);
    const bool one_stream = check_stream(syntax, *select);
    const std::vector<Output> outputs = bind_outputs(insert, sink, *select, faults_);
    std::optional<JoinOrder> order;
    if (one_stream) order = order_joins(*select, faults_);
    if (order && sink != nullptr && select->complete) {
      build_.add_insert(insert.sink, *select, *order, outputs, insert.at);
    } else {
      complete_ = false;
    }
  }

  const TableDef* find_sink(const TableSyntax& table) {
    const TableDef* found = script_.find(table.name);
    if (found != nullptr) return found;
    complete_ = false;
    // It may be in a statement that could not be read; and a view was refused before.
    if (!script_.complete || script_.find_view(table.name) != nullptr) return nullptr;
    std::vector<std::string> names;
    for (const TableDef& candidate : script_.tables) names.push_back(candidate.name);
    faults_.add(table.at, fmt::format("there is no table {}.{}", printable(table.name),
                                      did_you_mean_name(table.name, names)));
    return nullptr;
  }

  // True where the SELECT reads one stream, and the same as the INSERTs before it.
  bool check_stream(const InsertSyntax& syntax, const BoundSelect& select) {
    const SelectTable* stream = stream_of(select);
    if (stream == nullptr) {
      if (select.scope.complete() && syntax.select.complete)
        faults_.add(syntax.select.first.at,
                    fmt::format("no table in FROM is a stream: {} only joined to one",
                                lookups_text(select)));
      return false;
    }
    if (script_.find(stream->name)->faulty) return false;
    if (stream_.empty()) {
      stream_ = stream->name;
      stream_line_ = stream->at.line;
    }
    if (stream_ != stream->name) {
      faults_.add(stream->at,
                  fmt::format("several streams are not supported (yet): {} in line {}, "
                              "and {} here",
                              printable(stream_), stream_line_, printable(stream->name)));
      return false;
    }
    return std::count_if(select.tables.begin(), select.tables.end(),
                         [](const SelectTable& table) { return !table.is_lookup; }) == 1;
  }

  // "songs is a lookup, which is", "songs, artists are lookups, which are"
  static std::string lookups_text(const BoundSelect& select) {
    std::string names;
    for (const SelectTable& table : select.tables)
      names += (names.empty() ? "" : ", ") + table.name;
    return names +
           (select.tables.size() == 1 ? " is a lookup, which is" : " are lookups, which are");
  }

  const Script& script_;
  Faults& faults_;
  BindContext context_;
  ProgramBuilder build_;
  std::string stream_;  // That the INSERTs read; empty until the first one is bound.
  int stream_line_ = 0;
  bool complete_ = true;  // False where a part of the program is missing.
};

}  // namespace

std::optional<Program> bind(const Script& script, const BindOptions& options, Faults& faults) {
  return Binder(script, options, faults).bind();
}

}  // namespace turntable::sql
