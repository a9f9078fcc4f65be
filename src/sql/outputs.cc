#include "sql/outputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "sql/composites.h"
#include "sql/expressions.h"
#include "sql/identifiers.h"

namespace turntable::sql {
namespace {

bool has_column(const Schema& schema, const std::string& name) {
  return std::any_of(schema.begin(), schema.end(),
                     [&](const ColumnDef& column) { return column.name == name; });
}

class OutputBinder {
 public:
  OutputBinder(const Insert& insert, const TableDef& sink, BoundSelect& select, Faults& faults)
      : insert_(insert),
        syntax_(*insert.syntax),
        sink_(sink),
        select_(select),
        build_(select.build),
        faults_(faults) {}

  std::vector<Output> bind() {
    // A sink that declares nothing takes what there is.
    const std::vector<Item>& items = select_.items;
    const bool open_sink = sink_.columns.empty() && !sink_.faulty;
    if (!syntax_.columns.empty()) {
      bind_by_position(open_sink, items);
    } else if (open_sink) {
      std::set<std::string> seen;
      for (const Item& item : items)
        if (is_named(item) && is_first(item.name, item.at, seen))
          add_output(item.name, nullptr, item);
    } else {
      bind_by_name(items);
    }
    return std::move(outputs_);
  }

 private:
  // INSERT INTO t (a, b): the first item goes to a, the second to b; all others are not written.
  void bind_by_position(bool open_sink, const std::vector<Item>& items) {
    std::map<std::string, const Item*> by_column;
    std::set<std::string> seen;
    if (items.size() != syntax_.columns.size() && !select_.star_is_open) {
      faults_.add(syntax_.columns[0].at,
                  fmt::format("the list names {} columns, but the SELECT has {}",
                              syntax_.columns.size(), items.size()));
      return;
    }
    for (size_t i = 0; i < syntax_.columns.size(); ++i) {
      const NamePlace& column = syntax_.columns[i];
      if (!is_first(column.name, column.at, seen)) continue;
      if (!open_sink && !is_sink_column(column.name, column.at)) continue;
      if (i >= items.size()) continue;
      // Somebody who expects that names are matched would be led astray in silence.
      if (items[i].name != column.name && is_listed(items[i].name)) {
        faults_.add(
            items[i].at,
            fmt::format("this goes to column {}, by its place in the list, but is called {}, "
                        "which is another column of the list",
                        column.name, items[i].name));
        continue;
      }
      by_column[column.name] = &items[i];
    }
    if (open_sink) {
      for (const NamePlace& column : syntax_.columns)
        if (by_column.count(column.name) > 0)
          add_output(column.name, nullptr, *by_column[column.name]);
      return;
    }
    for (const ColumnDef& column : sink_.columns) {
      const auto found = by_column.find(column.name);
      if (found != by_column.end()) {
        add_output(column.name, &column, *found->second);
      } else if (is_listed(column.name)) {
        continue;
      } else if (column.not_null) {
        faults_.add(insert_.at,
                    fmt::format("column {} of {} is NOT NULL, but the list leaves it out",
                                column.name, sink_.name));
      }
    }
  }

  [[nodiscard]] bool is_listed(const std::string& name) const {
    return std::any_of(syntax_.columns.begin(), syntax_.columns.end(),
                       [&](const NamePlace& column) { return column.name == name; });
  }

  void bind_by_name(const std::vector<Item>& items) {
    std::map<std::string, const Item*> by_column;
    std::set<std::string> seen;
    bool all_named = true;
    for (const Item& item : items) {
      if (!is_named(item)) {
        all_named = false;
      } else if (!item.value && !item.named && !has_column(sink_.columns, item.name)) {
        // The name comes from the expression, which was at fault already.
        all_named = false;
      } else if (is_called_by_its_function(item)) {
        all_named = false;
        select_.complete = false;
      } else if (!is_sink_column(item.name, item.at)) {
        all_named = false;
      } else if (is_first(item.name, item.at, seen)) {
        by_column[item.name] = &item;
      }
    }
    std::string missing;
    size_t missing_count = 0;
    for (const ColumnDef& column : sink_.columns) {
      const auto found = by_column.find(column.name);
      if (found != by_column.end()) {
        add_output(column.name, &column, *found->second);
      } else {
        missing += fmt::format("{}{}", missing.empty() ? "" : ", ", column.name);
        ++missing_count;
      }
    }
    // An item whose name is wrong is probably the one that is missing, and was reported.
    if (missing_count == 0 || !all_named || select_.star_is_open || !syntax_.select.complete) {
      if (missing_count > 0) select_.complete = false;
      return;
    }
    faults_.add(insert_.at,
                fmt::format("{} {} of {} {} no value: add {} to the SELECT, or list "
                            "the columns to fill: INSERT INTO {} (…)",
                            missing_count == 1 ? "column" : "columns", missing, sink_.name,
                            missing_count == 1 ? "gets" : "get", missing_count == 1 ? "it" : "them",
                            sql_identifier(sink_.name)));
  }

  // coalesce(a, b) has the name coalesce in PostgreSQL, and nobody wrote it as a column's.
  bool is_called_by_its_function(const Item& item) {
    const bool is_call = item.value && std::holds_alternative<Call>(build_.node(*item.value).what);
    if (item.named || !is_call || has_column(sink_.columns, item.name)) return false;
    if (!sink_.faulty)
      faults_.add(item.at,
                  fmt::format("this expression is called {}, and table {} has no such column: "
                              "write … AS the sink's column",
                              printable(item.name), sink_.name));
    return true;
  }

  bool is_named(const Item& item) {
    if (!item.name.empty()) return true;
    if (item.value)
      faults_.add(item.at, "this expression needs a name: write … AS the sink's column");
    select_.complete = false;
    return false;
  }

  bool is_first(const std::string& name, Location at, std::set<std::string>& seen) {
    if (seen.insert(name).second) return true;
    faults_.add(at, fmt::format("column {} is given twice", printable(name)));
    return false;
  }

  bool is_sink_column(const std::string& name, Location at) {
    if (has_column(sink_.columns, name)) return true;
    std::vector<std::string> names;
    for (const ColumnDef& column : sink_.columns) names.push_back(column.name);
    select_.complete = false;
    if (!sink_.faulty)
      faults_.add(at, fmt::format("table {} has no column {}.{}", sink_.name, printable(name),
                                  did_you_mean_name(name, names)));
    return false;
  }

  // `column`: the sink's, or null where it becomes what the value is.
  void add_output(const std::string& name, const ColumnDef* column, const Item& item) {
    if (!item.value) return;
    const Node& node = build_.node(*item.value);
    if (node.type == Type::composite || (column != nullptr && column->composite != nullptr))
      return add_row(name, column, item);
    const Type to = column != nullptr ? column->type : node.type;
    if (!item.value->open && !can_cast(node.type, to, CastContext::assignment)) {
      faults_.add(item.at, fmt::format("column {} of {} is {}, but {} is {}{}", name, sink_.name,
                                       sql_name(to), node.text, sql_name(node.type),
                                       cast_advice(node.text, node.type, to)));
      return;
    }
    MaybeBound value = build_.cast(*item.value, to, item.at);
    if (value && column != nullptr)
      value = build_.fit(*value, column->modifier, Fitting::assigned, item.at);
    if (value) value = build_.stored(*value, item.at);
    if (value) outputs_.push_back({name, to, value->node});
  }

  void add_row(const std::string& name, const ColumnDef* column, const Item& item) {
    Composites rows(build_, faults_);
    if (column != nullptr && column->composite == nullptr) {
      faults_.add(item.at,
                  fmt::format("column {} of {} is {}, but {} is {}: take one of its fields, as in "
                              "(a).b",
                              name, sink_.name, sql_name(*column), build_.node(*item.value).text,
                              rows.name_of(*item.value)));
      return;
    }
    if (column == nullptr && build_.node(*item.value).composite == nullptr) {
      faults_.add(item.at,
                  fmt::format("{} needs a type: write {}::name, of a type that CREATE TYPE "
                              "declares",
                              name, build_.node(*item.value).text));
      return;
    }
    const auto type = column != nullptr ? column->composite : build_.node(*item.value).composite;
    const MaybeBound value = rows.cast(*item.value, type, CastContext::assignment, item.at);
    if (value) outputs_.push_back({name, Type::composite, value->node, type});
  }

  const Insert& insert_;
  const InsertSyntax& syntax_;
  const TableDef& sink_;
  BoundSelect& select_;
  NodeBuilder& build_;
  Faults& faults_;
  std::vector<Output> outputs_;
};

}  // namespace

std::vector<Output> bind_outputs(const Insert& insert, const TableDef* sink, BoundSelect& select,
                                 Faults& faults) {
  if (sink == nullptr) return {};
  return OutputBinder(insert, *sink, select, faults).bind();
}

}  // namespace turntable::sql
