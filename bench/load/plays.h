// Plays of the songs of a made-up catalogue, as JSON events. The same options give the same plays
// everywhere, and the sums that a pipeline over them must come to.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "load/songs.h"

namespace bench {

struct PlaysOptions {
  uint64_t songs = 100'000;  // Of the catalogue.
  double hit_rate = 1;       // The share of plays whose song is in the catalogue.
  double zipf = 0;  // Song number r in the ranking is played as often as r^-zipf; 0: evenly.
  uint64_t people = 50;
  int64_t start = 1709459400;   // 2024-03-03 09:50 UTC, in seconds since 1970.
  double seconds_per_play = 1;  // On the plays' own clock.
  size_t event_bytes = 0;       // A play is filled up to so many, by a field that nobody reads.
  uint64_t seed = 1;
};

// A JSON string; song names have nothing but quotation marks to escape.
inline void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '\\';
    out += c;
  }
  out += '"';
}

// One thread.
class Plays {
 public:
  explicit Plays(const PlaysOptions& options) : options_(options), engine_(options.seed) {
    if (options.zipf > 0) {
      double sum = 0;
      ranks_.reserve(options.songs);
      for (uint64_t rank = 1; rank <= options.songs; ++rank)
        ranks_.push_back(sum += std::pow(static_cast<double>(rank), -options.zipf));
    }
  }

  // The next play; the view is valid until the next call.
  [[nodiscard]] std::string_view next() { return make(below(100'000), {}); }

  // A play by a person of one's own, at the start of the plays' clock: such plays are one partition
  // of the table. Its song is in the catalogue.
  [[nodiscard]] std::string_view watched(uint64_t id, std::string_view person) {
    return make(id, person);
  }

  // So far: plays that match the catalogue, and the sum over them of hour and duration.
  [[nodiscard]] uint64_t matched() const { return matched_; }
  [[nodiscard]] int64_t checksum() const { return checksum_; }

 private:
  [[nodiscard]] uint64_t below(uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<uint64_t>((static_cast<Wide>(engine_()) * bound) >> 64);
  }
  [[nodiscard]] double fraction() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  [[nodiscard]] uint64_t song() {
    if (ranks_.empty()) return below(options_.songs);
    const double at = fraction() * ranks_.back();
    const auto rank =
        static_cast<uint64_t>(std::upper_bound(ranks_.begin(), ranks_.end(), at) - ranks_.begin());
    // Popular songs are not to be neighbours in memory: a prime strews the ranks over the
    // catalogue.
    return std::min(rank, options_.songs - 1) * 2'654'435'761 % options_.songs;
  }

  [[nodiscard]] std::string_view make(uint64_t id, std::string_view person) {
    const bool watched = !person.empty();
    const bool hit = watched || options_.hit_rate >= 1 || fraction() < options_.hit_rate;
    const uint64_t number = song();
    const auto seconds =
        options_.start +
        (watched ? 0
                 : static_cast<int64_t>(static_cast<double>(plays_) * options_.seconds_per_play));
    json_ = "{\"id\": ";
    json_ += std::to_string(id);
    json_ += ", \"name\": ";
    append_json(json_,
                watched ? std::string(person) : "Listener " + short_form(below(options_.people)));
    json_ += ", \"song\": ";
    append_json(json_, hit ? song_name(number) : unknown_song(number));
    json_ += ", \"time\": \"";
    json_ += time_text(seconds);
    json_ += '"';
    constexpr std::string_view kFiller = ", \"note\": \"";
    const size_t least = json_.size() + kFiller.size() + 2;
    if (options_.event_bytes > least) {
      json_ += kFiller;
      json_.append(options_.event_bytes - least, '.');
      json_ += '"';
    }
    json_ += '}';
    if (hit) {
      ++matched_;
      checksum_ += seconds / 3600 % 24 + duration_ms(number);
    }
    if (!watched) ++plays_;
    return json_;
  }

  [[nodiscard]] const std::string& time_text(int64_t seconds) {
    if (seconds / 60 == minute_) return time_;
    minute_ = seconds / 60;
    const auto time = static_cast<time_t>(seconds);
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[32];
    time_.assign(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts));
    return time_;
  }

  const PlaysOptions options_;
  std::mt19937_64 engine_;
  std::vector<double> ranks_;  // Sums of the weights up to each rank.
  uint64_t plays_ = 0;
  uint64_t matched_ = 0;
  int64_t checksum_ = 0;
  int64_t minute_ = -1;
  std::string time_;
  std::string json_;
};

}  // namespace bench
