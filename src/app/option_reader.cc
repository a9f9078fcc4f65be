#include "app/option_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "base/secret.h"
#include "base/text.h"
#include "sql/identifiers.h"

namespace turntable {
namespace {

// A whole number and the letters behind it.
struct Quantity {
  uint64_t number = 0;
  std::string_view unit;
};

std::optional<Quantity> parse_quantity(std::string_view text) {
  text = trim(text);
  Quantity quantity;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), quantity.number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  quantity.unit = trim(text.substr(static_cast<size_t>(end - text.data())));
  return quantity;
}

std::optional<uint64_t> times(uint64_t number, uint64_t factor) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(number, factor, &product)) return std::nullopt;
  return product;
}

}  // namespace

std::optional<Millis> parse_duration(std::string_view text, Millis most) {
  static constexpr std::pair<std::string_view, uint64_t> kUnits[] = {
      {"ms", 1}, {"s", 1000}, {"min", 60'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  const auto quantity = parse_quantity(text);
  if (!quantity) return std::nullopt;
  if (quantity->unit.empty() && quantity->number == 0) return Millis(0);
  for (const auto& [unit, millis] : kUnits) {
    if (quantity->unit != unit) continue;
    const auto total = times(quantity->number, millis);
    if (!total || *total > static_cast<uint64_t>(most.count())) return std::nullopt;
    return Millis(*total);
  }
  return std::nullopt;
}

std::string path_fault(std::string_view path) {
  if (path.starts_with("~/"))
    return fmt::format("only a shell knows what ~ is, write '${{HOME}}/{}'",
                       printable(path.substr(2)));
  if (path.find("://") != std::string_view::npos)
    return "it is an address, and a file's path is expected: fetch it first";
  return "";
}

std::string duration_text(Millis duration) {
  const auto millis = duration.count();
  return millis % 1000 == 0 ? fmt::format("{}s", millis / 1000) : fmt::format("{}ms", millis);
}

std::string bytes_text(uint64_t bytes) {
  constexpr uint64_t kMiB = uint64_t{1} << 20;
  return bytes % kMiB == 0 && bytes > 0 ? fmt::format("{}MiB", bytes / kMiB)
                                        : fmt::format("{}", bytes);
}

const sql::Option* OptionReader::find(const std::string& name, const std::string& otherwise) {
  known_.insert(name);
  if (table_.asked != nullptr) table_.asked->emplace(name, otherwise);
  return table_.find(name);
}

void OptionReader::counts(const std::string& name, const std::string& value) {
  if (table_.asked != nullptr) (*table_.asked)[name] = value;
}

void OptionReader::fault(const std::string& name, const std::string& message) {
  const sql::Option* option = table_.find(name);
  if (option != nullptr && option->from_command_line) {
    // What is set for a command that has no pipeline belongs to no table.
    const std::string table = table_.name.empty() ? "" : table_.name + ".";
    faults_.add({}, fmt::format("--set {}{}: {}", table, name, message));
  } else {
    faults_.add(option != nullptr ? option->at : table_.at, message);
  }
}

std::string OptionReader::required(const std::string& name) {
  const sql::Option* option = find(name, "");
  if (option == nullptr) {
    const std::string connector = table_.value("connector");
    fault(name,
          fmt::format("table {} needs the option {}{}", table_.name, name,
                      connector.empty() ? "" : fmt::format(" for its connector '{}'", connector)));
  } else if (option->value.empty()) {
    fault(name, fmt::format("the option {} is empty", name));
  }
  return option == nullptr ? "" : option->value;
}

std::string OptionReader::path(const std::string& name) {
  std::string value = required(name);
  if (const std::string why = path_fault(value); !why.empty())
    fault(name, fmt::format("{} cannot be '{}': {}", name, printable(value), why));
  return value;
}

std::string OptionReader::text(const std::string& name, const std::string& otherwise) {
  const sql::Option* option = find(name, otherwise);
  return option == nullptr ? otherwise : option->value;
}

std::string OptionReader::choice(const std::string& name, std::vector<std::string> choices) {
  const std::string value = text(name, choices.front());
  for (const std::string& choice : choices)
    if (choice == value) return value;
  fault(name, fmt::format("{} cannot be '{}', expected '{}'.{}", name, printable(value),
                          fmt::join(choices, "' or '"), did_you_mean(value, choices)));
  return "";
}

uint64_t OptionReader::number(const std::string& name, uint64_t otherwise, uint64_t least,
                              uint64_t most) {
  const sql::Option* option = find(name, fmt::format("{}", otherwise));
  if (option == nullptr) return otherwise;
  const auto quantity = parse_quantity(option->value);
  if (quantity && quantity->unit.empty() && quantity->number >= least && quantity->number <= most)
    return quantity->number;
  fault(name, fmt::format("{} cannot be '{}', expected a whole number from {} to {}", name,
                          printable(option->value), least, most));
  return otherwise;
}

Millis OptionReader::duration(const std::string& name, Millis otherwise) {
  const sql::Option* option = find(name, duration_text(otherwise));
  if (option == nullptr) return otherwise;
  if (const auto parsed = parse_duration(option->value)) return *parsed;
  fault(name, fmt::format(
                  "{} cannot be '{}', expected a time such as '250ms', '30s', '5min', '12h', '7d' "
                  "or '0', 366 days at most",
                  name, printable(option->value)));
  return otherwise;
}

uint64_t OptionReader::bytes(const std::string& name, uint64_t otherwise, uint64_t most) {
  static constexpr std::pair<std::string_view, uint64_t> kUnits[] = {
      {"", 1},         {"b", 1},         {"kb", 1000},       {"kib", 1024},
      {"mb", 1000000}, {"mib", 1048576}, {"gb", 1000000000}, {"gib", 1073741824}};
  const sql::Option* option = find(name, bytes_text(otherwise));
  if (option == nullptr) return otherwise;
  if (const auto quantity = parse_quantity(option->value)) {
    for (const auto& [unit, factor] : kUnits) {
      if (lowercase(quantity->unit) != unit) continue;
      const auto total = times(quantity->number, factor);
      if (total && *total > 0 && *total <= most) return *total;
    }
  }
  fault(name, fmt::format("{} cannot be '{}', expected a size such as '8MiB' or '500000', {} bytes "
                          "at most",
                          name, printable(option->value), grouped(most)));
  return otherwise;
}

double OptionReader::ratio(const std::string& name, double otherwise) {
  const sql::Option* option = find(name, fmt::format("{}", otherwise));
  if (option == nullptr) return otherwise;
  double value = 0;
  if (read_number(option->value, value) && value >= 0 && value <= 1) return value;
  fault(name, fmt::format("{} cannot be '{}', expected a number from 0 to 1", name,
                          printable(option->value)));
  return otherwise;
}

std::string OptionReader::secret(const std::string& name) {
  const sql::Option* option = find(name, "");
  return option == nullptr ? "" : unveiled(*option);
}

std::string OptionReader::unveiled(const sql::Option& option) {
  constexpr std::string_view kFile = "file:";
  if (!option.value.starts_with(kFile) || files_ == OptionFiles::unread) return option.value;
  const std::string path = option.value.substr(kFile.size());
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kSecretBytesLimit + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (!file.is_open() || file.bad() || text.empty()) {
    const int cause = errno;
    fault(option.name,
          fmt::format("the file {} of the option {} cannot be read: {}", printable(path),
                      option.name, cause == 0 ? "it is empty" : std::strerror(cause)));
  } else if (text.size() > kSecretBytesLimit) {
    fault(option.name,
          fmt::format("the file {} of the option {} is larger than {} bytes: is it a secret?",
                      printable(path), option.name, grouped(kSecretBytesLimit)));
  } else if (text.find('\0') != std::string::npos) {
    // The libraries behind would take it for the end.
    fault(option.name, fmt::format("the file {} of the option {} has a NUL byte in it",
                                   printable(path), option.name));
  }
  return text;
}

std::map<std::string, std::string> OptionReader::dotted() {
  std::map<std::string, std::string> found;
  for (const sql::Option& option : table_.options) {
    if (option.name.find('.') == std::string::npos) continue;
    (void)find(option.name, "");
    found[option.name] = is_secret(option.name) ? unveiled(option) : option.value;
  }
  return found;
}

std::string OptionReader::did_you_mean_option(const std::string& name,
                                              std::span<const std::string> candidates) const {
  const sql::Option* option = table_.find(name);
  return option != nullptr && option->from_command_line ? did_you_mean(name, candidates)
                                                        : sql::did_you_mean_name(name, candidates);
}

void OptionReader::finish() {
  const sql::Option* connector = table_.find("connector");
  const bool connector_changed = connector != nullptr && connector->from_command_line;
  std::vector<std::string> names(known_.begin(), known_.end());
  names.insert(names.end(), suggested_.begin(), suggested_.end());
  for (const sql::Option& option : table_.options) {
    if (known_.contains(option.name) || (connector_changed && !option.from_command_line)) continue;
    fault(option.name,
          fmt::format("the connector '{}' has no option '{}'.{}", table_.value("connector"),
                      printable(option.name), did_you_mean_option(option.name, names)));
  }
}

}  // namespace turntable
