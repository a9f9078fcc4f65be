// What the manual pages say beyond help: a few paragraphs and examples for each command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace turntable {

struct ManualExample {
  std::string_view what;
  std::string_view command;
};

struct ManualText {
  std::string_view words;  // "turntable run"
  std::vector<std::string_view> paragraphs;
  std::vector<ManualExample> examples;
};

// Empty for a command that has none; a test asks that each page has one.
[[nodiscard]] const ManualText& manual_text(std::string_view words);

}  // namespace turntable
