// The emulator of listeners: who plays which song, as JSON events. Plays are a function of the seed alone, on every
// machine: the generator is std::mt19937_64, whose output the standard fixes, and the distributions are our own.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace turntable {

// A number below `limit`, from a stream of 64-bit numbers: Lemire's multiply-and-shift, whose bias at these sizes is nil
// (https://arxiv.org/abs/1805.10941).
[[nodiscard]] inline uint64_t below(std::mt19937_64& random, uint64_t limit) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(random()) * limit) >> 64);
}

// `count` different names; the last one is `own`. The same seed gives the same names.
[[nodiscard]] std::vector<std::string> make_names(size_t count, const std::string& own, std::mt19937_64& random);

// One thread. Nothing is allocated per play in the steady state.
class Listeners {
 public:
  // Neither may be empty.
  Listeners(const std::vector<std::string>& names, const std::vector<std::string>& songs, std::mt19937_64 random);

  struct Play {
    std::string_view json;  // {"id": 51, "name": "…", "song": "…", "time": "…"}, valid until the next play.
    std::string_view name;
    std::string_view song;
  };
  // Somebody plays something at `time`, a text.
  [[nodiscard]] Play play(std::string_view time);

 private:
  std::vector<std::string> names_;
  std::vector<std::string> songs_;
  std::vector<std::string> quoted_names_;  // As JSON literals.
  std::vector<std::string> quoted_songs_;
  std::mt19937_64 random_;
  std::string json_;
  std::string quoted_time_;
  std::string last_time_;
};

}  // namespace turntable
