#include "cli/command_doc.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace turntable {
namespace {

// Forms of values that are files, with the ending that they usually have.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kFileForms{
    {{"FILE", ""},
     {"PIPELINE.sql", ".sql"},
     {"FILE.cql", ".cql"},
     {"FILE.html", ".html"},
     {"CSV", ".csv"}}};
constexpr std::string_view kFolderForm = "DIR";

void set_kind(OptionDoc& option) {
  if (option.form.empty()) return;
  option.kind = ValueKind::text;
  if (option.form == kFolderForm) option.kind = ValueKind::folder;
  for (const auto& [form, ending] : kFileForms) {
    if (option.form != form) continue;
    option.kind = ValueKind::file;
    option.ending = ending;
  }
  if (option.form.find('|') == std::string::npos) return;
  option.kind = ValueKind::choice;
  for (const std::string_view choice : split(option.form, '|')) option.choices.emplace_back(choice);
}

OptionDoc describe_option(const CLI::Option& option, const OptionVariables& variables) {
  OptionDoc doc;
  if (!option.get_lnames().empty()) doc.name = "--" + option.get_lnames().front();
  if (!option.get_snames().empty()) doc.short_name = "-" + option.get_snames().front();
  const bool is_flag = option.get_items_expected_max() == 0;
  if (!is_flag) doc.form = option.get_type_name();
  if (option.get_positional()) doc.name = doc.form;
  doc.help = option.get_description();
  doc.preset = option.get_default_str();
  if (const auto found = variables.find(&option); found != variables.end())
    doc.variable = found->second;
  if (!option.get_needs().empty())
    doc.needs = "--" + (*option.get_needs().begin())->get_lnames()[0];
  doc.required = option.get_required();
  doc.repeats = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll && !is_flag;
  set_kind(doc);
  return doc;
}

// In which ways each command can end.
struct CommandEnds {
  std::string_view words;
  std::vector<ExitCode> codes;
};

const std::vector<CommandEnds>& command_ends() {
  using enum ExitCode;
  static const std::vector<CommandEnds> ends{
      {"run", {done, failed, usage, dead_letters}},
      {"schema print", {done, failed, usage}},
      {"schema apply", {done, failed, usage}},
      {"schema check", {done, failed, usage}},
      {"config", {done, failed, usage}},
      {"produce", {done, failed, usage, unreachable}},
      {"dead-letters list", {done, failed, usage}},
      {"dead-letters show", {done, failed, usage}},
      {"dead-letters replay", {done, failed, usage, dead_letters}},
      {"query", {done, failed, usage, unreachable}},
      {"history", {done, failed, usage, unreachable}},
      {"demo", {done, failed, usage}},
      {"completions", {done, failed, usage}},
      {"man", {done, failed, usage}},
  };
  return ends;
}

// CLI11's words for it are its own.
constexpr const char* kHelpOfHelp = "Print this help and exit";

void add_options(const CLI::App& app, const OptionVariables& variables, CommandDoc& doc,
                 OptionSection& section, OptionSection& common) {
  const bool is_group = app.get_name().empty();
  for (const CLI::Option* option : app.get_options()) {
    if (is_group && option == app.get_help_ptr()) continue;  // The command's own is enough.
    OptionDoc described = describe_option(*option, variables);
    if (option == app.get_help_ptr()) described.help = kHelpOfHelp;
    if (option->get_positional()) {
      doc.positionals.push_back(std::move(described));
    } else {
      const bool is_common = option == app.get_help_ptr() || option->get_group() == kCommonGroup;
      (is_common ? common : section).options.push_back(std::move(described));
    }
  }
}

std::vector<ExitCode> all_exit_codes() {
  std::vector<ExitCode> codes;
  for (const ExitCodeMeaning& row : kExitCodes) codes.push_back(row.code);
  return codes;
}

CommandDoc describe_command(const CLI::App& app, const OptionVariables& variables,
                            const std::string& above) {
  CommandDoc doc;
  doc.name = app.get_name();
  doc.words = above.empty() ? doc.name : above + " " + doc.name;
  doc.help = app.get_description();
  OptionSection own{.heading = "Options", .options = {}};
  OptionSection common{.heading = "Common options", .options = {}};
  add_options(app, variables, doc, own, common);
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_name().empty()) {
      doc.commands.push_back(describe_command(*sub, variables, doc.words));
      continue;
    }
    OptionSection group{.heading = sub->get_description(),
                        .one_of_them = sub->get_require_option_min() == 1,
                        .options = {}};
    add_options(*sub, variables, doc, group, common);
    doc.sections.push_back(std::move(group));
  }
  if (!own.options.empty()) doc.sections.push_back(std::move(own));
  // --help comes last.
  std::stable_partition(common.options.begin(), common.options.end(),
                        [](const OptionDoc& option) { return option.name != "--help"; });
  doc.sections.push_back(std::move(common));
  doc.exit_codes = above.empty() ? all_exit_codes()
                                 : exit_codes_of_command(doc.words.substr(doc.words.find(' ') + 1));
  return doc;
}

}  // namespace

std::string CommandDoc::usage() const {
  std::string text = words + " [OPTIONS]";
  for (const OptionDoc& positional : positionals) {
    const std::string form = positional.form + (positional.repeats ? "..." : "");
    text += positional.required ? " " + form : " [" + form + "]";
  }
  return is_leaf() ? text : words + " COMMAND [OPTIONS]";
}

const OptionDoc* CommandDoc::find_option(const std::string& option) const {
  for (const OptionSection& section : sections)
    for (const OptionDoc& candidate : section.options)
      if (candidate.name == option || (!option.empty() && candidate.short_name == option))
        return &candidate;
  return nullptr;
}

const CommandDoc* CommandDoc::find(const std::vector<std::string>& names) const {
  const CommandDoc* at = this;
  for (const std::string& wanted : names) {
    const auto next =
        std::find_if(at->commands.begin(), at->commands.end(),
                     [&](const CommandDoc& command) { return command.name == wanted; });
    if (next == at->commands.end()) return nullptr;
    at = &*next;
  }
  return at;
}

std::vector<ExitCode> exit_codes_of_command(const std::string& words) {
  for (const CommandEnds& ends : command_ends())
    if (ends.words == words) return ends.codes;
  return {};
}

CommandDoc describe(const CLI::App& app, const OptionVariables& variables) {
  return describe_command(app, variables, "");
}

}  // namespace turntable
