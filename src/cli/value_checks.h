// What the values of options must be. CLI11's own validators print their insides.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace turntable {

// One of several words. Another one is refused with the word that is nearest to it.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> choices);

// A whole number from `least` to `most`. Without it, CLI11 would take -1 for the largest number.
[[nodiscard]] CLI::Validator whole_number(uint64_t least, uint64_t most = UINT64_MAX);

// Text that can stand in an event or name something: not empty, UTF-8.
[[nodiscard]] CLI::Validator plain_text();

// A number of plays a second.
[[nodiscard]] CLI::Validator not_negative();

// YYYY-MM-DD, a day that there is.
[[nodiscard]] CLI::Validator calendar_day();

// A file's name that is not empty.
[[nodiscard]] CLI::Validator file_name();

// Makes `choices` the option's only values: its form in help, its completions and its check.
CLI::Option* take_one_of(CLI::Option* option, const std::vector<std::string>& choices);

}  // namespace turntable
