#include "cassandra/option_faults.h"

#include <bridge.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/text.h"

namespace turntable::cassandra {
namespace {

std::string uppercase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// As the bridge knows them. In a fault the one that was meant is named, which the bridge cannot.
std::optional<std::string> consistency_fault(const std::string& given) {
  static const std::vector<std::string> levels{"ONE", "TWO",          "THREE",       "QUORUM",
                                               "ALL", "LOCAL_QUORUM", "EACH_QUORUM", "LOCAL_ONE"};
  const std::string level = uppercase(given);
  if (level.empty() || std::find(levels.begin(), levels.end(), level) != levels.end())
    return std::nullopt;
  if (level == "ANY")
    return "consistency cannot be 'ANY', with which a node acknowledges rows that only it keeps, "
           "as "
           "a hint: 'ONE' is the lowest";
  return fmt::format("consistency cannot be '{}', expected '{}'.{}", printable(given),
                     fmt::join(levels, "' or '"), did_you_mean(level, levels));
}

// What the bridge has against these options alone; the others have their defaults.
std::optional<std::string> refusal(const Options& options) {
  const auto lend = [](const std::string& text) { return bridge_text{text.data(), text.size()}; };
  const bridge_options given{
      .contact_points = lend(options.contact_points),
      .username = {},
      .password = {},
      .ca_file = lend(options.ca_file),
      .certificate_file = lend(options.certificate_file),
      .key_file = lend(options.key_file),
      .consistency = {},
      .local_dc = {},
      .io_threads = 0,
      .request_timeout_ms = 0,
      .connect_timeout_ms = 0,
      .version = {},
  };
  bridge_error error;
  if (bridge_check_options(&given, &error) == 0) return std::nullopt;
  return std::string(error.message, error.length);
}

// A message about a file shows its path, and else begins with the option that is there alone.
std::string option_of(const std::string& fault, const Options& options) {
  const std::pair<const char*, const std::string&> files[] = {
      {"key_file", options.key_file},
      {"certificate_file", options.certificate_file},
      {"ca_file", options.ca_file}};
  for (const auto& [name, path] : files)
    if (fault.starts_with(name)) return name;
  for (const auto& [name, path] : files)
    if (!path.empty() && fault.find("'" + path + "'") != std::string::npos) return name;
  return "ca_file";
}

}  // namespace

std::vector<OptionFault> option_faults(const Options& options, bool with_files) {
  std::vector<OptionFault> faults;
  if (!options.contact_points.empty())
    if (auto fault = refusal({.contact_points = options.contact_points}))
      faults.push_back({"contact_points", std::move(*fault)});
  if (auto fault = consistency_fault(options.consistency))
    faults.push_back({"consistency", std::move(*fault)});
  if (!with_files) return faults;
  if (auto fault = refusal({.contact_points = "localhost",
                            .ca_file = options.ca_file,
                            .certificate_file = options.certificate_file,
                            .key_file = options.key_file}))
    faults.push_back({option_of(*fault, options), std::move(*fault)});
  return faults;
}

}  // namespace turntable::cassandra
