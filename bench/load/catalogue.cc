// Writes a song catalogue of any size, in the form of the report's: the same columns, fields as
// long. bench_catalogue --rows 1000000 --out songs.csv
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iterator>

#include "load/songs.h"

namespace bench {
namespace {

constexpr std::string_view kHeader =
    R"("name","artists","duration_ms","album_name","album_release_date","danceability","energy","key",)"
    R"("loudness","mode","speechiness","acousticness","instrumentalness","liveness","valence","tempo")"
    "\n";

// RFC 4180: a quotation mark inside a field is doubled.
std::string csv_field(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    out += c;
    if (c == '"') out += c;
  }
  return out + '"';
}

void append_song(fmt::memory_buffer& out, uint64_t song) {
  // Up to 16 digits of chance for each field, from generators of their own.
  const auto chance = [song](uint64_t field, uint64_t bound) {
    return scattered(song * 31 + field) % bound;
  };
  const auto fraction = [&](uint64_t field, uint64_t bound) {
    return static_cast<double>(chance(field, bound)) / static_cast<double>(bound);
  };
  fmt::format_to(std::back_inserter(out), "{},\"Artist {}\",\"{}\",\"The {} album\",",
                 csv_field(song_name(song)), short_form(chance(1, 200'000)), duration_ms(song),
                 short_form(chance(2, 2'000'000)));
  fmt::format_to(std::back_inserter(out), "\"{}-{:02}-{:02}\",\"{:.3f}\",\"{:.3f}\",\"{}\",",
                 1970 + chance(3, 50), 1 + chance(4, 12), 1 + chance(5, 28), fraction(6, 1000),
                 fraction(7, 1000), chance(8, 12));
  fmt::format_to(
      std::back_inserter(out),
      "\"{:.3f}\",\"{}\",\"{:.4f}\",\"{:.5f}\",\"{:.3g}\",\"{:.3f}\",\"{:.3f}\",\"{:.3f}\"\n",
      -30 * fraction(9, 30'000), chance(10, 2), fraction(11, 10'000), fraction(12, 100'000),
      fraction(13, 100'000) / 1000, fraction(14, 1000), fraction(15, 1000),
      60 + 140 * fraction(16, 140'000));
}

int write_catalogue(uint64_t rows, const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    fmt::print(stderr, "cannot write {}\n", path);
    return 1;
  }
  fmt::memory_buffer out;
  out.append(kHeader);
  bool written = true;
  for (uint64_t song = 0; song < rows; ++song) {
    append_song(out, song);
    if (out.size() < (size_t{1} << 20) && song + 1 < rows) continue;
    written = std::fwrite(out.data(), 1, out.size(), file) == out.size() && written;
    out.clear();
  }
  written = std::fclose(file) == 0 && written;
  if (!written) fmt::print(stderr, "cannot write all of {}: is the disk full?\n", path);
  return written ? 0 : 1;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("Writes a made-up song catalogue.");
  uint64_t rows = 100'000;
  std::string out;
  app.add_option("--rows", rows, "songs");
  app.add_option("--out", out, "the CSV file")->required();
  CLI11_PARSE(app, argc, argv);
  return bench::write_catalogue(rows, out);
}
