#include "cassandra/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "row/array.h"
#include "row/cell.h"

namespace turntable::cassandra {
namespace {

TableColumn::Kind kind_of(std::string_view kind) {
  if (kind == "partition_key") return TableColumn::Kind::partition_key;
  if (kind == "clustering") return TableColumn::Kind::clustering;
  if (kind == "static") return TableColumn::Kind::fixed;
  return TableColumn::Kind::regular;
}

// The next cell as text; NULL is empty. The cells of system_schema are never NULL.
std::string text_of(CellReader& cells) {
  return std::string(cells.next().bytes());
}

TableColumn read_column(CellReader& cells) {
  TableColumn column;
  column.name = text_of(cells);
  column.type = text_of(cells);
  column.kind = kind_of(text_of(cells));
  column.position = cells.next().int32();
  column.descending = text_of(cells) == "desc";
  return column;
}

bool stands_before(const TableColumn& a, const TableColumn& b) {
  const auto rank = [](const TableColumn& column) {
    switch (column.kind) {
      case TableColumn::Kind::partition_key:
        return 0;
      case TableColumn::Kind::clustering:
        return 1;
      case TableColumn::Kind::fixed:
        return 2;
      case TableColumn::Kind::regular:
        break;
    }
    return 3;
  };
  return std::tuple(rank(a), a.position, std::string_view(a.name)) <
         std::tuple(rank(b), b.position, std::string_view(b.name));
}

}  // namespace

std::vector<std::string> table_questions(std::string_view keyspace, std::string_view table) {
  const std::string of = fmt::format("WHERE keyspace_name = {} AND table_name = {}",
                                     quote_text(keyspace), quote_text(table));
  return {"SELECT id FROM system_schema.tables " + of,
          "SELECT column_name, type, kind, position, clustering_order FROM system_schema.columns " +
              of};
}

std::vector<std::vector<Table>> tables_of(const Page& answers, size_t tables) {
  std::vector<std::vector<Table>> all(answers.rows, std::vector<Table>(tables));
  CellReader cells(answers.cells);
  for (std::vector<Table>& answer : all) {
    for (Table& table : answer) {
      for (int32_t ids = cells.next().int32(); ids > 0; --ids) table.id = text_of(cells);
      for (int32_t columns = cells.next().int32(); columns > 0; --columns)
        table.columns.push_back(read_column(cells));
      std::sort(table.columns.begin(), table.columns.end(), stands_before);
    }
  }
  return all;
}

Result<std::string> read_table_id(Session& session, std::string_view keyspace,
                                  std::string_view table) {
  ASSIGN_OR_RETURN(Cursor cursor, session.query(table_questions(keyspace, table).front()));
  ASSIGN_OR_RETURN(const std::optional<Page> page, cursor.next_page());
  if (!page || page->rows == 0) return std::string();
  CellReader cells(page->cells);
  return text_of(cells);
}

Result<std::vector<TableColumn>> read_table(Session& session, std::string_view keyspace,
                                            std::string_view table) {
  ASSIGN_OR_RETURN(Cursor cursor, session.query(table_questions(keyspace, table).back()));
  std::vector<TableColumn> columns;
  for (;;) {
    ASSIGN_OR_RETURN(const std::optional<Page> page, cursor.next_page());
    if (!page) break;
    CellReader cells(page->cells);
    for (size_t row = 0; row < page->rows; ++row) columns.push_back(read_column(cells));
  }
  std::sort(columns.begin(), columns.end(), stands_before);
  return columns;
}

Result<std::vector<UserType>> read_types(Session& session, std::string_view keyspace) {
  ASSIGN_OR_RETURN(Cursor cursor,
                   session.query(fmt::format("SELECT type_name, field_names, field_types FROM "
                                             "system_schema.types WHERE keyspace_name = {}",
                                             quote_text(keyspace))));
  std::vector<UserType> types;
  for (;;) {
    ASSIGN_OR_RETURN(const std::optional<Page> page, cursor.next_page());
    if (!page) return types;
    CellReader cells(page->cells);
    for (size_t row = 0; row < page->rows; ++row) {
      UserType type{.name = text_of(cells), .fields = {}};
      ArrayReader names(cells.next().bytes());
      ArrayReader of_fields(cells.next().bytes());
      while (!names.done() && !of_fields.done())
        type.fields.push_back({.name = std::string(names.next().bytes()),
                               .type = std::string(of_fields.next().bytes())});
      types.push_back(std::move(type));
    }
  }
}

Result<bool> has_keyspace(Session& session, std::string_view keyspace) {
  ASSIGN_OR_RETURN(Cursor cursor,
                   session.query(fmt::format(
                       "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = {}",
                       quote_text(keyspace))));
  ASSIGN_OR_RETURN(const std::optional<Page> page, cursor.next_page());
  return page && page->rows > 0;
}

std::string quote_text(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + "'";
}

}  // namespace turntable::cassandra
