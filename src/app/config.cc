#include "app/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "app/option_reader.h"
#include "app/pipeline.h"
#include "app/pipeline_options.h"
#include "base/secret.h"
#include "base/text.h"

namespace turntable {
namespace {

using From = ConfigEntry::From;

// Has the options of a table read again, and notes what is asked for.
void ask_options(sql::TableDef& table, const std::string& role, const std::string& file) {
  table.asked = std::make_shared<sql::AskedOptions>();
  sql::Faults known_already{.file = file, .list = {}};
  if (role == "stream") (void)read_source(table, file, known_already);
  if (role == "lookup") (void)read_lookup(table, known_already);
  if (role == "rows") (void)read_sink(table, known_already);
}

ConfigEntry entry_of(const sql::Option& option, const sql::TableDef& table) {
  ConfigEntry entry{.option = option.name,
                    .value = is_secret(option.name) ? kMasked : option.value,
                    .from = From::file,
                    .line = option.at.line,
                    .column = option.at.column,
                    .variables = option.variables};
  if (option.from_command_line) {
    entry.from = From::command_line;
    entry.line = entry.column = 0;
  } else if (!table.asked->contains(option.name)) {
    entry.from = From::ignored;
  } else if (!option.variables.empty()) {
    entry.from = From::environment;
  }
  return entry;
}

std::vector<ConfigEntry> entries_of(const sql::TableDef& table) {
  std::vector<ConfigEntry> entries;
  for (const sql::Option& option : table.options) entries.push_back(entry_of(option, table));
  for (const auto& [name, value] : *table.asked)
    if (table.find(name) == nullptr)
      entries.push_back(
          {.option = name, .value = is_secret(name) && !value.empty() ? kMasked : value});
  return entries;
}

// The value of a store's option, where it is not the table's own. Empty where it is.
std::string value_of_store(const StoreSpec& store, const ConfigEntry& entry) {
  const auto differs = [&](const std::string& of_store, bool same) {
    return store.asked.contains(entry.option) && !same ? of_store : std::string();
  };
  if (entry.option == "flush_interval")
    return differs(duration_text(store.flush_interval),
                   parse_duration(entry.value) == store.flush_interval);
  uint64_t rows = 0;
  if (entry.option == "flush_rows")
    return differs(fmt::format("{}", store.flush_rows),
                   read_number(entry.value, rows) && rows == store.flush_rows);
  // One that is written in another unit is taken for the table's own.
  if (entry.option == "flush_bytes" && entry.from == From::preset)
    return differs(bytes_text(store.flush_bytes), entry.value == bytes_text(store.flush_bytes));
  return "";
}

// The tables of one store are written together: what one asks for counts for the others.
void take_store_options(const Pipeline& pipeline, ConfigTable& table) {
  for (const StoreSpec& store : pipeline.stores) {
    const bool is_here =
        std::any_of(store.tables.begin(), store.tables.end(),
                    [&](const TableSpec& one) { return one.declared_as == table.table; });
    if (!is_here || store.tables.size() == 1) continue;
    for (ConfigEntry& entry : table.entries)
      if (const std::string value = value_of_store(store, entry); !value.empty())
        entry = {.option = entry.option, .value = value, .from = From::other_table};
  }
}

std::string role_of_table(const Pipeline& pipeline, const std::string& table) {
  if (pipeline.source.table == table) return "stream";
  for (const LookupSpec& lookup : pipeline.lookups)
    if (lookup.table == table) return "lookup";
  const std::vector<std::string> inserts = pipeline.insert_names();
  return std::find(inserts.begin(), inserts.end(), table) != inserts.end() ? "rows" : "unused";
}

std::string_view from_name(From from) {
  switch (from) {
    case From::preset:
      return "default";
    case From::file:
      return "file";
    case From::environment:
      return "environment";
    case From::command_line:
      return "--set";
    case From::other_table:
      return "other table";
    case From::ignored:
      return "ignored";
  }
  return "";
}

std::string from_text(const ConfigEntry& entry, const std::string& file) {
  const std::string place = fmt::format("{}:{}:{}", printable(file), entry.line, entry.column);
  switch (entry.from) {
    case From::file:
      return place;
    case From::environment:
      return fmt::format("{} of the environment, {}", fmt::join(entry.variables, ", "), place);
    case From::other_table:
      return "another table of the same store";
    case From::ignored:
      return fmt::format("{}, ignored: the connector is another one", place);
    case From::preset:
    case From::command_line:
      break;
  }
  return std::string(from_name(entry.from));
}

// A default of no value says so.
std::string value_text(const ConfigEntry& entry) {
  return entry.value.empty() ? "-" : printable(entry.value);
}

void print_table(const ConfigTable& table, const std::string& file, Output& out) {
  size_t options = 0;
  size_t values = 0;
  for (const ConfigEntry& entry : table.entries) {
    options = std::max(options, display_width(printable(entry.option)));
    values = std::max(values, display_width(value_text(entry)));
  }
  for (const ConfigEntry& entry : table.entries) {
    const std::string name = printable(entry.option);
    const std::string value = value_text(entry);
    out.print("  {}{}  {}{}  {}\n", name, std::string(options - display_width(name), ' '), value,
              std::string(values - display_width(value), ' '), from_text(entry, file));
  }
}

std::string json_of(const ConfigEntry& entry) {
  std::string variables;
  for (const std::string& name : entry.variables)
    variables += (variables.empty() ? "" : ", ") + json_quote(name);
  const bool in_file = entry.line > 0;
  return fmt::format(
      R"({{"option": {}, "value": {}, "from": {}, "line": {}, "column": {}, "variables": [{}]}})",
      json_quote(entry.option), entry.value.empty() ? "null" : json_quote(entry.value),
      json_quote(from_name(entry.from)), in_file ? fmt::format("{}", entry.line) : "null",
      in_file ? fmt::format("{}", entry.column) : "null", variables);
}

void print_json(const std::vector<ConfigTable>& tables, const std::string& file, Output& out) {
  out.print("{{\"pipeline\": {}, \"tables\": [", json_quote(file));
  for (const ConfigTable& table : tables) {
    out.print("{}\n  {{\"table\": {}, \"role\": {}, \"options\": [",
              &table == &tables.front() ? "" : ",", json_quote(table.table),
              json_quote(table.role));
    for (const ConfigEntry& entry : table.entries)
      out.print("{}\n    {}", &entry == &table.entries.front() ? "" : ",", json_of(entry));
    out.print("]}}");
  }
  out.print("]}}\n");
}

// What is read from, what is joined, what is written.
std::string heading(const ConfigTable& table) {
  if (table.role == "unused") return table.table + ", which no statement uses";
  return fmt::format("{}, the {}", table.table, table.role);
}

}  // namespace

Result<std::vector<ConfigTable>> explain_options(const std::string& file,
                                                 const std::vector<std::string>& sets) {
  // All faults come from here: what follows reads a file that has none.
  ASSIGN_OR_RETURN(const Pipeline pipeline, load_pipeline(file, sets, LookupRows::not_needed));
  sql::Faults none{.file = file, .list = {}};
  ASSIGN_OR_RETURN(sql::Script script, read_script(file, sets, none));
  std::vector<ConfigTable> tables;
  for (sql::TableDef& table : script.tables) {
    const std::string role = role_of_table(pipeline, table.name);
    ask_options(table, role, file);
    ConfigTable shown{.table = table.name, .role = role, .entries = entries_of(table)};
    take_store_options(pipeline, shown);
    tables.push_back(std::move(shown));
  }
  return tables;
}

Result<ExitCode> run_config(const ConfigOptions& options, Output& out) {
  ASSIGN_OR_RETURN(const auto tables, explain_options(options.pipeline, options.sets));
  if (options.json) {
    print_json(tables, options.pipeline, out);
  } else {
    for (const ConfigTable& table : tables) {
      out.print("{}{}\n", &table == &tables.front() ? "" : "\n", printable(heading(table)));
      print_table(table, options.pipeline, out);
    }
  }
  RETURN_IF_ERROR(out.finish());
  return ExitCode::done;
}

}  // namespace turntable
