#include "cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/client_options.h"
#include "app/config.h"
#include "app/dead_letters.h"
#include "app/demo.h"
#include "app/exit_code.h"
#include "app/run.h"
#include "app/schema.h"
#include "base/log.h"
#include "base/output.h"
#include "base/text.h"
#include "cli/command_doc.h"
#include "cli/command_line.h"
#include "cli/command_variables.h"
#include "cli/help_text.h"
#include "cli/signals.h"
#include "cli/usage_error.h"
#include "cli/value_checks.h"
#include "produce/produce.h"

namespace turntable {

CLI::Option* add_set_option(CLI::App& command, std::vector<std::string>& sets,
                            const std::string& what, const std::string& form) {
  return command.add_option("--set", sets, what)->type_name(form)->expected(1)->take_all();
}

Result<ExitCode> said(Output& out, const std::string& text) {
  out.write(text);
  RETURN_IF_ERROR(out.finish());
  return ExitCode::done;
}

namespace {

constexpr uint64_t kMostLanes = 256;

void add_run(CommandLine& line, SteadyTime process_start) {
  CLI::App* command =
      line.app.add_subcommand("run", "Stream records through a pipeline into its table");
  auto options = std::make_shared<RunOptions>();
  options->process_start = process_start;
  command->add_option("pipeline", options->pipeline, "The pipeline's SQL file")
      ->required()
      ->type_name("PIPELINE.sql");
  add_set_option(*command, options->sets);
  command->add_flag("--until-end", options->until_end, "Stop at the end offsets seen at start");
  command->add_option("--stats-json", options->stats_json, "Write the run's figures to this file")
      ->type_name("FILE")
      ->check(file_name());
  line.variables[command
                     ->add_option("--lanes", options->lanes,
                                  "Threads that each read, join and write")
                     ->type_name("N")
                     ->check(whole_number(1, kMostLanes))
                     ->capture_default_str()] = "TURNTABLE_LANES";
  line.variables[command
                     ->add_option("--http", options->http,
                                  "Show the run there: a page for browsers, /metrics, /healthz, "
                                  "/readyz")
                     ->type_name("[ADDR:]PORT")] = "TURNTABLE_HTTP";
  command
      ->add_option("--http-token", options->http_token,
                   "What clients of --http must know; or in TURNTABLE_HTTP_TOKEN")
      ->type_name("file:PATH");
  command->add_option("--http-cert", options->http_certificate, "PEM file, for TLS")
      ->type_name("FILE")
      ->check(file_name());
  command->add_option("--http-key", options->http_key, "PEM file of its private key")
      ->type_name("FILE")
      ->check(file_name());
  command->callback([options, &chosen = line.chosen] {
    chosen = [options](StopToken& stop, Output& out) { return run_pipeline(*options, stop, out); };
  });
}

void add_schema(CommandLine& line) {
  CLI::App* command =
      line.app.add_subcommand("schema", "Print, make or check the pipeline's table");
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
    action->callback([options, &chosen = line.chosen] {
      chosen = [options](StopToken& stop, Output& out) { return run_schema(*options, stop, out); };
    });
  }
}

void add_config(CommandLine& line) {
  CLI::App* command = line.app.add_subcommand(
      "config", "Show the options of a pipeline that count in the end, and where they come from");
  auto options = std::make_shared<ConfigOptions>();
  auto format = std::make_shared<std::string>("text");
  command->add_option("pipeline", options->pipeline, "The pipeline's SQL file")
      ->required()
      ->type_name("PIPELINE.sql");
  add_set_option(*command, options->sets);
  take_one_of(command->add_option("--format", *format, "How it is written"), {"text", "json"})
      ->capture_default_str();
  command->callback([options, format, &chosen = line.chosen] {
    options->json = *format == "json";
    chosen = [options](StopToken&, Output& out) { return run_config(*options, out); };
  });
}

void add_produce(CommandLine& line) {
  CLI::App* command = line.app.add_subcommand(
      "produce", "Emulate people who play songs, and send the plays to Kafka");
  auto options = std::make_shared<ProduceOptions>();
  command->add_option("--catalogue", options->catalogue, "CSV file with a column 'name': the songs")
      ->required()
      ->type_name("CSV");
  command->add_option("--topic", options->topic, "Where plays go")
      ->required()
      ->type_name("TOPIC")
      ->check(plain_text());
  line.variables[command->add_option("--bootstrap", options->bootstrap, "Kafka's address")
                     ->required()
                     ->type_name("HOST:PORT")
                     ->check(plain_text())] = "TURNTABLE_BOOTSTRAP";
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
      ->check(whole_number(1, 1'000'000))
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
  take_one_of(command->add_option("--compression", options->compression, "Of the batches"),
              {"none", "gzip", "snappy", "lz4", "zstd"})
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
  take_one_of(command->add_option("--key", options->key, "The field that is the records' key"),
              {"none", "name", "song"})
      ->capture_default_str();
  auto sets = std::make_shared<std::vector<std::string>>();
  add_set_option(*command, *sets, "An option of Kafka's client, such as security.protocol=SSL",
                 "NAME=VALUE");
  command->callback([options, sets, &chosen = line.chosen] {
    chosen = [options, sets](StopToken& stop, Output& out) -> Result<ExitCode> {
      ASSIGN_OR_RETURN(options->properties, kafka_client_options(*sets));
      RETURN_IF_ERROR(produce(*options, stop, out));
      // It has been said in the log, and the plays are in their topic all the same.
      return out.failed() ? ExitCode::failed : ExitCode::done;
    };
  });
}

void add_dead_letters(CommandLine& line) {
  CLI::App* command = line.app.add_subcommand(
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
    action->callback([options, &chosen = line.chosen] {
      chosen = [options](StopToken& stop, Output& out) {
        return run_dead_letters(*options, stop, out);
      };
    });
  }
}

void add_demo(CommandLine& line, SteadyTime process_start) {
  CLI::App* command = line.app.add_subcommand(
      "demo", "See it work with no server: broker in the process, SQLite as the table");
  auto options = std::make_shared<DemoOptions>();
  options->process_start = process_start;
  command->add_option("--dir", options->dir, "Where the outputs go")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--count", options->count, "How many plays")
      ->type_name("N")
      ->check(whole_number(1, 10'000'000))
      ->capture_default_str();
  CLI::Option* keep = command->add_flag(
      "--keep", options->keep, "Go on afterwards with ten plays a second, which the page shows");
  command->add_option("--http", options->http, "Where the page is, with --keep")
      ->type_name("[ADDR:]PORT")
      ->capture_default_str()
      ->needs(keep);
  command->callback([options, &chosen = line.chosen] {
    chosen = [options](StopToken& stop, Output& out) { return run_demo(*options, stop, out); };
  });
}

// Where the log is JSON, all that goes to standard error is.
void log_lines(std::string_view lines) {
  for (const std::string_view text : split(lines, '\n'))
    if (!text.empty()) log::error("{}", text);
  error_output().flush();
}

int report_usage(const std::string& text) {
  log::is_json() ? log_lines(text) : print_error(text);
  return static_cast<int>(ExitCode::usage);
}

int report(const Result<ExitCode>& outcome) {
  if (outcome) {
    error_output().flush();  // What the log has not got rid of.
    return static_cast<int>(*outcome);
  }
  // The faults of a pipeline are one a line and begin with their file; all else begins with our
  // name.
  const std::string& message = outcome.error().message;
  if (log::is_json()) {
    log_lines(message);
    return static_cast<int>(exit_code_of(outcome.error()));
  }
  const bool faults = outcome.error().kind == ErrorKind::usage && message.ends_with('\n');
  print_error(fmt::format("{}{}{}", faults ? "" : "turntable: ", printable_lines(message),
                          faults ? "" : "\n"));
  return static_cast<int>(exit_code_of(outcome.error()));
}

// Each command takes it behind its own options.
void add_common_options(CommandLine& line, CLI::App& command) {
  const auto subs = command.get_subcommands([](CLI::App* sub) { return !sub->get_name().empty(); });
  for (CLI::App* sub : subs) add_common_options(line, *sub);
  if (!subs.empty()) return;
  // It has been taken already: see asked_log_format().
  CLI::Option* option = command.add_option_function<std::string>(
      "--log-format", [](const std::string&) {},
      "How messages on standard error are written: JSON has an object a line");
  take_one_of(option, {"text", "json"})->default_str("text")->group(kCommonGroup);
  line.variables[option] = "TURNTABLE_LOG_FORMAT";
}

// What the line or the environment asks for, before either is understood: faults of the line are
// said in that form too.
log::Format asked_log_format(int argc, const char* const* argv) {
  const char* variable = std::getenv("TURNTABLE_LOG_FORMAT");
  std::string_view asked = variable == nullptr ? "" : variable;
  constexpr std::string_view kOption = "--log-format";
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == kOption && i + 1 < argc) asked = argv[i + 1];
    if (word.starts_with(kOption) && word.substr(kOption.size()).starts_with("="))
      asked = word.substr(kOption.size() + 1);
  }
  return asked == "json" ? log::Format::json : log::Format::text;
}

void build(CommandLine& line, SteadyTime process_start) {
  line.app.name("turntable");
  line.app.description(
      "Turntable turns a stream of records into a table: Kafka, joined with a table in memory, to "
      "Cassandra");
  line.app.set_version_flag("--version", "turntable " TURNTABLE_VERSION,
                            "Print the version and exit");
  line.app.require_subcommand(1);
  add_run(line, process_start);
  add_schema(line);
  add_config(line);
  add_produce(line);
  add_dead_letters(line);
  add_query(line);
  add_history(line);
  add_demo(line, process_start);
  add_completions(line);
  add_man(line);
  add_common_options(line, line.app);
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  const SteadyTime process_start = std::chrono::steady_clock::now();
  StopToken& stop = install_signal_handlers();
  log::open(log::Level::info, asked_log_format(argc, argv));

  Output out;
  out.give_up_after(stop);
  error_output().give_up_after(stop);
  if (out.is_terminal() && error_output().is_terminal()) out.share_terminal_with(error_output());
  CommandLine line;
  build(line, process_start);
  const CommandDoc root = describe(line.app, line.variables);
  take_variables(line.app, line.variables, argc, argv);

  try {
    line.app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return report(said(out, help_text(named_command_of(line.app, root))));
  } catch (const CLI::CallForVersion& version) {
    return report(said(out, fmt::format("{}\n", version.what())));
  } catch (const CLI::ParseError& error) {
    return report_usage(usage_error_text(line.app, root, error, argc, argv));
  }
  const Result<ExitCode> outcome = line.chosen(stop, out);
  out.flush();  // What was said before something failed.
  return report(outcome);
}

}  // namespace turntable
