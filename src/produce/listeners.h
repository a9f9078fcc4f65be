// People who listen to songs: what the emulator sends. The same seed gives the same plays
// everywhere.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace turntable {

// Numbers from a seed that do not depend on the standard library's distributions, which differ
// between its makers.
class SeededRandom {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  // Below `bound`, evenly but for a part in 2^64. `bound` is not 0.
  [[nodiscard]] uint64_t below(uint64_t bound);

 private:
  std::mt19937_64 engine_;
};

// So many different names, made up of common first and last names; the last one is `last`.
[[nodiscard]] std::vector<std::string> people_names(size_t count, const std::string& last,
                                                    SeededRandom& random);

// The seconds since 1970 of a civil time "YYYY-MM-DD HH:MI", with or without seconds, as if it were
// UTC; formatted again by Listeners it is the same text. An Error of kind usage where it is none.
[[nodiscard]] Result<int64_t> parse_civil_time(std::string_view text);

// One thread. Plays have an id from 0 to 99999, a person, a song and a time.
class Listeners {
 public:
  struct Options {
    std::vector<std::string> people;             // Not empty.
    std::vector<std::string> songs;              // Not empty.
    std::string time_format = "%Y-%m-%d %H:%M";  // strftime's.
    std::optional<int64_t> start_time =
        {};  // Seconds: the plays' own clock starts there, a second a play; else now.
  };
  Listeners(Options options, SeededRandom random, const Clock& clock);

  struct Play {
    std::string_view person;
    std::string_view song;
    std::string_view json;  // {"id": 1, "name": "…", "song": "…", "time": "…"}: UTF-8 as it is.
  };
  // What strftime(3) makes of it; empty where that is more than 255 bytes.
  [[nodiscard]] static std::string time_text(const std::string& format, const std::tm& parts);

  // The next play; views are valid until the next call.
  [[nodiscard]] Play next();

 private:
  void set_time();

  Options options_;
  SeededRandom random_;
  const Clock& clock_;
  std::vector<std::string> quoted_people_;  // As JSON strings, made once.
  std::vector<std::string> quoted_songs_;
  int64_t plays_ = 0;
  int64_t time_of_text_ = -1;
  std::string quoted_time_;
  std::string json_;
};

}  // namespace turntable
