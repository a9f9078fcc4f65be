#include "sink/table_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "sink/cql_conversion.h"
#include "sqlite/composite_json.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

// The types of columns that pipelines write, those first that are likelier to be meant.
std::vector<Type> written_types() {
  std::vector<Type> types = {Type::boolean, Type::int32, Type::int64,    Type::float32,
                             Type::float64, Type::text,  Type::bytes,    Type::timestamptz,
                             Type::int16,   Type::date,  Type::time,     Type::numeric,
                             Type::uuid,    Type::jsonb, Type::interval, Type::timestamp};
  for (size_t i = 0, scalars = types.size(); i < scalars; ++i) types.push_back(array_of(types[i]));
  return types;
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

// "a", "a and b", "a, b and c".
std::string listed(const std::vector<std::string>& parts, std::string_view last = "and") {
  if (parts.size() < 2) return joined(parts, "");
  return fmt::format("{} {} {}", fmt::join(parts.begin(), parts.end() - 1, ", "), last,
                     parts.back());
}

// The type by which the live column is known for the one that has it without a conversion.
bool same_type(Type wanted, const std::string& live, Dialect dialect) {
  if (dialect == Dialect::cql) return canonical_cql_type(live).value_or(live) == cql_name(wanted);
  if (lowercase(trim(live)) == "integer")
    return wanted == Type::int16 || wanted == Type::int32 || wanted == Type::int64;
  return sqlite::type_from_declaration(live) == wanted;
}

// Whether values of the type can be written into the live column.
bool can_go_into(Type type, const std::string& live, Dialect dialect) {
  return dialect == Dialect::cql ? cql_fit(type, live).has_value() : same_type(type, live, dialect);
}

// Whether the live column is one that the pipeline's can be written to.
bool is_as_wanted(const SinkTable& table, const ColumnDef& column, const std::string& live,
                  Dialect dialect) {
  if (dialect == Dialect::cql && table.cql_types.contains(column.name))
    return canonical_cql_type(live).value_or(live) == cql_type_of(table, column);
  return can_go_into(column.type, live, dialect);
}

// The type whose values go into a live column; nothing where no pipeline has such values.
std::optional<Type> writable_type(const std::string& live, Dialect dialect) {
  for (const Type type : written_types())
    if (same_type(type, live, dialect)) return type;
  for (const Type type : written_types())
    if (can_go_into(type, live, dialect)) return type;
  return std::nullopt;
}

bool same_name(const std::string& a, const std::string& b, Dialect dialect) {
  return dialect == Dialect::sqlite ? lowercase(a) == lowercase(b) : a == b;
}

// The live columns of one kind, in their order.
std::vector<LiveColumn> of_kind(std::span<const LiveColumn> live, LiveColumn::Kind kind) {
  std::vector<LiveColumn> out;
  for (const LiveColumn& column : live) {
    if (column.kind == kind) out.push_back(column);
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.position < b.position; });
  return out;
}

std::vector<std::string> names_of(const std::vector<LiveColumn>& columns) {
  std::vector<std::string> names;
  for (const LiveColumn& column : columns) names.push_back(column.name);
  return names;
}

void compare_key(const SinkTable& table, std::span<const LiveColumn> live, Dialect dialect,
                 Difference& difference) {
  std::vector<std::string> wanted = table.key.partition;
  std::vector<std::string> wanted_clustering;
  for (const ClusteringColumn& column : table.key.clustering)
    wanted_clustering.push_back(column.name);
  std::vector<LiveColumn> partition = of_kind(live, LiveColumn::Kind::partition);
  const std::vector<LiveColumn> clustering = of_kind(live, LiveColumn::Kind::clustering);
  // SQLite knows one key, not two halves.
  std::string_view what = "partition key";
  if (dialect == Dialect::sqlite) {
    what = "primary key";
    partition.insert(partition.end(), clustering.begin(), clustering.end());
    wanted.insert(wanted.end(), wanted_clustering.begin(), wanted_clustering.end());
  }
  const auto differ = [&](std::string_view part, const std::vector<std::string>& has,
                          const std::vector<std::string>& wants) {
    if (dialect == Dialect::sqlite ? lowercase(joined(has, ",")) == lowercase(joined(wants, ","))
                                   : has == wants)
      return false;
    difference.faults.push_back(
        fmt::format("the {} is ({}), expected ({})", part, joined(has, ", "), joined(wants, ", ")));
    return true;
  };
  bool other = differ(what, names_of(partition), wanted);
  if (dialect == Dialect::cql)
    other |= differ("clustering key", names_of(clustering), wanted_clustering);
  if (other) return;
  for (const ClusteringColumn& column : table.key.clustering) {
    for (const LiveColumn& there : live) {
      if (there.name != column.name || there.descending == column.descending) continue;
      difference.faults.push_back(fmt::format("column {} is ordered {}, expected {}", column.name,
                                              there.descending ? "DESC" : "ASC",
                                              column.descending ? "DESC" : "ASC"));
    }
  }
}

// Compares column by column, and collects what can be done.
class ColumnComparison {
 public:
  ColumnComparison(const SinkTable& table, std::span<const LiveColumn> live, Dialect dialect,
                   Difference& difference)
      : table_(table), live_(live), dialect_(dialect), difference_(difference) {}

  void run() {
    for (const ColumnDef& column : table_.columns) {
      const auto there = std::find_if(live_.begin(), live_.end(), [&](const LiveColumn& other) {
        return same_name(other.name, column.name, dialect_);
      });
      there == live_.end() ? miss(column) : compare(column, *there);
    }
    for (const LiveColumn& column : live_)
      if (!is_known(column)) judge_unknown(column);
  }

  void advise() {
    advise_of_types();
    advise_of_missing();
  }

 private:
  void fault(std::string text) { difference_.faults.push_back(std::move(text)); }

  void miss(const ColumnDef& column) {
    fault(fmt::format("column {} is missing, expected {}", column.name,
                      column_type_in(table_, column, dialect_)));
    if (table_.key.has(column.name)) {
      missing_keys_.push_back(column.name);
    } else {
      difference_.additions.push_back(column);
    }
  }

  void compare(const ColumnDef& column, const LiveColumn& there) {
    const std::string type = there.type.empty() ? "of no type" : there.type;
    if (column.composite != nullptr) return compare_composite(column, there);
    if (is_as_wanted(table_, column, there.type, dialect_)) {
      if (there.kind == LiveColumn::Kind::fixed)
        fault(fmt::format("column {} is static, expected one value for each row", column.name));
      return;
    }
    // What the option says is not to be written as another type, but not to be said.
    const bool told = dialect_ == Dialect::cql && table_.cql_types.contains(column.name);
    if (told && can_go_into(column.type, there.type, dialect_)) {
      told_types_.push_back(column.name);
    } else if (const auto writable = writable_type(there.type, dialect_)) {
      other_types_.push_back(fmt::format("{} as {}", column.name, sql_name(*writable)));
    } else if (!there.type.empty()) {
      fault(fmt::format("column {} is {}, a type that no pipeline can write", column.name, type));
      counters_ |= type == "counter";
      (table_.key.has(column.name) ? unwritable_keys_ : unwritable_).push_back(column.name);
      return;
    }
    fault(fmt::format("column {} is {}, expected {}", column.name, type,
                      column_type_in(table_, column, dialect_)));
  }

  // The fields of a type in Cassandra are compared where its types are (sink/cassandra_types.h).
  void compare_composite(const ColumnDef& column, const LiveColumn& there) {
    const std::string wanted = column_type_in(table_, column, dialect_);
    const auto live = dialect_ == Dialect::sqlite ? sqlite::composite_from_declaration(there.type)
                                                  : std::shared_ptr<const CompositeType>();
    const size_t faults_before = difference_.faults.size();
    if (live != nullptr) {
      compare_fields(column.name, *column.composite, *live);
    } else if (dialect_ == Dialect::sqlite || there.type != wanted) {
      fault(fmt::format("column {} is {}, expected {}", column.name,
                        there.type.empty() ? "of no type" : there.type,
                        dialect_ == Dialect::sqlite ? printable(column.composite->name) : wanted));
    }
    if (difference_.faults.size() > faults_before)
      difference_.advice.push_back(
          fmt::format("the type of a column that is there cannot be changed: give {} another name "
                      "in the pipeline, or write to another table",
                      column.name));
  }

  // Of SQLite, where they are found by their names. `path`: "features", "features.inner".
  void compare_fields(const std::string& path, const CompositeType& wanted,
                      const CompositeType& live) {
    const auto find = [](const CompositeType& type, const std::string& name) {
      return std::find_if(type.fields.begin(), type.fields.end(),
                          [&](const ColumnDef& field) { return field.name == name; });
    };
    for (const ColumnDef& field : wanted.fields) {
      const std::string name = path + "." + field.name;
      const auto there = find(live, field.name);
      if (there == live.fields.end()) {
        fault(fmt::format("field {} is missing, expected {}", name, sql_name(field)));
      } else if (field.composite != nullptr && there->composite != nullptr) {
        compare_fields(name, *field.composite, *there->composite);
      } else if (there->type != field.type) {
        fault(fmt::format("field {} is {}, expected {}", name, sql_name(there->type),
                          sql_name(field)));
      }
    }
    for (const ColumnDef& field : live.fields)
      if (find(wanted, field.name) == wanted.fields.end())
        difference_.notes.push_back(
            fmt::format("field {}.{} is not in the pipeline and stays NULL", path, field.name));
  }

  [[nodiscard]] bool is_known(const LiveColumn& column) const {
    return std::any_of(table_.columns.begin(), table_.columns.end(), [&](const ColumnDef& ours) {
      return same_name(ours.name, column.name, dialect_);
    });
  }

  void judge_unknown(const LiveColumn& column) {
    if (dialect_ == Dialect::sqlite &&
        same_name(column.name, std::string(kWriteTimeColumn), dialect_)) {
      // In a column for texts, 9 would be later than 10.
      if (table_.has_write_times() && !same_type(Type::int64, column.type, dialect_) &&
          !same_type(Type::int32, column.type, dialect_))
        fault(fmt::format("column {} is {}, expected bigint", column.name,
                          column.type.empty() ? "of no type" : column.type));
      return;
    }
    if (column.required) {
      fault(fmt::format("column {} ({}) must not be NULL, and the pipeline has no value for it",
                        column.name, column.type));
    } else if (column.kind == LiveColumn::Kind::regular || column.kind == LiveColumn::Kind::fixed) {
      difference_.notes.push_back(fmt::format(
          "column {} ({}) is not in the pipeline and stays NULL", column.name, column.type));
      unknown_.push_back(column);
    }
  }

  void advise_of_types() {
    std::vector<std::string>& advice = difference_.advice;
    if (!other_types_.empty())
      advice.push_back(
          fmt::format("the type of a column that is there cannot be changed: declare "
                      "{} in the pipeline, or write to another table",
                      listed(other_types_)));
    if (!told_types_.empty())
      advice.push_back(fmt::format("take {} out of cql_types: the values go into {} that {} there",
                                   listed(told_types_),
                                   told_types_.size() == 1 ? "the column" : "the columns",
                                   told_types_.size() == 1 ? "is" : "are"));
    if (counters_) {
      advice.push_back("a table of counters takes no INSERT: write to another table");
      return;
    }
    if (unwritable_.empty() && unwritable_keys_.empty()) return;
    std::vector<std::string> types;
    if (dialect_ == Dialect::cql) {
      for (const std::string_view type : writable_cql_types()) types.emplace_back(type);
      types.emplace_back("lists and sets of these");
      types.emplace_back("maps from text");
    } else {
      for (const Type type : written_types())
        if (!is_array(type)) types.emplace_back(column_type(type, dialect_));
      types.emplace_back("arrays of these");
    }
    advice.push_back(fmt::format("pipelines write columns of the types {}", listed(types)));
    if (!unwritable_.empty())
      advice.push_back(
          fmt::format("leave {} out of the pipeline's table: {} NULL; or write to a "
                      "column of another name",
                      listed(unwritable_), unwritable_.size() == 1 ? "it stays" : "they stay"));
    if (!unwritable_keys_.empty())
      advice.push_back(fmt::format("the key cannot do without {}: write to another table",
                                   listed(unwritable_keys_)));
  }

  void advise_of_missing() {
    std::vector<std::string>& advice = difference_.advice;
    if (!missing_keys_.empty())
      advice.push_back(
          fmt::format("no column can be added to the key of a table that is there, "
                      "as {} would be: write to another table",
                      listed(missing_keys_)));
    const Schema& missing = difference_.additions;
    if (missing.empty()) return;
    const std::string it = missing.size() == 1 ? "it" : "them";
    // The command adds nothing to a table that would still be at fault.
    advice.push_back(difference_.lacks_columns_only()
                         ? fmt::format("`turntable schema apply --add-columns` adds {}, or:", it)
                         : fmt::format("to add {}:", it));
    for (const ColumnDef& column : missing)
      advice.push_back(fmt::format("  {};", add_column_ddl(table_, column, dialect_)));
    for (const ColumnDef& column : missing) advise_of_old_name(column);
  }

  // A column that was given another name in the pipeline would be added a second time, without the
  // values of the first.
  void advise_of_old_name(const ColumnDef& missing) {
    const LiveColumn* old = nullptr;
    for (const LiveColumn& column : unknown_) {
      if (!is_as_wanted(table_, missing, column.type, dialect_)) continue;
      if (old != nullptr) return;
      old = &column;
    }
    if (old == nullptr) return;
    difference_.advice.push_back(
        dialect_ == Dialect::sqlite
            ? fmt::format("if {} is what {} was called before: ALTER TABLE {} RENAME COLUMN {} TO "
                          "{};",
                          old->name, missing.name, quote_name(table_.name, dialect_),
                          quote_name(old->name, dialect_), quote_name(missing.name, dialect_))
            : fmt::format("if {} is what {} was called before: Cassandra cannot rename it, so go "
                          "on calling it {} in the pipeline, or its values stay in {}",
                          old->name, missing.name, old->name, old->name));
  }

  const SinkTable& table_;
  const std::span<const LiveColumn> live_;
  const Dialect dialect_;
  Difference& difference_;
  std::vector<std::string> other_types_;  // "n as bigint"
  std::vector<std::string> told_types_;   // By cql_types.
  std::vector<std::string> unwritable_;
  std::vector<std::string> unwritable_keys_;
  std::vector<std::string> missing_keys_;
  std::vector<LiveColumn> unknown_;  // Not in the pipeline.
  bool counters_ = false;
};

}  // namespace

std::string Difference::advice_text() const {
  std::string text;
  for (const std::string& line : advice) text += "\n" + line;
  return text;
}

Difference compare(const SinkTable& table, std::span<const LiveColumn> live, Dialect dialect) {
  Difference difference;
  ColumnComparison columns(table, live, dialect, difference);
  columns.run();
  compare_key(table, live, dialect, difference);
  columns.advise();
  difference.warnings = narrowed_keys(table, live, dialect);
  return difference;
}

std::vector<std::string> narrowed_keys(const SinkTable& table, std::span<const LiveColumn> live,
                                       Dialect dialect) {
  std::vector<std::string> warnings;
  for (const std::string& name : table.microsecond_keys) {
    if (dialect == Dialect::cql) {
      warnings.push_back(
          fmt::format("column {} is part of the key of {} and Cassandra keeps milliseconds: events "
                      "less than a millisecond apart fall together",
                      printable(name), table.full_name()));
      continue;
    }
    const auto there = std::find_if(live.begin(), live.end(), [&](const LiveColumn& column) {
      return lowercase(column.name) == lowercase(name);
    });
    if (there == live.end() || sqlite::time_unit(there->type) == TimeUnit::micros) continue;
    warnings.push_back(fmt::format(
        "column {} is part of the key of {} and keeps milliseconds, since it was made "
        "as {}: events less than a millisecond apart fall together. A table that is "
        "made anew keeps microseconds, as {}",
        printable(name), table.full_name(), there->type, sqlite::type_name(Type::timestamptz)));
  }
  return warnings;
}

}  // namespace turntable
