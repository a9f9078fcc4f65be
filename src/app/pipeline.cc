#include "app/pipeline.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include "app/connector.h"
#include "app/file_roles.h"
#include "app/option_reader.h"
#include "app/pipeline_options.h"
#include "app/stores.h"
#include "base/file_kind.h"
#include "base/text.h"
#include "enrich/json_pushdown.h"
#include "sink/row_rules.h"
#include "sql/binder.h"
#include "sql/record_key.h"
#include "sql/whole_times.h"

namespace turntable {
namespace {

Result<std::string> read_file(const std::string& file_path) {
  const std::string path = printable(file_path, 4096);
  struct stat info {};
  if (::stat(file_path.c_str(), &info) != 0)
    return fail(ErrorKind::usage,
                fmt::format("cannot read the pipeline {}: {}", path, std::strerror(errno)));
  if (S_ISDIR(info.st_mode))
    return fail(ErrorKind::usage,
                fmt::format("cannot read the pipeline {}: it is a directory", path));
  errno = 0;
  std::ifstream file(file_path, std::ios::binary);
  std::string bytes;
  for (std::array<char, 4096> part{}; file && bytes.size() <= kPipelineBytesLimit;) {
    file.read(part.data(), part.size());
    bytes.append(part.data(), static_cast<size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad())
    return fail(ErrorKind::usage,
                fmt::format("cannot read the pipeline {}: {}", path, std::strerror(errno)));
  if (bytes.size() > kPipelineBytesLimit)
    return fail(ErrorKind::usage,
                fmt::format("cannot read the pipeline {}: it is larger than {} bytes, is it SQL?",
                            path, grouped(kPipelineBytesLimit)));
  if (const auto kind = file_kind(bytes))
    return fail(ErrorKind::usage, "the pipeline " + kind->sentence(file_path));
  return bytes;
}

// No file is two things of which one is written.
void check_files_apart(const Pipeline& pipeline, const sql::Script& script, sql::Faults& faults) {
  const std::vector<FileRole> roles = file_roles(pipeline);
  for (auto role = roles.begin(); role != roles.end(); ++role) {
    if (!role->written) continue;
    const std::vector<FileRole> before(roles.begin(), role);
    const std::string what = role_of(role->path, before);
    if (what.empty() || what == role->what) continue;
    OptionReader(*script.find(role->table), faults)
        .fault(role->option,
               fmt::format("{}: '{}' is {} already", role->option, printable(role->path), what));
  }
}

// One line for each fault, each ended, so that they are shown as they are.
Error as_error(const sql::Faults& faults) {
  Error error = faults.error();
  error.message += '\n';
  return error;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += names[i];
  }
  return out;
}

// From a script to a pipeline, step by step. Each step finds all of its faults.
class Loader {
 public:
  Loader(const std::string& file, const sql::Script& script, LookupRows rows, sql::Faults& faults)
      : script_(script), rows_(rows), faults_(faults) {
    pipeline_.file = file;
  }

  // What FROM and JOIN name: one stream, and lookups, whose columns the binder needs.
  void read_inputs() {
    for (const sql::Insert& insert : script_.inserts) {
      for (size_t i = 0; i < insert.tables.size(); ++i) {
        const sql::TableDef* table = script_.find(insert.tables[i]);
        if (table == nullptr || refuse_rows(*table)) continue;
        if (is_lookup(*table, i == 0)) {
          open_lookup_once(*table);
        } else if (pipeline_.source.table.empty()) {
          pipeline_.source = read_source(*table, pipeline_.file, faults_);
          used_.insert(table->name);
        }
      }
    }
  }

  // A view that no INSERT uses is bound too, so that its faults are found.
  void read_inputs_of_views() {
    for (const sql::View& view : script_.views) {
      for (size_t i = 0; i < view.tables.size(); ++i) {
        const sql::TableDef* table = script_.find(view.tables[i]);
        if (table != nullptr && table->name != pipeline_.source.table && is_lookup(*table, i == 0))
          open_lookup_once(*table);
      }
    }
  }

  void read_outputs() {
    for (const sql::Insert& insert : script_.inserts) {
      const sql::TableDef* table = script_.find(insert.sink);
      if (table == nullptr) continue;
      used_.insert(table->name);
      StoreSpec store = read_sink(*table, faults_);
      if (store.connector == nullptr) continue;
      pipeline_.inserts.push_back(
          add_to_store(std::move(store), *table, pipeline_.stores, faults_));
    }
    if (pipeline_.source.connector != nullptr) check_files_apart(pipeline_, script_, faults_);
  }

  // The tables that no statement uses, or only one that cannot be read.
  void read_others() {
    for (const sql::TableDef& table : script_.tables)
      if (!used_.contains(table.name)) check_unused(table, pipeline_.file, faults_);
  }

  // The SELECTs. Where a lookup's columns are not known, they would only make false faults.
  void bind() {
    if (!lookups_known_) return;
    program_ = sql::bind(script_, bind_options_, faults_);
    if (!program_ || pipeline_.inserts.size() != program_->inserts.size() ||
        pipeline_.source.connector == nullptr)
      return;
    for (size_t insert = 0; insert < program_->inserts.size(); ++insert) complete(insert);
    check_write_times();
    check_deletions();
    check_dropped_keys();
    push_down_json(*program_);
    pipeline_.source.json_paths = program_->json_paths;
    for (const ColumnDef& column : program_->stream_schema)
      pipeline_.source.want_headers |= column.name == "kafka_headers";
  }

  Result<Pipeline> load() {
    if (!faults_.empty() || !program_) return tl::unexpected<Error>(as_error(faults_));
    if (rows_ == LookupRows::not_needed) return std::move(pipeline_);
    std::vector<InsertForm> forms;
    for (size_t insert = 0; insert < pipeline_.inserts.size(); ++insert) {
      const SinkTable& table = pipeline_.table_of(insert).table;
      forms.push_back(
          {.key_columns = table.key.columns(), .rows = row_form(table, dialect_of(insert))});
    }
    auto enrich = EnrichPlan::make(std::move(*program_), std::move(forms), std::move(files_));
    if (!enrich) {
      for (const auto& [lookup, error] : enrich.error())
        OptionReader(*script_.find(lookup), faults_).fault("path", error.message);
      return tl::unexpected<Error>(as_error(faults_));
    }
    pipeline_.enrich = std::move(*enrich);
    for (const LookupSpec& lookup : pipeline_.lookups)
      pipeline_.load_report += pipeline_.enrich->load_report(lookup.table, lookup.catalogue);
    return std::move(pipeline_);
  }

 private:
  // What is read has scalars, arrays and JSON; rows are made of them.
  bool refuse_rows(const sql::TableDef& table) {
    bool any = false;
    for (size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].composite == nullptr) continue;
      any = true;
      faults_.add(table.column_locations[i],
                  fmt::format("column {} is {}, which only a table that is written can have: read "
                              "an object as jsonb",
                              printable(table.columns[i].name), sql_name(table.columns[i])));
    }
    lookups_known_ = lookups_known_ && !any;
    return any;
  }

  void open_lookup_once(const sql::TableDef& table) {
    used_.insert(table.name);
    if (!bind_options_.lookups.contains(table.name)) open_lookup(table);
  }

  void open_lookup(const sql::TableDef& table) {
    sql::BoundLookup& bound = bind_options_.lookups[table.name];
    const size_t before = faults_.list.size();
    LookupSpec lookup = read_lookup(table, faults_);
    if (faults_.list.size() != before) {
      lookups_known_ = false;
      return;
    }
    if (const Status known = know_columns(lookup, bound); !known) {
      OptionReader(table, faults_).fault("path", known.error().message);
      lookups_known_ = false;
      return;
    }
    bound.schema = lookup.schema;
    bound.drop_missing = lookup.drop_missing;
    pipeline_.lookups.push_back(std::move(lookup));
  }

  // The lookup's columns are the declared ones, or those of its file, which is opened.
  [[nodiscard]] Status know_columns(LookupSpec& lookup, sql::BoundLookup& bound) {
    if (rows_ == LookupRows::not_needed && !lookup.catalogue.declared.empty()) {
      lookup.schema = lookup.catalogue.declared;
      return check_declared_columns(lookup.catalogue);
    }
    ASSIGN_OR_RETURN(auto opened, open_csv_catalogue(lookup.catalogue));
    lookup.schema = opened->schema();
    bound.unusable = opened->unusable();
    bound.remark = opened->header_remark();
    files_[lookup.table] = std::move(opened);
    return {};
  }

  [[nodiscard]] TableSpec& table_of(size_t insert) {
    const RowTarget target = pipeline_.inserts[insert];
    return pipeline_.stores[target.store].tables[target.table];
  }
  [[nodiscard]] Dialect dialect_of(size_t insert) const {
    return pipeline_.stores[pipeline_.inserts[insert].store].connector->row_dialect();
  }

  // What only the SELECT tells of the INSERT's table.
  void complete(size_t insert) {
    SinkTable& table = table_of(insert).table;
    const sql::TableDef& sink = *script_.find(program_->inserts[insert].sink);
    const SinkConnector& connector = *pipeline_.stores[pipeline_.inserts[insert].store].connector;
    // Every file begins at offset 0: its records are told apart from each other, not from those of
    // the file before, whose values would stay where these have none.
    if (!table.nulls && !pipeline_.source.connector->has_groups) table.nulls = Nulls::null;
    complete_table(*program_, insert, connector.row_dialect(), table);
    table.deletes = deletes() && connector.keeps_table();
    if (const std::string fault = take_ttl_column(*program_, insert, table); !fault.empty())
      OptionReader(sink, faults_).fault("ttl_column", fault);
    for (const std::string& fault : check_cql_types(table))
      OptionReader(sink, faults_).fault("cql_types", fault);
    if (connector.keeps_table())
      for (const std::string& fault : check_table(table, *connector.dialect))
        faults_.add(sink.at, fault);
    if (const sql::Node* call = program_->volatile_call_in(insert, table.key.columns()))
      faults_.add(call->at, fmt::format("{} is in the key of {}, but has another value when a "
                                        "record is read again, which would become a second row: "
                                        "take it out of primary_key",
                                        call->text, program_->inserts[insert].sink));
    pipeline_.source.whole_times.merge(sql::keep_key_times_whole(
        *program_, insert, table.key.columns(),
        connector.row_dialect() == Dialect::cql ? sql::TimesInKeys::said_to_be_narrowed
                                                : sql::TimesInKeys::kept));
  }

  [[nodiscard]] bool deletes() const {
    return pipeline_.source.tombstones == Tombstones::delete_row;
  }

  // A tombstone has its key alone, and that has to say which row goes in each table.
  void check_deletions() {
    if (!deletes()) return;
    for (size_t insert = 0; insert < program_->inserts.size(); ++insert)
      if (table_of(insert).table.deletes) check_key_of_deletions(insert);
  }

  void check_key_of_deletions(size_t insert) {
    const std::string& name = program_->inserts[insert].sink;
    const TableKey& key = table_of(insert).table.key;
    OptionReader options(*script_.find(name), faults_);
    bool any_of_key = false;
    size_t faults = 0;
    for (const sql::Output& output : program_->inserts[insert].outputs) {
      if (!key.has(output.name)) continue;
      any_of_key = any_of_key || sql::reads_record_key(*program_, output.node);
      const sql::Node* column = sql::column_beside_key(*program_, output.node);
      if (column == nullptr) continue;
      ++faults;
      options.fault("primary_key",
                    fmt::format("tombstones = 'delete' does not know which row of {} to delete: {} "
                                "of its primary_key is made of {}, which a record without a value "
                                "does not have in common with the others of its key. Make the "
                                "whole key of kafka_key, or use tombstones = 'skip' or "
                                "'dead_letter'",
                                name, output.name, column->text));
    }
    if (faults == 0 && !any_of_key && !key.empty())
      options.fault("primary_key",
                    fmt::format("tombstones = 'delete' does not know which row of {} to delete: no "
                                "column of its primary_key is made of kafka_key, so that records "
                                "of all keys are one row. Make the key of kafka_key, or use "
                                "tombstones = 'skip' or 'dead_letter'",
                                name));
  }

  // Nothing is dropped for want of a row where a LEFT JOIN goes on without one.
  void check_dropped_keys() {
    for (const LookupSpec& lookup : pipeline_.lookups) {
      if (!lookup.drop_missing) continue;
      const bool inner = std::any_of(
          program_->inserts.begin(), program_->inserts.end(),
          [&](const sql::InsertProgram& insert) {
            return std::any_of(
                insert.joins.begin(), insert.joins.end(), [&](const sql::Join& join) {
                  return !join.left && program_->probes[join.probe].table == lookup.table;
                });
          });
      if (!inner)
        OptionReader(*script_.find(lookup.table), faults_)
            .fault("missing_key",
                   fmt::format("missing_key = 'drop' has no meaning: {} is only LEFT-joined, which "
                               "goes on without a row",
                               lookup.table));
    }
  }

  // A record has one write time, whatever tables its rows go to.
  void check_write_times() {
    const WriteTimeRule rule = write_times_of(pipeline_);
    for (size_t insert = 0; insert < pipeline_.inserts.size(); ++insert) {
      const TableSpec& table = table_of(insert);
      if (!table.table.has_write_times() || table.table.write_times == rule) continue;
      OptionReader(*script_.find(table.declared_as), faults_)
          .fault("write_timestamp",
                 "write_timestamp: a record has one write time, so tables in which records can "
                 "meet need the same: 'server' or 'record'");
    }
  }

  const sql::Script& script_;
  const LookupRows rows_;
  sql::Faults& faults_;
  Pipeline pipeline_;
  sql::BindOptions bind_options_;
  std::map<std::string, std::unique_ptr<CatalogueFile>> files_;
  bool lookups_known_ = true;
  std::set<std::string> used_;  // Tables whose options have been read.
  std::optional<sql::Program> program_;
};

}  // namespace

std::string SourceSpec::group() const {
  const auto found = properties.find("group.id");
  return found == properties.end() ? "" : found->second;
}

std::vector<SinkTable> StoreSpec::sink_tables() const {
  std::vector<SinkTable> all;
  for (const TableSpec& table : tables) all.push_back(table.table);
  return all;
}

std::string StoreSpec::table_names() const {
  std::vector<std::string> names;
  for (const TableSpec& table : tables) names.push_back(printable(table.table.full_name()));
  return listed(names);
}

std::string Pipeline::name() const {
  return std::filesystem::path(file).stem().string();
}

std::string Pipeline::table_names() const {
  std::vector<std::string> names;
  for (size_t insert = 0; insert < inserts.size(); ++insert)
    names.push_back(printable(table_of(insert).table.full_name()));
  return listed(names);
}

std::vector<std::string> Pipeline::insert_names() const {
  std::vector<std::string> names;
  for (size_t insert = 0; insert < inserts.size(); ++insert)
    names.push_back(table_of(insert).declared_as);
  return names;
}

WriteTimeRule write_times_of(const Pipeline& pipeline) {
  for (const StoreSpec& store : pipeline.stores)
    for (const TableSpec& table : store.tables)
      if (table.table.has_write_times()) return table.table.write_times;
  return WriteTimeRule::none;
}

Result<sql::Script> read_script(const std::string& file, const std::vector<std::string>& sets,
                                sql::Faults& faults) {
  std::vector<sql::SetOption> overrides;
  for (const std::string& set : sets) {
    ASSIGN_OR_RETURN(sql::SetOption parsed, sql::parse_set_option(set));
    overrides.push_back(std::move(parsed));
  }
  ASSIGN_OR_RETURN(const std::string text, read_file(file));
  return sql::parse_script(text, overrides, faults);
}

Result<Pipeline> load_pipeline(const std::string& file, const std::vector<std::string>& sets,
                               LookupRows rows) {
  sql::Faults faults{.file = file, .list = {}};
  ASSIGN_OR_RETURN(const sql::Script script, read_script(file, sets, faults));
  if (script.inserts.empty() && faults.empty())
    faults.add({1, 1}, "a pipeline needs one INSERT INTO … SELECT, and there is none");
  // Options are read even where a statement is at fault, so that all faults come at once.
  Loader loader(file, script, rows, faults);
  loader.read_inputs();
  loader.read_inputs_of_views();
  loader.read_outputs();
  loader.read_others();
  if (!script.inserts.empty()) loader.bind();
  return loader.load();
}

}  // namespace turntable
