// The commands that read rows of a store.
#include <memory>
#include <string>
#include <vector>

#include "app/client_options.h"
#include "cli/command_line.h"
#include "cli/value_checks.h"
#include "query/history.h"
#include "query/query.h"

namespace turntable {
namespace {

// Where rows are read: --cassandra with --set, or --sqlite. CLI11 shows a group's options apart.
struct StoreOptions {
  std::string contact_points;
  std::string sqlite_path;
  std::vector<std::string> sets;
};

struct StoreChoice {
  CLI::Option* cassandra;
  CLI::Option* sqlite;
};

StoreChoice add_store_options(CommandLine& line, CLI::App& command, StoreOptions& options) {
  auto* store = command.add_option_group("store", "Where the rows are");
  CLI::Option* cassandra =
      store->add_option("--cassandra", options.contact_points, "Cassandra's address")
          ->type_name("HOST:PORT")
          ->check(plain_text());
  CLI::Option* sqlite =
      store->add_option("--sqlite", options.sqlite_path, "A SQLite file that a pipeline wrote")
          ->type_name("FILE")
          ->check(file_name());
  store->require_option(1);
  line.variables[cassandra] = "TURNTABLE_CASSANDRA";
  line.variables[sqlite] = "TURNTABLE_SQLITE";
  return {cassandra, sqlite};
}

}  // namespace

void add_query(CommandLine& line) {
  CLI::App* command = line.app.add_subcommand(
      "query", "Run CQL on Cassandra or on a SQLite file, and print or export the rows");
  auto options = std::make_shared<QueryOptions>();
  auto where = std::make_shared<StoreOptions>();
  auto format = std::make_shared<std::string>("table");
  const StoreChoice store = add_store_options(line, *command, *where);
  auto* text = command->add_option_group("text", "What to run");
  text->add_option("-f,--file", options->file, "A file of CQL statements")->type_name("FILE.cql");
  text->add_option("-e,--execute", options->text, "CQL statements")->type_name("CQL");
  text->require_option(1);
  line.variables[take_one_of(command->add_option("--format", *format, "How the rows are written"),
                             {"table", "csv", "json", "ndjson"})
                     ->capture_default_str()] = "TURNTABLE_FORMAT";
  command
      ->add_option("-o,--output", options->output,
                   "Write here instead of to the terminal, all or nothing")
      ->type_name("FILE")
      ->check(file_name());
  command
      ->add_option("--keyspace", options->keyspace,
                   "SQLite: the schema under which the file is attached")
      ->type_name("NAME")
      ->needs(store.sqlite);
  add_set_option(*command, where->sets,
                 "Cassandra: an option of the sink, such as username, password or ca_file",
                 "NAME=VALUE")
      ->needs(store.cassandra);
  command->callback([options, where, format, &chosen = line.chosen] {
    options->format = row_format_from_name(*format).value_or(RowFormat::table);
    chosen = [options, where](StopToken& stop, Output& out) -> Result<ExitCode> {
      ASSIGN_OR_RETURN(options->cassandra, cassandra_client_options(where->sets));
      options->cassandra.contact_points = where->contact_points;
      options->sqlite_path = where->sqlite_path;
      RETURN_IF_ERROR(run_query(*options, stop, out));
      return ExitCode::done;
    };
  });
}

void add_history(CommandLine& line) {
  CLI::App* command = line.app.add_subcommand(
      "history", "Report on a listening history: what was played last and most, and how it was");
  auto options = std::make_shared<HistoryOptions>();
  auto where = std::make_shared<StoreOptions>();
  const StoreChoice store = add_store_options(line, *command, *where);
  command->add_option("--person", options->person, "Only what this person played")
      ->type_name("NAME")
      ->check(plain_text());
  command->add_option("--date", options->date, "Only what was played on this day")
      ->type_name("YYYY-MM-DD")
      ->check(calendar_day());
  command
      ->add_option_function<int>(
          "--hour", [options](int hour) { options->hour = hour; },
          "Only what was played in this hour, 0 to 23")
      ->type_name("H")
      ->check(whole_number(0, 23));
  command->add_option("--table", options->table, "The table")
      ->type_name("KEYSPACE.TABLE")
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "Write a page for a browser, all or nothing")
      ->type_name("FILE.html")
      ->check(file_name());
  add_set_option(*command, where->sets,
                 "Cassandra: an option of the sink, such as username, password or ca_file",
                 "NAME=VALUE")
      ->needs(store.cassandra);
  command->callback([options, where, &chosen = line.chosen] {
    chosen = [options, where](StopToken& stop, Output& out) -> Result<ExitCode> {
      ASSIGN_OR_RETURN(options->cassandra, cassandra_client_options(where->sets));
      options->cassandra.contact_points = where->contact_points;
      options->sqlite_path = where->sqlite_path;
      RETURN_IF_ERROR(run_history(*options, stop, out));
      return ExitCode::done;
    };
  });
}

}  // namespace turntable
