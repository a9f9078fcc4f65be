// What the command line takes, as data: the one description from which help, manual pages,
// completions and the hints behind typing errors are made. It is read off the CLI11 app, which
// parses by it, so that what is described is what is taken.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/exit_code.h"

namespace turntable {

// CLI11's group of the options that every command takes.
inline constexpr const char* kCommonGroup = "Common options";

// The environment variables that stand in for options, by option.
using OptionVariables = std::map<const CLI::Option*, std::string>;

// What can stand as an option's value, for who completes it.
enum class ValueKind { none, choice, file, folder, text };

struct OptionDoc {
  std::string name;        // "--lanes"; of a positional its form, "PIPELINE.sql".
  std::string short_name;  // "-o", or empty.
  std::string form;        // Of its value: "N", "table|csv"; empty for a flag.
  std::string help;
  std::string preset;    // The value that counts where it is not given, or empty.
  std::string variable;  // The environment variable that stands in for it, or empty.
  std::string needs;     // "--sqlite": only beside this option. Or empty.
  ValueKind kind = ValueKind::none;
  std::vector<std::string> choices;  // Of ValueKind::choice.
  std::string ending;                // Of ValueKind::file: ".sql", or empty for any.
  bool required = false;
  bool repeats = false;
};

// Options under a heading. `one_of_them`: exactly one has to be given.
struct OptionSection {
  std::string heading;
  bool one_of_them = false;
  std::vector<OptionDoc> options;
};

struct CommandDoc {
  std::string words;  // "turntable schema print"
  std::string name;   // "print"
  std::string help;   // One sentence.
  std::vector<OptionDoc> positionals;
  std::vector<OptionSection> sections;
  std::vector<CommandDoc> commands;
  std::vector<ExitCode> exit_codes;  // Of a command that does something; in rising order.

  [[nodiscard]] bool is_leaf() const { return commands.empty(); }
  // "turntable run [OPTIONS] PIPELINE.sql"
  [[nodiscard]] std::string usage() const;
  [[nodiscard]] const OptionDoc* find_option(const std::string& option) const;
  // "schema print" below "turntable"; null where there is no such command.
  [[nodiscard]] const CommandDoc* find(const std::vector<std::string>& names) const;
};

[[nodiscard]] CommandDoc describe(const CLI::App& app, const OptionVariables& variables);

// Those of all commands that end in different ways, by the command's words behind "turntable".
[[nodiscard]] std::vector<ExitCode> exit_codes_of_command(const std::string& words);

}  // namespace turntable
