// CREATE FUNCTION … LANGUAGE sql: a name for an expression over parameters. Its body stands in a
// text of the statement, and is read as a statement of its own at that place, so that its faults
// have their lines and columns.
#include "sql/parse_function.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "sql/parse_expression.h"
#include "sql/parse_table.h"
#include "sql/tokens.h"

namespace turntable::sql {
namespace {

class FunctionParser {
 public:
  FunctionParser(ParseContext& context, const SourceText& source, const StatementText& statement,
                 Faults& faults)
      : context_(context), source_(source), statement_(statement), faults_(faults) {}

  std::unique_ptr<FunctionSyntax> parse(const PgQuery__CreateFunctionStmt& create) {
    const size_t faults_before = faults_.list.size();
    made_->at = context_.begin();
    read_name(create);
    for (const PgNode* node : list(create.n_parameters, create.parameters))
      add_parameter(*node->function_parameter);
    if (create.return_type == nullptr) {
      context_.fault(made_->at, "a function needs RETURNS and a type");
    } else if (const auto type = scalar_type(*create.return_type)) {
      made_->result = type->type;  // PostgreSQL takes no heed of a length or precision here.
    }
    for (const PgNode* option : list(create.n_options, create.options))
      read_option(*option->def_elem);
    if (!has_language_ && create.sql_body == nullptr)
      context_.fault(made_->at, "a function is written in SQL: write LANGUAGE sql");
    if (create.sql_body != nullptr) {
      read_sql_body(create.sql_body);
    } else if (made_->body == nullptr && faults_.list.size() == faults_before) {
      context_.fault(made_->at, "a function needs a body: write AS $$ SELECT … $$");
    }
    return faults_.list.size() == faults_before && made_->body != nullptr ? std::move(made_)
                                                                          : nullptr;
  }

 private:
  std::optional<DeclaredType> scalar_type(const PgQuery__TypeName& name) {
    auto type = parse_type(context_, name);
    if (!type || type->composite == nullptr) return type;
    context_.refuse(context_.at(name.location), "a function's parameter or result of a row type",
                    "take its fields one by one");
    return std::nullopt;
  }

  void read_name(const PgQuery__CreateFunctionStmt& create) {
    const auto names = list(create.n_funcname, create.funcname);
    made_->name = string_of(names.back());
    if (names.size() > 1) context_.refuse(made_->at, "a schema before a function's name");
    if (create.is_procedure != 0) context_.refuse(made_->at, "CREATE PROCEDURE");
    if (create.replace != 0) context_.refuse(made_->at, "OR REPLACE");
  }

  void add_parameter(const PgQuery__FunctionParameter& parameter) {
    const Location place = context_.at(parameter.arg_type->location);
    switch (parameter.mode) {
      case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_IN:
      case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_DEFAULT:
        break;
      case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_VARIADIC:
        context_.refuse(place, "VARIADIC");
        return;
      default:
        context_.refuse(place, "a parameter that is not an input, such as OUT or TABLE");
        return;
    }
    if (parameter.defexpr != nullptr) context_.refuse(place, "DEFAULT of a parameter");
    const auto type = scalar_type(*parameter.arg_type);
    const std::string name = is_empty(parameter.name) ? "" : parameter.name;
    const bool twice =
        !name.empty() && std::any_of(made_->parameters.begin(), made_->parameters.end(),
                                     [&](const auto& other) { return other.name == name; });
    if (twice) context_.fault(place, fmt::format("parameter {} stands twice", printable(name)));
    if (type) made_->parameters.push_back({.name = name, .type = type->type});
  }

  void read_option(const PgQuery__DefElem& option) {
    const std::string_view name = option.defname;
    const Location place = context_.at(option.location);
    // They say how a function may be planned, which changes nothing here: it is put in where it is
    // called.
    constexpr std::array<std::string_view, 4> kPlanning = {"volatility", "leakproof", "cost",
                                                           "parallel"};
    if (std::find(kPlanning.begin(), kPlanning.end(), name) != kPlanning.end()) return;
    if (name == "language") {
      has_language_ = true;
      if (option.arg->node_case != PG_QUERY__NODE__NODE_STRING ||
          lowercase(string_of(option.arg)) != "sql")
        context_.fault(place, "a function is written in SQL: write LANGUAGE sql");
    } else if (name == "as") {
      read_text_body(option);
    } else if (name == "strict") {
      if (option.arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN &&
          option.arg->boolean->boolval == 0)
        return;  // CALLED ON NULL INPUT
      context_.refuse(place, "STRICT", "say in the body what NULL gives, as CASE WHEN a IS NULL …");
    } else {
      context_.refuse(place, fmt::format("{} of a function", printable(name)));
    }
  }

  bool nests_too_deeply(const StatementText& text) {
    if (text.nesting <= kFunctionNestingLimit) return false;
    context_.fault(
        source_.at(text.begin),
        fmt::format("the function nests too deeply: more than {} levels", kFunctionNestingLimit));
    return true;
  }

  // RETURN expression, which is in the statement's own tree.
  void read_sql_body(const PgNode* body) {
    if (made_->body != nullptr) return context_.fault(made_->at, "the function has two bodies");
    if (body->node_case != PG_QUERY__NODE__NODE_RETURN_STMT)
      return context_.refuse(context_.at(body), "BEGIN ATOMIC", "write RETURN and an expression");
    if (nests_too_deeply(statement_)) return;
    made_->body = parse_body_expression(context_, body->return_stmt->returnval);
  }

  // AS $$ SELECT expression $$
  void read_text_body(const PgQuery__DefElem& option) {
    const Location place = context_.at(option.location);
    const auto parts = option.arg->node_case == PG_QUERY__NODE__NODE_LIST
                           ? list(option.arg->list->n_items, option.arg->list->items)
                           : std::span<PgNode* const>();
    const std::string body = parts.size() == 1 ? string_of(parts[0]) : "";
    const auto begin = body_begin(option.location, body);
    if (!begin) return context_.fault(place, "write the body between $$ and $$: AS $$ SELECT … $$");
    // The body alone, at its own place: all that is around it is blank.
    std::string alone(*begin + body.size(), ' ');
    alone.replace(*begin, body.size(), body);
    const std::vector<StatementText> statements = SourceText(alone).statements();
    if (statements.size() != 1)
      return context_.fault(place, "the body of a function is one statement: SELECT expression");
    if (nests_too_deeply(statements[0])) return;
    with_tree(source_, statements[0], context_.types(), faults_,
              [&](ParseContext& inside, const PgNode* node) { read_select(inside, node); });
  }

  // Where the body begins in the file: behind the token $tag$ or the quote that follows AS. Nothing
  // where it does not stand there as it is, as where quotes are doubled in it.
  std::optional<size_t> body_begin(int32_t location, std::string_view body) const {
    if (location < 0 || body.empty()) return std::nullopt;
    const std::string_view text = source_.text().substr(0, statement_.end);
    const size_t as = statement_.begin + static_cast<size_t>(location);
    const size_t token = skip_space(text, next_token(text, as).end);
    if (token >= text.size()) return std::nullopt;
    size_t begin = token + 1;
    if (text[token] == '$') {
      begin = text.find('$', begin);
      if (begin == std::string_view::npos) return std::nullopt;
      ++begin;
    } else if (text[token] != '\'') {
      return std::nullopt;
    }
    return text.substr(begin, body.size()) == body ? std::optional(begin) : std::nullopt;
  }

  void read_select(ParseContext& inside, const PgNode* node) {
    const PgQuery__SelectStmt* select =
        node->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? node->select_stmt : nullptr;
    const bool plain = select != nullptr && select->n_target_list == 1 &&
                       select->n_from_clause == 0 && select->where_clause == nullptr &&
                       select->n_group_clause == 0 && select->having_clause == nullptr &&
                       select->n_window_clause == 0 && select->n_values_lists == 0 &&
                       select->n_sort_clause == 0 && select->limit_offset == nullptr &&
                       select->limit_count == nullptr && select->n_locking_clause == 0 &&
                       select->with_clause == nullptr && select->n_distinct_clause == 0 &&
                       select->into_clause == nullptr && select->larg == nullptr;
    if (!plain)
      return inside.fault(inside.begin(),
                          "the body of a function is SELECT and one expression, without FROM");
    made_->body = parse_body_expression(inside, select->target_list[0]->res_target->val);
  }

  ParseContext& context_;
  const SourceText& source_;
  const StatementText& statement_;
  Faults& faults_;
  std::unique_ptr<FunctionSyntax> made_ = std::make_unique<FunctionSyntax>();
  bool has_language_ = false;
};

}  // namespace

std::unique_ptr<FunctionSyntax> parse_function(ParseContext& context,
                                               const PgQuery__CreateFunctionStmt& create,
                                               const SourceText& source,
                                               const StatementText& statement, Faults& faults) {
  return FunctionParser(context, source, statement, faults).parse(create);
}

}  // namespace turntable::sql
