// libpg_query's tree → our own. What a pipeline may not hold is refused here, at its place, field
// by field: a clause that PostgreSQL knows and we do not must never be passed over in silence.
#include "sql/parser.h"

#include <fmt/format.h>
#include <pg_query.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include "base/check.h"
#include "base/secret.h"
#include "base/text.h"
#include "sql/pg_tree.h"
#include "sql/syntax_hint.h"

namespace turntable::sql {
namespace {

// Turns one statement's tree into ours. Where something is refused a fault is added and the work
// goes on, so that all faults of a statement are found.
class Converter {
 public:
  Converter(const SourceText& source, const StatementText& statement, Faults& faults)
      : source_(source), statement_(statement), faults_(faults) {}

  Statement statement(const PgNode* node) {
    switch (node->node_case) {
      case PG_QUERY__NODE__NODE_CREATE_STMT:
        return create_table(*node->create_stmt);
      case PG_QUERY__NODE__NODE_INSERT_STMT:
        return insert(*node->insert_stmt);
      default:
        fault(begin(), "a pipeline holds only CREATE TABLE and INSERT INTO … SELECT statements");
        return std::monostate();
    }
  }

 private:
  // --- Places and faults
  // ---------------------------------------------------------------------------------------

  [[nodiscard]] Location begin() const { return source_.at(statement_.begin); }
  [[nodiscard]] Location at(int32_t location) const {
    return location < 0 ? begin() : source_.at(statement_.begin + static_cast<size_t>(location));
  }
  [[nodiscard]] Location at(const PgNode* node) const {
    const auto byte = begin_of(node);
    return byte ? source_.at(statement_.begin + *byte) : begin();
  }
  void fault(Location place, std::string message) { faults_.add(place, std::move(message)); }
  void refuse(Location place, std::string_view what, std::string_view advice = "") {
    fault(place,
          fmt::format("{} is not supported (yet){}{}", what, advice.empty() ? "" : ": ", advice));
  }

  // --- CREATE TABLE
  // --------------------------------------------------------------------------------------------

  Statement create_table(const PgQuery__CreateStmt& create) {
    TableDef table;
    table.at = at(create.relation->location);
    table.name = table_name(*create.relation);
    if (create.n_inh_relations > 0) refuse(at(create.inh_relations[0]), "INHERITS");
    if (create.partbound != nullptr || create.partspec != nullptr) refuse(table.at, "PARTITION");
    if (create.of_typename != nullptr) refuse(at(create.of_typename->location), "OF a type");
    if (create.if_not_exists) refuse(table.at, "IF NOT EXISTS");
    if (create.oncommit > PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_NOOP) refuse(table.at, "ON COMMIT");
    if (!is_empty(create.tablespacename)) refuse(table.at, "TABLESPACE");
    if (!is_empty(create.access_method)) refuse(table.at, "USING");
    for (const PgNode* constraint : list(create.n_constraints, create.constraints))
      refuse_constraint(constraint);
    for (const PgNode* element : list(create.n_table_elts, create.table_elts)) {
      if (element->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) {
        column(*element->column_def, table);
      } else if (element->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
        refuse_constraint(element);
      } else {
        refuse(table.at, "LIKE");
      }
    }
    for (const PgNode* element : list(create.n_options, create.options))
      option(*element->def_elem, table);
    return table;
  }

  void column(const PgQuery__ColumnDef& definition, TableDef& table) {
    ColumnDef column;
    column.name = definition.colname;
    const Location place = at(definition.location);
    if (definition.coll_clause != nullptr) refuse(at(definition.coll_clause->location), "COLLATE");
    if (!is_empty(definition.compression)) refuse(place, "COMPRESSION");
    if (definition.n_fdwoptions > 0) refuse(place, "OPTIONS");
    for (const PgNode* constraint : list(definition.n_constraints, definition.constraints)) {
      const auto kind = constraint->constraint->contype;
      if (kind == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL) {
        column.not_null = true;
      } else if (kind != PG_QUERY__CONSTR_TYPE__CONSTR_NULL) {
        refuse_constraint(constraint);
      }
    }
    const auto type = column_type(*definition.type_name);
    if (!type) {
      table.faulty = true;
      return;
    }
    column.type = *type;
    table.columns.push_back(std::move(column));
    table.column_locations.push_back(place);
  }

  void refuse_constraint(const PgNode* node) {
    const PgQuery__ConstrType type = node->constraint->contype;
    if (type == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY) {
      fault(at(node), "PRIMARY KEY is not supported here: a sink's key is its option primary_key");
    } else {
      refuse(at(node), constraint_name(type));
    }
  }

  // The type, or nothing and a fault.
  std::optional<Type> column_type(const PgQuery__TypeName& name) {
    const Location place = at(name.location);
    std::string written;
    for (const PgNode* part : list(name.n_names, name.names)) {
      if (string_of(part) == "pg_catalog") continue;
      written += fmt::format("{}{}", written.empty() ? "" : ".", string_of(part));
    }
    if (name.setof || name.pct_type) {
      refuse(place, name.setof ? "SETOF" : "%TYPE");
      return std::nullopt;
    }
    if (name.n_array_bounds > 0) {
      refuse(place, "an array type");
      return std::nullopt;
    }
    const auto type = type_from_sql(written);
    if (!type) {
      fault(place, unknown_type(written));
      return std::nullopt;
    }
    if (name.n_typmods > 0) {
      fault(place,
            fmt::format("a length or precision is not supported: write {}", sql_name(*type)));
      return std::nullopt;
    }
    return type;
  }

  static std::string unknown_type(const std::string& name) {
    static constexpr std::array kTypes = {Type::boolean, Type::int32,     Type::int64,
                                          Type::float32, Type::float64,   Type::text,
                                          Type::bytes,   Type::timestamp, Type::jsonb};
    std::vector<std::string> names;
    std::string all;
    for (const Type type : kTypes) {
      names.emplace_back(sql_name(type));
      all += fmt::format("{}{}", all.empty() ? "" : ", ", names.back());
    }
    return fmt::format("there is no type {}.{} Types are {}", printable(name),
                       did_you_mean(name, names), all);
  }

  void option(const PgQuery__DefElem& element, TableDef& table) {
    Option option;
    option.at = at(element.location);
    option.name = element.defname;
    // Unquoted and dotted, as in kafka.acks = 1.
    if (!is_empty(element.defnamespace))
      option.name = std::string(element.defnamespace) + "." + option.name;
    const PgNode* value = element.arg;
    if (value == nullptr) {
      option.value = "true";
    } else if (value->node_case == PG_QUERY__NODE__NODE_STRING) {
      option.value = value->string->sval;
    } else if (value->node_case == PG_QUERY__NODE__NODE_INTEGER) {
      option.value = std::to_string(value->integer->ival);
    } else if (value->node_case == PG_QUERY__NODE__NODE_FLOAT) {
      option.value = value->float_->fval;
    } else if (value->node_case == PG_QUERY__NODE__NODE_TYPE_NAME &&
               value->type_name->n_names == 1 && value->type_name->n_typmods == 0 &&
               value->type_name->n_array_bounds == 0) {
      option.value = string_of(value->type_name->names[0]);
    } else {
      fault(option.at, fmt::format("the value of option {} must stand in quotes", option.name));
      table.faulty = true;
      return;
    }
    table.options.push_back(std::move(option));
  }

  // --- INSERT INTO … SELECT
  // ------------------------------------------------------------------------------------

  Statement insert(const PgQuery__InsertStmt& insert) {
    const size_t faults_before = faults_.list.size();
    auto syntax = std::make_unique<InsertSyntax>();
    syntax->sink = table(*insert.relation);
    if (insert.with_clause != nullptr)
      refuse(at(insert.with_clause->location), "WITH before INSERT");
    if (insert.on_conflict_clause != nullptr)
      refuse(at(insert.on_conflict_clause->location), "ON CONFLICT");
    if (insert.n_returning_list > 0) refuse(at(insert.returning_list[0]), "RETURNING");
    if (insert.override > PG_QUERY__OVERRIDING_KIND__OVERRIDING_NOT_SET)
      refuse(syntax->sink.at, "OVERRIDING");
    for (const PgNode* node : list(insert.n_cols, insert.cols)) {
      const PgQuery__ResTarget& target = *node->res_target;
      if (target.n_indirection > 0) refuse(at(node), "a subscript or field");
      syntax->columns.push_back({target.name, at(node)});
    }
    if (insert.select_stmt == nullptr) {
      refuse(syntax->sink.at, "DEFAULT VALUES");
      return std::monostate();
    }
    if (insert.select_stmt->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
      refuse(begin(), "this statement");
      return std::monostate();
    }
    if (!select(*insert.select_stmt->select_stmt, *syntax)) return std::monostate();
    syntax->complete = faults_.list.size() == faults_before;
    return syntax;
  }

  // False where there is nothing to bind.
  bool select(const PgQuery__SelectStmt& select, InsertSyntax& syntax) {
    if (select.op > PG_QUERY__SET_OPERATION__SETOP_NONE) {
      refuse(select_place(select), "UNION, INTERSECT or EXCEPT");
      return false;
    }
    if (select.n_values_lists > 0) {
      refuse(at(select.values_lists[0]), "VALUES", "write INSERT INTO … SELECT … FROM");
      return false;
    }
    refuse_clauses(select);
    for (const PgNode* node : list(select.n_target_list, select.target_list)) {
      const PgQuery__ResTarget& target = *node->res_target;
      SelectItem item;
      item.at = at(node);
      item.name = is_empty(target.name) ? "" : target.name;
      item.value = expression(target.val, true);
      syntax.items.push_back(std::move(item));
    }
    if (select.n_target_list == 0) fault(begin(), "the SELECT has no columns");
    return from(select, syntax);
  }

  void refuse_clauses(const PgQuery__SelectStmt& select) {
    if (select.n_distinct_clause > 0) refuse(select_place(select), "SELECT DISTINCT");
    if (select.into_clause != nullptr)
      refuse(at(select.into_clause->rel->location), "SELECT … INTO");
    if (select.where_clause != nullptr) refuse(at(select.where_clause), "WHERE");
    if (select.n_group_clause > 0) refuse(at(select.group_clause[0]), "GROUP BY");
    if (select.having_clause != nullptr) refuse(at(select.having_clause), "HAVING");
    if (select.n_window_clause > 0) refuse(at(select.window_clause[0]), "WINDOW");
    if (select.n_sort_clause > 0) refuse(at(select.sort_clause[0]), "ORDER BY");
    if (select.limit_offset != nullptr) refuse(at(select.limit_offset), "OFFSET");
    if (select.limit_count != nullptr) refuse(at(select.limit_count), "LIMIT");
    if (select.n_locking_clause > 0) refuse(begin(), "FOR UPDATE");
    if (select.with_clause != nullptr) refuse(at(select.with_clause->location), "WITH");
  }

  [[nodiscard]] Location select_place(const PgQuery__SelectStmt& select) const {
    if (select.n_target_list > 0) return at(select.target_list[0]);
    if (select.rarg != nullptr) return select_place(*select.rarg);
    return begin();
  }

  bool from(const PgQuery__SelectStmt& select, InsertSyntax& syntax) {
    if (select.n_from_clause == 0) {
      fault(begin(), "INSERT INTO … SELECT needs FROM a table");
      return false;
    }
    if (select.n_from_clause > 1) {
      refuse(at(select.from_clause[1]), "a comma in FROM", "write JOIN … ON");
      return false;
    }
    const PgNode* first = select.from_clause[0];
    // Joins nest to the left: the innermost left side is the source.
    std::vector<const PgQuery__JoinExpr*> joins;
    while (first->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR) {
      joins.push_back(first->join_expr);
      first = first->join_expr->larg;
    }
    if (!is_table(first)) return false;
    syntax.source = table(*first->range_var);
    std::reverse(joins.begin(), joins.end());
    for (const PgQuery__JoinExpr* node : joins) join(*node, syntax);
    if (syntax.joins.size() > 1) refuse(syntax.joins[1].table.at, "a second JOIN");
    return true;
  }

  void join(const PgQuery__JoinExpr& join, InsertSyntax& syntax) {
    if (!is_table(join.rarg)) return;
    JoinSyntax found;
    found.table = table(*join.rarg->range_var);
    const Location place = found.table.at;
    switch (join.jointype) {
      case PG_QUERY__JOIN_TYPE__JOIN_INNER:
        break;
      case PG_QUERY__JOIN_TYPE__JOIN_LEFT:
        refuse(place, "LEFT JOIN");
        break;
      case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
        refuse(place, "RIGHT JOIN");
        break;
      case PG_QUERY__JOIN_TYPE__JOIN_FULL:
        refuse(place, "FULL JOIN");
        break;
      default:
        refuse(place, "this JOIN");
        break;
    }
    if (join.alias != nullptr || join.join_using_alias != nullptr)
      refuse(place, "an alias for a JOIN");
    if (join.is_natural) {
      refuse(place, "NATURAL JOIN", "write JOIN … ON");
    } else if (join.n_using_clause > 0) {
      refuse(place, "JOIN … USING", "write JOIN … ON");
    } else if (join.quals == nullptr) {
      refuse(place, "CROSS JOIN", "write JOIN … ON");
    } else {
      found.on = expression(join.quals, false);
    }
    if (!found.on) found.on = bad(place);
    syntax.joins.push_back(std::move(found));
  }

  bool is_table(const PgNode* node) {
    if (node->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) return true;
    const char* what = "this in FROM";
    Location place = at(node);
    if (node->node_case == PG_QUERY__NODE__NODE_RANGE_SUBSELECT) {
      what = "a subquery in FROM";
      const PgNode* query = node->range_subselect->subquery;
      if (query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT)
        place = select_place(*query->select_stmt);
    } else if (node->node_case == PG_QUERY__NODE__NODE_RANGE_FUNCTION) {
      what = "a function in FROM";
    } else if (node->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR) {
      what = "a JOIN in parentheses";
    }
    refuse(place, what);
    return false;
  }

  std::string table_name(const PgQuery__RangeVar& table) {
    const Location place = at(table.location);
    if (!is_empty(table.schemaname)) refuse(place, "a schema before a table's name");
    if (!table.inh) refuse(place, "ONLY");
    if (std::string_view(table.relpersistence) == "t") refuse(place, "TEMPORARY");
    if (std::string_view(table.relpersistence) == "u") refuse(place, "UNLOGGED");
    return table.relname;
  }

  TableSyntax table(const PgQuery__RangeVar& range) {
    TableSyntax table;
    table.at = at(range.location);
    table.name = table_name(range);
    table.alias = table.name;
    if (range.alias != nullptr) {
      table.alias = range.alias->aliasname;
      if (range.alias->n_colnames > 0) refuse(table.at, "a column list after an alias");
    }
    return table;
  }

  // --- Expressions
  // ---------------------------------------------------------------------------------------------

  static ExprPtr make(Location place, decltype(Expr::what) what) {
    return std::make_unique<Expr>(Expr{std::move(what), place});
  }
  static ExprPtr bad(Location place) { return make(place, BadSyntax()); }

  ExprPtr expression(const PgNode* node, bool star_allowed = false) {
    const Location place = at(node);
    switch (node->node_case) {
      case PG_QUERY__NODE__NODE_COLUMN_REF:
        return column_name(*node->column_ref, place, star_allowed);
      case PG_QUERY__NODE__NODE_A_CONST:
        return literal(*node->a_const, place);
      case PG_QUERY__NODE__NODE_FUNC_CALL:
        return call(*node->func_call, place);
      case PG_QUERY__NODE__NODE_A_EXPR:
        return operation(*node->a_expr, place);
      case PG_QUERY__NODE__NODE_TYPE_CAST: {
        const auto type = column_type(*node->type_cast->type_name);
        ExprPtr argument = expression(node->type_cast->arg);
        if (!type) return bad(place);
        return make(place, CastSyntax{*type, std::move(argument)});
      }
      default:
        refuse(place, expression_name(node));
        return bad(place);
    }
  }

  ExprPtr column_name(const PgQuery__ColumnRef& ref, Location place, bool star_allowed) {
    const auto fields = list(ref.n_fields, ref.fields);
    if (fields.size() > 2) {
      refuse(place, "a name of more than two parts");
      return bad(place);
    }
    const std::string table = fields.size() == 2 ? string_of(fields[0]) : "";
    if (fields.back()->node_case == PG_QUERY__NODE__NODE_A_STAR) {
      if (star_allowed) return make(place, StarSyntax{table});
      fault(place, "* may stand only as an item of the SELECT list");
      return bad(place);
    }
    const Location column_at = fields.size() == 2 ? behind_dot(ref.location) : place;
    return make(place, NameSyntax{table, string_of(fields.back()), column_at});
  }

  // Where the column's name begins in `table.column`; libpg_query tells only where the whole
  // begins.
  [[nodiscard]] Location behind_dot(int32_t location) const {
    const std::string_view text = source_.text();
    const size_t begin = statement_.begin + static_cast<size_t>(location);
    size_t dot = begin;
    // A quoted name may hold dots.
    bool quoted = false;
    while (dot < text.size() && (quoted || text[dot] != '.')) quoted ^= text[dot++] == '"';
    const size_t name = text.find_first_not_of(" \t\r\n", dot + 1);
    return source_.at(name == std::string_view::npos ? begin : name);
  }

  ExprPtr literal(const PgQuery__AConst& constant, Location place) {
    if (constant.isnull != 0) return make(place, LiteralSyntax{std::monostate()});
    switch (constant.val_case) {
      case PG_QUERY__A__CONST__VAL_IVAL:
        return make(place, LiteralSyntax{int64_t{constant.ival->ival}});
      case PG_QUERY__A__CONST__VAL_BOOLVAL:
        return make(place, LiteralSyntax{constant.boolval->boolval != 0});
      case PG_QUERY__A__CONST__VAL_SVAL:
        return make(place, LiteralSyntax{std::string(constant.sval->sval)});
      case PG_QUERY__A__CONST__VAL_FVAL:
        return number(constant.fval->fval, place);
      default:
        refuse(place, "a bit string");
        return bad(place);
    }
  }

  // A number that is no int32: a bigint where it fits, else a double (PostgreSQL has numeric here).
  ExprPtr number(std::string_view text, Location place) {
    int64_t whole = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, whole);
    if (parsed.ec == std::errc() && parsed.ptr == end) return make(place, LiteralSyntax{whole});
    double value = 0;
    const auto real = std::from_chars(text.data(), end, value);
    if (real.ec == std::errc() && real.ptr == end) return make(place, LiteralSyntax{value});
    fault(place, fmt::format("{} is out of range for double precision", printable(text)));
    return bad(place);
  }

  ExprPtr call(const PgQuery__FuncCall& call, Location place) {
    const auto names = list(call.n_funcname, call.funcname);
    const std::string name = string_of(names.back());
    if (names.size() > 2 || (names.size() == 2 && string_of(names[0]) != "pg_catalog")) {
      refuse(place, "a schema before a function's name");
      return bad(place);
    }
    const char* clause = call.agg_star           ? "(*)"
                         : call.agg_distinct     ? "DISTINCT"
                         : call.n_agg_order > 0  ? "ORDER BY"
                         : call.agg_filter       ? "FILTER"
                         : call.over             ? "OVER"
                         : call.agg_within_group ? "WITHIN GROUP"
                         : call.func_variadic    ? "VARIADIC"
                                                 : nullptr;
    if (clause != nullptr) {
      refuse(place, fmt::format("{} with {}", name, clause));
      return bad(place);
    }
    CallSyntax syntax;
    syntax.name = name;
    for (const PgNode* argument : list(call.n_args, call.args))
      syntax.arguments.push_back(expression(argument));
    return make(place, std::move(syntax));
  }

  ExprPtr operation(const PgQuery__AExpr& operation, Location place) {
    if (operation.kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP) {
      refuse(place, operator_name(operation.kind));
      return bad(place);
    }
    if (operation.n_name != 1) {
      refuse(place, "a schema before an operator");
      return bad(place);
    }
    CallSyntax syntax;
    syntax.is_operator = true;
    syntax.name = string_of(operation.name[0]);
    if (operation.lexpr != nullptr) syntax.arguments.push_back(expression(operation.lexpr));
    syntax.arguments.push_back(expression(operation.rexpr));
    return make(place, std::move(syntax));
  }

  const SourceText& source_;
  const StatementText& statement_;
  Faults& faults_;
};

// The byte of the character with that number.
size_t byte_of(std::string_view text, size_t character) {
  size_t byte = 0;
  for (; byte < text.size(); ++byte) {
    if ((static_cast<unsigned char>(text[byte]) & 0xC0) == 0x80) continue;
    if (character-- == 0) break;
  }
  return byte;
}

// PostgreSQL quotes the text where it stopped. In a file with secrets that may be one of them, as
// where a quote before it is missing; the place says as much.
std::string without_quotation(std::string message, std::string_view file) {
  if (const size_t quotation = message.find(" at or near \"");
      quotation != std::string::npos && speaks_of_secrets(file))
    message.resize(quotation);
  return message;
}

}  // namespace

Statement parse_statement(const SourceText& source, const StatementText& statement,
                          Faults& faults) {
  if (statement.long_name) {
    faults.add(source.at(*statement.long_name),
               fmt::format("a name is longer than {} bytes", kNameBytesLimit));
    return std::monostate();
  }
  if (statement.nesting > kNestingLimit) {
    faults.add(source.at(statement.begin),
               fmt::format("the statement nests too deeply: more than {} levels", kNestingLimit));
    return std::monostate();
  }
  const std::string text(source.text().substr(statement.begin, statement.end - statement.begin));
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
    const size_t byte = byte_of(text, character);
    std::string message = printable(without_quotation(parsed.error->message, source.text()));
    if (const std::string hint = nearest_keyword(text, byte); !hint.empty()) message += "." + hint;
    faults.add(source.at(statement.begin + byte), std::move(message));
    return std::monostate();
  }
  const std::unique_ptr<PgQuery__ParseResult, void (*)(PgQuery__ParseResult*)> tree(
      pg_query__parse_result__unpack(nullptr, parsed.parse_tree.len,
                                     reinterpret_cast<const uint8_t*>(parsed.parse_tree.data)),
      [](PgQuery__ParseResult* result) { pg_query__parse_result__free_unpacked(result, nullptr); });
  CHECK(tree != nullptr);
  if (tree->n_stmts != 1) {
    faults.add(source.at(statement.begin), "this is no statement");
    return std::monostate();
  }
  return Converter(source, statement, faults).statement(tree->stmts[0]->stmt);
}

}  // namespace turntable::sql
