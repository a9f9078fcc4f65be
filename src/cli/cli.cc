#include "cli/cli.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "app/client_options.h"
#include "app/dead_letters.h"
#include "app/demo.h"
#include "app/exit_code.h"
#include "app/run.h"
#include "app/schema.h"
#include "base/log.h"
#include "base/output.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/signals.h"
#include "produce/produce.h"
#include "query/query.h"

namespace turntable {
namespace {

// Takes one of `choices`, and tells them apart from typing errors. CLI11's own IsMember prints its
// insides.
CLI::Validator one_of(std::vector<std::string> choices) {
  return CLI::Validator(
      [choices = std::move(choices)](std::string& value) -> std::string {
        if (std::find(choices.begin(), choices.end(), value) != choices.end()) return "";
        return fmt::format("'{}' is none of {}.{}", printable(value), fmt::join(choices, ", "),
                           did_you_mean(value, choices));
      },
      "");
}

// A whole number from `least` on. Without it, CLI11 would take -1 for the largest number there is.
CLI::Validator whole_number(uint64_t least) {
  return CLI::Validator(
      [least](std::string& value) -> std::string {
        uint64_t number = 0;
        if (read_number(value, number) && number >= least) return "";
        return fmt::format("'{}' is no whole number from {} on", printable(value), least);
      },
      "");
}

// Text that can stand in an event or name something: not empty, UTF-8.
CLI::Validator plain_text() {
  return CLI::Validator(
      [](std::string& value) -> std::string {
        if (value.empty()) return "the text is empty";
        return is_utf8(value) ? "" : fmt::format("'{}' is not UTF-8", printable(value));
      },
      "");
}

CLI::Validator not_negative() {
  return CLI::Validator(
      [](std::string& value) -> std::string {
        double number = 0;
        if (CLI::detail::lexical_cast(value, number) && number >= 0 && std::isfinite(number))
          return "";
        return fmt::format("'{}' is no number of plays a second, expected 0 or more",
                           printable(value));
      },
      "");
}

// What a subcommand does once its options are read.
using Action = std::function<Result<ExitCode>(StopToken&, Output&)>;

CLI::Option* add_set_option(CLI::App& command, std::vector<std::string>& sets,
                            const std::string& what = "Override an option of the pipeline",
                            const std::string& form = "TABLE.OPTION=VALUE") {
  return command.add_option("--set", sets, what + "; may be repeated")
      ->type_name(form)
      ->expected(1)
      ->take_all();
}

void add_run(CLI::App& app, Action& chosen, SteadyTime process_start) {
  CLI::App* command = app.add_subcommand("run", "Stream records through a pipeline into its table");
  auto options = std::make_shared<RunOptions>();
  options->process_start = process_start;
  command->add_option("pipeline", options->pipeline, "The pipeline's SQL file")
      ->required()
      ->type_name("PIPELINE.sql");
  add_set_option(*command, options->sets);
  command->add_flag("--until-end", options->until_end, "Stop at the end offsets seen at start");
  command->add_option("--stats-json", options->stats_json, "Write the run's figures to this file")
      ->type_name("FILE");
  command->add_option("--lanes", options->lanes, "Threads that each read, join and write")
      ->type_name("N")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      ->add_option("--http", options->http,
                   "Show the run there: a page for browsers, /metrics, /healthz, /readyz")
      ->type_name("[ADDR:]PORT");
  command
      ->add_option("--http-token", options->http_token,
                   "What clients of --http must know; or in TURNTABLE_HTTP_TOKEN")
      ->type_name("file:PATH");
  command->add_option("--http-cert", options->http_certificate, "PEM file, for TLS")
      ->type_name("FILE");
  command->add_option("--http-key", options->http_key, "PEM file of its private key")
      ->type_name("FILE");
  command->callback([options, &chosen] {
    chosen = [options](StopToken& stop, Output& out) { return run_pipeline(*options, stop, out); };
  });
}

void add_schema(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("schema", "Print, make or check the pipeline's table");
  command->require_subcommand(1);
  struct Row {
    const char* name;
    const char* help;
    SchemaAction action;
  };
  for (const Row& row :
       {Row{"print", "Print the DDL of the pipeline's table", SchemaAction::print},
        Row{"apply", "Make the keyspace and the table where they are missing", SchemaAction::apply},
        Row{"check", "Compare the live table with the pipeline's", SchemaAction::check}}) {
    CLI::App* action = command->add_subcommand(row.name, row.help);
    auto options = std::make_shared<SchemaOptions>();
    options->action = row.action;
    action->add_option("pipeline", options->pipeline, "The pipeline's SQL file")
        ->required()
        ->type_name("PIPELINE.sql");
    add_set_option(*action, options->sets);
    if (row.action == SchemaAction::apply)
      action->add_flag("--add-columns", options->add_columns, "Add columns that a table lacks");
    action->callback([options, &chosen] {
      chosen = [options](StopToken& stop, Output& out) { return run_schema(*options, stop, out); };
    });
  }
}

void add_produce(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("produce", "Emulate people who play songs, and send the plays to Kafka");
  auto options = std::make_shared<ProduceOptions>();
  command->add_option("--catalogue", options->catalogue, "CSV file with a column 'name': the songs")
      ->required()
      ->type_name("CSV");
  command->add_option("--topic", options->topic, "Where plays go")
      ->required()
      ->type_name("TOPIC")
      ->check(plain_text());
  command->add_option("--bootstrap", options->bootstrap, "Kafka's address")
      ->required()
      ->type_name("HOST:PORT")
      ->check(plain_text());
  command->add_option("--count", options->count, "How many plays")
      ->type_name("N")
      ->check(whole_number(0))
      ->capture_default_str();
  command
      ->add_option("--rate", options->rate,
                   "Plays a second; 0 is as fast as the broker acknowledges")
      ->type_name("N")
      ->check(not_negative())
      ->capture_default_str();
  command->add_option("--people", options->people, "How many people play")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--name", options->name, "The name of one of them")
      ->type_name("NAME")
      ->check(plain_text())
      ->capture_default_str();
  command
      ->add_option("--seed", options->seed,
                   "The same seed, catalogue and options give the same plays")
      ->type_name("N")
      ->check(whole_number(0));
  command->add_option("--compression", options->compression, "none, gzip, snappy, lz4 or zstd")
      ->type_name("CODEC")
      ->check(one_of({"none", "gzip", "snappy", "lz4", "zstd"}))
      ->capture_default_str();
  command
      ->add_option("--time-format", options->time_format,
                   "Of the field 'time', as strftime(3) has it")
      ->type_name("FORMAT")
      ->check(plain_text())
      ->capture_default_str();
  command
      ->add_option("--start-time", options->start_time,
                   "The first play's time; each play is a second later")
      ->type_name("'YYYY-MM-DD HH:MI'");
  command->add_option("--key", options->key, "The records' key: none, name or song")
      ->type_name("FIELD")
      ->check(one_of({"none", "name", "song"}))
      ->capture_default_str();
  auto sets = std::make_shared<std::vector<std::string>>();
  add_set_option(*command, *sets, "An option of Kafka's client, such as security.protocol=SSL",
                 "NAME=VALUE");
  command->callback([options, sets, &chosen] {
    chosen = [options, sets](StopToken& stop, Output& out) -> Result<ExitCode> {
      ASSIGN_OR_RETURN(options->properties, kafka_client_options(*sets));
      RETURN_IF_ERROR(produce(*options, stop, out));
      // It has been said in the log, and the plays are in their topic all the same.
      return out.failed() ? ExitCode::failed : ExitCode::done;
    };
  });
}

void add_dead_letters(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "dead-letters", "Look at records that did not become rows, run them again");
  command->require_subcommand(1);
  struct Row {
    const char* name;
    const char* help;
    DeadLettersAction action;
  };
  for (const Row& row :
       {Row{"list", "One line each, and how many of each reason", DeadLettersAction::list},
        Row{"show", "All of each, as lines of JSON", DeadLettersAction::show},
        Row{"replay", "Run them through the pipeline again", DeadLettersAction::replay}}) {
    CLI::App* action = command->add_subcommand(row.name, row.help);
    auto options = std::make_shared<DeadLettersOptions>();
    options->action = row.action;
    action->add_option("pipeline", options->pipeline, "The pipeline's SQL file")
        ->required()
        ->type_name("PIPELINE.sql");
    add_set_option(*action, options->sets);
    action->add_option("--reason", options->reason, "Only those with this reason")
        ->type_name("REASON");
    if (row.action == DeadLettersAction::replay)
      action->add_flag("--dry-run", options->dry_run, "Write nothing: see what would become rows");
    action->callback([options, &chosen] {
      chosen = [options](StopToken& stop, Output& out) {
        return run_dead_letters(*options, stop, out);
      };
    });
  }
}

void add_query(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "query", "Run CQL on Cassandra or on a SQLite file, and print or export the rows");
  auto options = std::make_shared<QueryOptions>();
  auto format = std::make_shared<std::string>("table");
  auto* store = command->add_option_group("store", "Where the rows are");
  auto contact_points = std::make_shared<std::string>();
  CLI::Option* cassandra = store->add_option("--cassandra", *contact_points, "Cassandra's address");
  cassandra->type_name("HOST:PORT")->check(plain_text());
  CLI::Option* sqlite =
      store->add_option("--sqlite", options->sqlite_path, "A SQLite file that a pipeline wrote")
          ->type_name("FILE")
          ->check(
              [](const std::string& path) {
                return std::string(path.empty() ? "the file's name is empty" : "");
              },
              "", "");
  store->require_option(1);
  auto* text = command->add_option_group("text", "What to run");
  text->add_option("-f,--file", options->file, "A file of CQL statements")->type_name("FILE.cql");
  text->add_option("-e,--execute", options->text, "CQL statements")->type_name("CQL");
  text->require_option(1);
  command->add_option("--format", *format, "table, csv, json or ndjson")
      ->type_name("FORMAT")
      ->check(one_of({"table", "csv", "json", "ndjson"}))
      ->default_str("table");
  command
      ->add_option("-o,--output", options->output,
                   "Write here instead of to the terminal, all or nothing")
      ->type_name("FILE");
  command
      ->add_option("--keyspace", options->keyspace,
                   "SQLite: the schema under which the file is attached")
      ->type_name("NAME")
      ->needs(sqlite);
  auto sets = std::make_shared<std::vector<std::string>>();
  add_set_option(*command, *sets,
                 "Cassandra: an option of the sink, such as username, password or ca_file",
                 "NAME=VALUE")
      ->needs(cassandra);
  command->callback([options, contact_points, sets, format, &chosen] {
    static const std::map<std::string, RowFormat> kFormats{{"table", RowFormat::table},
                                                           {"csv", RowFormat::csv},
                                                           {"json", RowFormat::json},
                                                           {"ndjson", RowFormat::ndjson}};
    options->format = kFormats.at(*format);
    chosen = [options, contact_points, sets](StopToken& stop, Output& out) -> Result<ExitCode> {
      ASSIGN_OR_RETURN(options->cassandra, cassandra_client_options(*sets));
      options->cassandra.contact_points = *contact_points;
      RETURN_IF_ERROR(run_query(*options, stop, out));
      return ExitCode::done;
    };
  });
}

void add_demo(CLI::App& app, Action& chosen, SteadyTime process_start) {
  CLI::App* command = app.add_subcommand(
      "demo", "See it work with no server: broker in the process, SQLite as the table");
  auto options = std::make_shared<DemoOptions>();
  options->process_start = process_start;
  command->add_option("--dir", options->dir, "Where the outputs go")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--count", options->count, "How many plays")
      ->type_name("N")
      ->check(CLI::Range(uint64_t{1}, uint64_t{10'000'000}))
      ->capture_default_str();
  command->callback([options, &chosen] {
    chosen = [options](StopToken& stop, Output& out) { return run_demo(*options, stop, out); };
  });
}

// "run", or "schema print": for the hint behind a usage error.
std::string command_words(const CLI::App& app) {
  std::string words = "turntable";
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    words += " " + at->get_name();
  }
  return words;
}

// " Did you mean …" with what begins with the word, or else with what is nearest to it.
std::string meant(const std::string& word, const std::vector<std::string>& candidates) {
  constexpr size_t kTelling = 3;
  const size_t letters = word.size() - std::min(word.find_first_not_of('-'), word.size());
  const auto begun =
      std::find_if(candidates.begin(), candidates.end(),
                   [&](const std::string& candidate) { return candidate.starts_with(word); });
  if (letters >= kTelling && begun != candidates.end())
    return fmt::format(" Did you mean '{}'?", *begun);
  return did_you_mean(word, candidates);
}

// "There is no option '--untll-end'. Did you mean '--until-end'?", or the same of a command. Empty
// where neither is it.
std::string unknown_word(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* named = &app;
  while (!named->get_subcommands().empty()) named = named->get_subcommands().front();
  std::vector<std::string> commands;
  for (const CLI::App* command :
       named->get_subcommands([](const CLI::App* sub) { return !sub->get_name().empty(); }))
    commands.push_back(command->get_name());
  std::vector<std::string> options;
  std::vector<const CLI::App*> groups{named};
  for (const CLI::App* group :
       named->get_subcommands([](const CLI::App* sub) { return sub->get_name().empty(); }))
    groups.push_back(group);
  for (const CLI::App* group : groups)
    for (const CLI::Option* option : group->get_options())
      for (const std::string& name : option->get_lnames()) options.push_back("--" + name);

  const std::string words = command_words(app);
  const int depth = 1 + static_cast<int>(std::count(words.begin(), words.end(), ' '));
  for (int i = depth; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("--")) {
      const std::string name = word.substr(0, word.find('='));
      if (std::find(options.begin(), options.end(), name) == options.end())
        return fmt::format("there is no option '{}'.{}", printable(name), meant(name, options));
    } else if (!commands.empty() && i == depth && !word.starts_with("-")) {
      return fmt::format("there is no command '{}'.{}", printable(word), meant(word, commands));
    }
  }
  return "";
}

int usage_error(const CLI::App& app, const CLI::ParseError& error, int argc,
                const char* const* argv) {
  // CLI11 reports a mistyped word as another one that is missing or as one too many.
  std::string unknown = unknown_word(app, argc, argv);
  // A word too many behind an option may be what should have been its value.
  if (unknown.empty() && error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) &&
      std::any_of(argv, argv + argc, [](const char* word) { return speaks_of_secrets(word); }))
    unknown = "there are words too many; a value follows its option after '=', without blanks";
  print_error(fmt::format("turntable: {}\nTry '{} --help'.\n",
                          unknown.empty() ? printable(error.what(), 1000) : unknown,
                          command_words(app)));
  return static_cast<int>(ExitCode::usage);
}

Result<ExitCode> said(Output& out, const std::string& text) {
  out.write(text);
  RETURN_IF_ERROR(out.finish());
  return ExitCode::done;
}

int report(const Result<ExitCode>& outcome) {
  if (outcome) {
    error_output().flush();  // What the log has not got rid of.
    return static_cast<int>(*outcome);
  }
  // The faults of a pipeline are one a line and begin with their file; all else begins with our
  // name.
  const std::string& message = outcome.error().message;
  const bool faults = outcome.error().kind == ErrorKind::usage && message.ends_with('\n');
  print_error(fmt::format("{}{}{}", faults ? "" : "turntable: ", printable_lines(message),
                          faults ? "" : "\n"));
  return static_cast<int>(exit_code_of(outcome.error()));
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  const SteadyTime process_start = std::chrono::steady_clock::now();
  StopToken& stop = install_signal_handlers();
  log::open(log::Level::info);

  Output out;
  out.give_up_after(stop);
  error_output().give_up_after(stop);
  if (out.is_terminal() && error_output().is_terminal()) out.share_terminal_with(error_output());
  CLI::App app(
      "Turntable turns a stream of records into a table: Kafka, joined with a table in memory, to "
      "Cassandra.",
      "turntable");
  app.set_version_flag("--version", "turntable " TURNTABLE_VERSION);
  app.require_subcommand(1);
  Action chosen;
  add_run(app, chosen, process_start);
  add_schema(app, chosen);
  add_produce(app, chosen);
  add_dead_letters(app, chosen);
  add_query(app, chosen);
  add_demo(app, chosen, process_start);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return report(said(out, app.help()));  // Of the command that was named last.
  } catch (const CLI::CallForVersion& version) {
    return report(said(out, fmt::format("{}\n", version.what())));
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, argc, argv);
  }
  const Result<ExitCode> outcome = chosen(stop, out);
  out.flush();  // What was said before something failed.
  return report(outcome);
}

}  // namespace turntable
