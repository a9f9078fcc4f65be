#include "cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/help_text.h"
#include "cli/manual_text.h"

namespace turntable {
namespace {

// A page is the same whenever it is printed.
constexpr const char* kPageDate = "2026-12-01";

// Text of roff: no escape, no hyphen that is broken at, no line that begins with a request.
std::string roff(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  if (!escaped.empty() && (escaped[0] == '.' || escaped[0] == '\'')) escaped.insert(0, "\\&");
  return escaped;
}

// Sentences begin on lines of their own, as roff wants them, and long ones have several.
std::string paragraph(std::string_view text) {
  constexpr size_t kSourceColumns = 64;  // Escapes come on top.
  std::string lines;
  const auto add = [&lines](std::string_view sentence) {
    for (const std::string& line : wrapped(sentence, kSourceColumns)) lines += roff(line) + "\n";
  };
  size_t begin = 0;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if ((text[i] != '.' && text[i] != '?') || text[i + 1] != ' ') continue;
    add(text.substr(begin, i + 1 - begin));
    begin = i + 2;
  }
  add(text.substr(begin));
  return lines;
}

// An argument of a macro.
std::string macro_argument(const std::string& text) {
  std::string out = "\"";
  for (const char c : roff(text)) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

void append_synopsis(std::string& page, const CommandDoc& command) {
  if (command.is_leaf()) {
    page += fmt::format(".B {}\n", roff(command.words));
    const std::string usage = command.usage().substr(command.words.size() + 1);
    page += roff(usage) + "\n.br\n";
    return;
  }
  if (command.name == command.words) {
    page += fmt::format(".B {}\n{}\n.br\n", roff(command.words), roff("COMMAND [OPTIONS]"));
    return;
  }
  for (const CommandDoc& sub : command.commands) append_synopsis(page, sub);
}

void append_entry(std::string& page, const std::string& term, const std::string& help) {
  page += fmt::format(".TP\n.B {}\n{}", macro_argument(term), paragraph(help + "."));
}

void append_options(std::string& page, const CommandDoc& command, bool common) {
  if (!common)
    for (const OptionDoc& positional : command.positionals)
      append_entry(page, positional.form, positional.help);
  for (const OptionSection& section : command.sections) {
    if ((section.heading == kCommonGroup) != common) continue;
    if (section.one_of_them) {
      const bool first = page.ends_with(".SH OPTIONS\n");
      page += (first ? "" : ".PP\n") + paragraph(section.heading + ", exactly one of these:");
    }
    for (const OptionDoc& option : section.options)
      append_entry(page, option_words(option), option_help(option));
  }
}

void append_exit_codes(std::string& page, const std::vector<ExitCode>& codes) {
  page += ".SH EXIT STATUS\n";
  for (const ExitCodeMeaning& row : kExitCodes) {
    if (std::find(codes.begin(), codes.end(), row.code) == codes.end()) continue;
    page += fmt::format(
        ".TP\n.B {}\n{}", static_cast<int>(row.code),
        paragraph(row.code == ExitCode::done ? std::string(row.meaning)
                                             : fmt::format("{} {}", row.meaning, row.what_to_do)));
  }
}

void collect_variables(const CommandDoc& command,
                       std::vector<std::pair<std::string, std::string>>& found) {
  for (const OptionSection& section : command.sections) {
    for (const OptionDoc& option : section.options) {
      if (option.variable.empty()) continue;
      const auto known = std::find_if(found.begin(), found.end(), [&](const auto& one) {
        return one.first == option.variable;
      });
      if (known == found.end())
        found.emplace_back(option.variable, fmt::format("Stands in for {}", option.name));
    }
  }
  for (const CommandDoc& sub : command.commands) collect_variables(sub, found);
}

void append_variables(std::string& page, const CommandDoc& command) {
  std::vector<std::pair<std::string, std::string>> variables;
  collect_variables(command, variables);
  std::sort(variables.begin(), variables.end());
  page += ".SH ENVIRONMENT\n";
  page += paragraph(
      "An option on the command line counts before its variable, and that before its default. A "
      "variable that is empty is not set.");
  for (const auto& [name, help] : variables) append_entry(page, name, help);
  append_entry(page, "NO_COLOR", "If it is set and not empty, nothing is coloured");
}

void append_text(std::string& page, const ManualText& text) {
  bool first = true;
  for (const std::string_view one : text.paragraphs) {
    if (!first) page += ".PP\n";
    page += paragraph(one);
    first = false;
  }
}

void append_examples(std::string& page, const ManualText& text) {
  if (text.examples.empty()) return;
  page += ".SH EXAMPLES\n";
  bool first = true;
  for (const ManualExample& example : text.examples) {
    if (!first) page += ".PP\n";
    page += paragraph(example.what);
    page += fmt::format(".PP\n.RS 4\n.nf\n{}\n.fi\n.RE\n", roff(example.command));
    first = false;
  }
}

}  // namespace

std::string page_name(const CommandDoc& command) {
  std::string name = command.words;
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string man_page(const CommandDoc& command, const CommandDoc& root) {
  const bool is_root = &command == &root;
  const std::string name = page_name(command);
  std::string title = name;
  std::transform(title.begin(), title.end(), title.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  const ManualText& text = manual_text(command.words);
  std::string page = fmt::format(".TH {} 1 {} \"Turntable\" \"User Commands\"\n",
                                 macro_argument(title), kPageDate);
  page += ".SH NAME\n" + paragraph(name + " - " + command.help);
  page += ".SH SYNOPSIS\n";
  append_synopsis(page, command);
  page.erase(page.size() - 4);  // The last .br.
  page += ".SH DESCRIPTION\n";
  append_text(page, text);
  if (!command.is_leaf()) {
    page += ".SH COMMANDS\n";
    for (const CommandDoc& sub : command.commands)
      append_entry(page, is_root ? fmt::format("{}(1)", page_name(sub)) : sub.name, sub.help);
  }
  page += ".SH OPTIONS\n";
  append_options(page, command, false);
  if (!is_root) {
    for (const CommandDoc& sub : command.commands) {
      page += fmt::format(".SS {}\n", roff(sub.words));
      append_options(page, sub, false);
    }
    if (!command.is_leaf()) page += ".SS Common options\n";
  }
  append_options(page, command, true);
  append_variables(page, command);
  std::vector<ExitCode> codes = command.exit_codes;
  for (const CommandDoc& sub : command.commands)
    codes.insert(codes.end(), sub.exit_codes.begin(), sub.exit_codes.end());
  append_exit_codes(page, codes);
  append_examples(page, text);
  page += ".SH SEE ALSO\n";
  std::vector<std::string> pages;
  if (!is_root) pages.push_back(page_name(root));
  for (const CommandDoc& other : root.commands)
    if (&other != &command) pages.push_back(page_name(other));
  for (const std::string& other : pages)
    page += fmt::format(".BR {} (1){}\n", roff(other), &other == &pages.back() ? "" : ",");
  return page;
}

}  // namespace turntable
