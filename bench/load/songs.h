// The songs of a made-up catalogue. All that is to know of song number i follows from i, so that
// the catalogue and the plays are made apart from each other and still agree, and so that what a
// pipeline ought to have written is known without a pipeline.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

// SplitMix64's finisher: numbers that look like chance and are the same everywhere.
[[nodiscard]] constexpr uint64_t scattered(uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

// The number as few characters; different for different numbers.
[[nodiscard]] inline std::string short_form(uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string text;
  do {
    text.insert(text.begin(), kDigits[number % kDigits.size()]);
    number /= kDigits.size();
  } while (number > 0);
  return text;
}

// A title as long as those of the report's catalogue (17 bytes on average), unique. As there, some
// have a quotation mark, and some a letter that is not ASCII.
[[nodiscard]] inline std::string song_name(uint64_t song) {
  constexpr std::array<std::string_view, 16> kFirst{
      "Golden", "Silent", "Midnight", "Broken", "Electric", "Summer", "Lost",  "Crystal",
      "Wild",   "Empty",  "Northern", "Paper",  "Burning",  "Velvet", "Final", "Hollow"};
  constexpr std::array<std::string_view, 16> kSecond{
      "River", "Heart", "City", "Dream", "Light",  "Road",  "Garden", "Fire",
      "Sea",   "Moon",  "Echo", "Rain",  "Mirror", "Dance", "Shadow", "Café"};
  const uint64_t chance = scattered(song);
  const std::string_view first = kFirst[chance % kFirst.size()];
  const std::string_view second = kSecond[(chance >> 8) % kSecond.size()];
  const std::string number = short_form(song);
  const bool quoted = (chance >> 16) % 256 == 0;
  std::string name(first);
  name += quoted ? " \"" : " ";
  name += second;
  name += quoted ? "\" " : " ";
  name += number;
  return name;
}

// A title that no catalogue has.
[[nodiscard]] inline std::string unknown_song(uint64_t number) {
  return "Unheard of " + short_form(number);
}

[[nodiscard]] inline int64_t duration_ms(uint64_t song) {
  return 120'000 + static_cast<int64_t>(scattered(song ^ 0xd0) % 240'000);
}

}  // namespace bench
