#include "sql/select_binder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "sql/expressions.h"
#include "sql/from_clause.h"

namespace turntable::sql {
namespace {

// The name that PostgreSQL gives an expression without AS; empty where it would be ?column?.
std::string natural_name(const Expr& expr) {
  if (const auto* name = std::get_if<NameSyntax>(&expr.what)) return name->column;
  if (const auto* call = std::get_if<CallSyntax>(&expr.what)) {
    if (call->is_operator && call->name == ".")
      return std::get<std::string>(std::get<LiteralSyntax>(call->arguments[1]->what).value);
    return call->is_operator && call->name != "row" ? "" : call->name;
  }
  if (const auto* cast = std::get_if<CastSyntax>(&expr.what)) return natural_name(*cast->argument);
  return "";
}

class ListBinder {
 public:
  ListBinder(const SelectSyntax& syntax, BoundSelect& select, ExpressionBinder& expressions,
             Faults& faults)
      : syntax_(syntax), select_(select), expressions_(expressions), faults_(faults) {}

  void bind() {
    for (const SelectItem& item : syntax_.items) {
      if (const auto* star = std::get_if<StarSyntax>(&item.value->what)) {
        expand(*star, item.at);
      } else {
        select_.items.push_back({.name = item.name.empty() ? natural_name(*item.value) : item.name,
                                 .value = expressions_.bind(*item.value),
                                 .at = item.at,
                                 .named = !item.name.empty()});
        if (!select_.items.back().value) select_.complete = false;
      }
      if (select_.items.size() > kColumnsLimit) {
        faults_.add(item.at, fmt::format("the SELECT list has more than {} columns",
                                         grouped(kColumnsLimit)));
        select_.complete = false;
        select_.star_is_open = true;  // What is not looked at is not missed.
        break;
      }
    }
  }

 private:
  void expand(const StarSyntax& star, Location at) {
    const Scope& scope = select_.scope;
    if (star.table.empty()) {
      if (!scope.complete()) select_.star_is_open = true;
      for (const ScopeColumn& column : scope.all_columns()) add(column, at);
      return;
    }
    const auto entry = scope.find_table(star.table, at, faults_);
    if (!entry) {
      select_.complete = false;
      select_.star_is_open = true;
      return;
    }
    if (!scope.tables()[*entry].known) select_.star_is_open = true;
    for (uint32_t i = 0; i < scope.tables()[*entry].columns.size(); ++i)
      add({.entry = *entry, .column = i}, at);
  }

  void add(const ScopeColumn& column, Location at) {
    const std::string& name = select_.scope.name_of(column);
    const std::string text = select_.scope.tables()[column.entry].alias + "." + name;
    select_.items.push_back(
        {.name = name, .value = expressions_.column(column, at, text), .at = at});
  }

  const SelectSyntax& syntax_;
  BoundSelect& select_;
  ExpressionBinder& expressions_;
  Faults& faults_;
};

}  // namespace

std::unique_ptr<BoundSelect> bind_select(const SelectSyntax& syntax, BindContext& context) {
  auto select = std::make_unique<BoundSelect>(context.constants, context.faults);
  select->complete = syntax.complete;
  ExpressionBinder expressions(*select, context.faults, &context.functions);
  bind_from(syntax, context, *select, expressions);
  if (syntax.where != nullptr &&
      !expressions.bind_conjuncts(*syntax.where, "WHERE", select->filters))
    select->complete = false;
  ListBinder(syntax, *select, expressions, context.faults).bind();
  return select;
}

size_t view_depth(const SelectSyntax& syntax, const BindContext& context) {
  const auto depth = [&](const std::string& name) -> size_t {
    const auto view = context.views.find(name);
    return view == context.views.end() ? 0 : view->second.depth;
  };
  size_t deepest = depth(syntax.first.name);
  for (const JoinSyntax& join : syntax.joins) deepest = std::max(deepest, depth(join.table.name));
  return deepest;
}

}  // namespace turntable::sql
