// libpg_query's tree → our own. What a pipeline may not hold is refused here and in parse_*.cc, at
// its place, field by field: a clause that PostgreSQL knows and we do not must never be passed over
// in silence. Where something is refused a fault is added and the work goes on, so that all faults
// of a statement are found.
#include "sql/parser.h"

#include <fmt/format.h>
#include <pg_query.h>

#include "base/check.h"
#include "base/secret.h"
#include "base/text.h"
#include "sql/parse_composite.h"
#include "sql/parse_function.h"
#include "sql/parse_select.h"
#include "sql/parse_table.h"
#include "sql/syntax_hint.h"

namespace turntable::sql {
namespace {

// Takes in the statement's SELECT. Nothing where it cannot be used.
std::optional<SelectSyntax> select_of(ParseContext& context, const PgNode* query,
                                      std::string_view statement) {
  if (query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT)
    return parse_select(context, *query->select_stmt, statement);
  context.refuse(context.begin(), "this statement");
  return std::nullopt;
}

Statement parse_insert(ParseContext& context, const PgQuery__InsertStmt& insert) {
  const size_t faults_before = context.faults();
  auto syntax = std::make_unique<InsertSyntax>();
  syntax->sink = parse_table_reference(context, *insert.relation);
  if (insert.with_clause != nullptr)
    context.refuse(context.at(insert.with_clause->location), "WITH before INSERT");
  if (insert.on_conflict_clause != nullptr)
    context.refuse(context.at(insert.on_conflict_clause->location), "ON CONFLICT");
  if (insert.n_returning_list > 0)
    context.refuse(context.at(insert.returning_list[0]), "RETURNING");
  if (insert.override > PG_QUERY__OVERRIDING_KIND__OVERRIDING_NOT_SET)
    context.refuse(syntax->sink.at, "OVERRIDING");
  for (const PgNode* node : list(insert.n_cols, insert.cols)) {
    const PgQuery__ResTarget& target = *node->res_target;
    if (target.n_indirection > 0) context.refuse(context.at(node), "a subscript or field");
    syntax->columns.push_back({target.name, context.at(node)});
  }
  if (insert.select_stmt == nullptr) {
    context.refuse(syntax->sink.at, "DEFAULT VALUES");
    return std::monostate();
  }
  auto select = select_of(context, insert.select_stmt, "INSERT INTO … SELECT");
  if (!select) return std::monostate();
  syntax->select = std::move(*select);
  syntax->select.complete = context.faults() == faults_before;
  return syntax;
}

// CREATE RECURSIVE VIEW is a WITH RECURSIVE that was not written, to libpg_query.
bool is_recursive(const PgQuery__ViewStmt& view) {
  if (view.query->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) return false;
  const PgQuery__WithClause* with = view.query->select_stmt->with_clause;
  return with != nullptr && with->recursive != 0 && with->location < 0;
}

Statement parse_view(ParseContext& context, const PgQuery__ViewStmt& view) {
  const size_t faults_before = context.faults();
  auto syntax = std::make_unique<ViewSyntax>();
  syntax->at = context.at(view.view->location);
  syntax->name = parse_table_name(context, *view.view);
  if (view.replace != 0) context.refuse(syntax->at, "OR REPLACE");
  if (view.n_options > 0)
    context.refuse(context.at(view.options[0]->def_elem->location), "WITH behind a view's name");
  if (view.with_check_option > PG_QUERY__VIEW_CHECK_OPTION__NO_CHECK_OPTION)
    context.refuse(syntax->at, "WITH CHECK OPTION");
  if (is_recursive(view)) {
    context.refuse(syntax->at, "RECURSIVE");
    return std::monostate();
  }
  const std::vector<Location> places = context.list_places(view.view->location, "");
  for (size_t i = 0; i < view.n_aliases; ++i)
    syntax->columns.push_back(
        {string_of(view.aliases[i]), i < places.size() ? places[i] : syntax->at});
  auto select = select_of(context, view.query, "CREATE VIEW … AS SELECT");
  if (!select) return std::monostate();
  syntax->select = std::move(*select);
  syntax->select.complete = context.faults() == faults_before;
  return syntax;
}

Statement parse_tree(ParseContext& context, const PgNode* node, const SourceText& source,
                     const StatementText& statement, Faults& faults) {
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_STMT:
      return parse_table(context, *node->create_stmt);
    case PG_QUERY__NODE__NODE_INSERT_STMT:
      return parse_insert(context, *node->insert_stmt);
    case PG_QUERY__NODE__NODE_VIEW_STMT:
      return parse_view(context, *node->view_stmt);
    case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT:
      return parse_composite(context, *node->composite_type_stmt);
    case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT:
      if (auto function =
              parse_function(context, *node->create_function_stmt, source, statement, faults))
        return function;
      return std::monostate();
    default:
      context.fault(context.begin(),
                    "a pipeline holds only CREATE TABLE, CREATE TYPE … AS (…), CREATE VIEW, CREATE "
                    "FUNCTION and INSERT INTO … SELECT statements");
      return std::monostate();
  }
}

}  // namespace

void with_tree(const SourceText& source, const StatementText& statement,
               const std::vector<TypeDef>& types, Faults& faults,
               const std::function<void(ParseContext&, const PgNode*)>& use) {
  if (statement.long_name) {
    faults.add(source.at(*statement.long_name),
               fmt::format("a name is longer than {} bytes", kNameBytesLimit));
    return;
  }
  if (statement.nesting > kNestingLimit) {
    faults.add(source.at(statement.begin),
               fmt::format("the statement nests too deeply: more than {} levels", kNestingLimit));
    return;
  }
  const auto add = [&](const std::vector<SyntaxFault>& found) {
    for (const SyntaxFault& fault : found)
      faults.add(source.at(statement.begin + fault.byte), fault.message);
  };
  std::string text(source.text().substr(statement.begin, statement.end - statement.begin));
  // In a file with secrets, what a message quotes may be one of them, as where a quote before it is
  // missing; the place says as much.
  const bool show = !speaks_of_secrets(source.text());
  const Lookalikes lookalikes = replace_lookalikes(text, show);
  add(lookalikes.faults);
  if (!lookalikes.readable) return;
  const PgQueryProtobufParseResult parsed = pg_query_parse_protobuf(text.c_str());
  const std::unique_ptr<const PgQueryProtobufParseResult,
                        void (*)(const PgQueryProtobufParseResult*)>
      free_parsed(&parsed, [](const PgQueryProtobufParseResult* result) {
        pg_query_free_protobuf_parse_result(*result);
      });
  if (parsed.error != nullptr) {
    // PostgreSQL counts characters from 1; 0 is unknown.
    const size_t character =
        parsed.error->cursorpos > 0 ? static_cast<size_t>(parsed.error->cursorpos - 1) : 0;
    add(explain_syntax_error(text, byte_of_character(text, character), parsed.error->message,
                             show));
    return;
  }
  const std::unique_ptr<PgQuery__ParseResult, void (*)(PgQuery__ParseResult*)> tree(
      pg_query__parse_result__unpack(nullptr, parsed.parse_tree.len,
                                     reinterpret_cast<const uint8_t*>(parsed.parse_tree.data)),
      [](PgQuery__ParseResult* result) { pg_query__parse_result__free_unpacked(result, nullptr); });
  CHECK(tree != nullptr);
  if (tree->n_stmts != 1) {
    faults.add(source.at(statement.begin), "this is no statement");
    return;
  }
  ParseContext context(source, statement, types, faults);
  use(context, tree->stmts[0]->stmt);
}

Statement parse_statement(const SourceText& source, const StatementText& statement,
                          const std::vector<TypeDef>& types, Faults& faults) {
  Statement parsed;
  with_tree(source, statement, types, faults, [&](ParseContext& context, const PgNode* node) {
    parsed = parse_tree(context, node, source, statement, faults);
  });
  return parsed;
}

}  // namespace turntable::sql
