#include "decode/field_census.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "sql/identifiers.h"

namespace turntable {
namespace {

constexpr size_t kNamesSaid = 8;
constexpr size_t kNameBytesSaid = 40;
constexpr size_t kFieldsSaid = 10;  // One warning each.

std::optional<std::string> found_by_case(std::string_view name,
                                         std::span<const std::string> others) {
  const auto found = std::find_if(others.begin(), others.end(), [name](const std::string& other) {
    return same_but_for_case(name, other);
  });
  return found == others.end() ? std::nullopt : std::optional(*found);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// As SQL writes it, with its quotes doubled.
std::string in_quotes(std::string_view name) {
  std::string out = "\"";
  for (const char c : printable(name, kNameBytesSaid)) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

// ` Did you mean "user-id"?`, or nothing.
std::string near_name(std::string_view name, std::span<const std::string> others) {
  const auto near = nearest(name, others);
  if (!near) return "";
  return fmt::format(" Did you mean {}?{}", in_quotes(*near),
                     sql::sql_identifier(*near) != *near ? " It needs the double quotes." : "");
}

std::string list_of(std::span<const std::string> names) {
  std::string out;
  for (size_t i = 0; i < std::min(names.size(), kNamesSaid); ++i)
    out += (i == 0 ? "" : ", ") + printable(names[i], kNameBytesSaid);
  return names.size() > kNamesSaid ? out + ", …" : out;
}

}  // namespace

bool same_but_for_case(std::string_view name, std::string_view other) {
  return std::equal(name.begin(), name.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

FieldCensus merged(std::span<const FieldCensus> parts) {
  FieldCensus sum;
  for (const FieldCensus& part : parts) {
    if (part.records == 0) continue;
    if (sum.records == 0) {
      sum.absent = part.absent;
    } else {
      std::erase_if(sum.absent, [&](const std::string& name) {
        return std::find(part.absent.begin(), part.absent.end(), name) == part.absent.end();
      });
    }
    sum.records += part.records;
    for (const std::string& name : part.others)
      if (std::find(sum.others.begin(), sum.others.end(), name) == sum.others.end())
        sum.others.push_back(name);
  }
  return sum;
}

std::vector<std::string> warnings_of(const FieldCensus& census, std::string_view table) {
  std::vector<std::string> warnings;
  if (census.records == 0) return warnings;
  for (const std::string& name : census.absent) {
    if (warnings.size() == kFieldsSaid) {
      warnings.back() += fmt::format(" ({} more of its fields were in no record)",
                                     census.absent.size() - kFieldsSaid);
      break;
    }
    std::string sentence = fmt::format("no record of {} had the field {} in {} records",
                                       printable(table), in_quotes(name), grouped(census.records));
    if (const auto same = found_by_case(name, census.others)) {
      sentence += fmt::format(", but they have {0}: write {0} in double quotes in CREATE TABLE {1}",
                              in_quotes(*same), printable(table));
    } else {
      const std::string near = near_name(name, census.others);
      sentence += near.empty() ? ": its column is NULL" : "." + near;
    }
    warnings.push_back(std::move(sentence));
  }
  return warnings;
}

std::string near_field(std::string_view name, std::span<const std::string> others) {
  if (const auto same = found_by_case(name, others))
    return fmt::format(" There is {}: write it in double quotes in CREATE TABLE.",
                       in_quotes(*same));
  return near_name(name, others);
}

std::string none_of_declared(std::span<const std::string> declared,
                             std::span<const std::string> found) {
  std::string text =
      fmt::format("The event has none of the declared fields ({}). It has {}.", list_of(declared),
                  found.empty() ? "no fields" : "only " + list_of(found));
  for (const std::string& name : declared)
    if (const auto same = found_by_case(name, found))
      return text + fmt::format(" Write {} in double quotes in CREATE TABLE.", in_quotes(*same));
  return text;
}

}  // namespace turntable
