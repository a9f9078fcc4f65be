#include "catalogue.h"

#include <array>
#include <charconv>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace {

// Reads RFC 4180 from a text, row by row.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}

  // False at the end. The fields are reused from row to row.
  bool next(std::vector<std::string>& fields) {
    if (at_ >= text_.size()) return false;
    size_t count = 0;
    do {
      if (count == fields.size()) fields.emplace_back();
      read_field(fields[count++]);
    } while (at_ < text_.size() && text_[at_++] == ',');
    fields.resize(count);
    return true;
  }

 private:
  // Leaves at_ on the comma or on the last character of the line's end.
  void read_field(std::string& field) {
    field.clear();
    if (at_ < text_.size() && text_[at_] == '"') {
      ++at_;
      for (;;) {
        const size_t quote = text_.find('"', at_);
        if (quote == std::string_view::npos) throw std::runtime_error("the catalogue ends inside of quotes");
        field.append(text_.substr(at_, quote - at_));
        at_ = quote + 1;
        if (at_ >= text_.size() || text_[at_] != '"') break;
        field += '"';
        ++at_;
      }
    } else {
      const size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
      field.assign(text_.substr(at_, end - at_));
      at_ = end;
    }
    if (at_ + 1 < text_.size() && text_[at_] == '\r' && text_[at_ + 1] == '\n') ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
};

template <typename Number>
Number number(const std::string& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::runtime_error("the catalogue has '" + text + "' where a number belongs");
  return value;
}

}  // namespace

Catalogue load_catalogue(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream buffer;
  buffer << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read the catalogue " + path);
  const std::string text = std::move(buffer).str();

  CsvReader reader(text);
  std::vector<std::string> fields;
  if (!reader.next(fields)) throw std::runtime_error("the catalogue " + path + " is empty");
  const std::vector<std::string> header = fields;
  const auto column = [&header](std::string_view name) {
    for (size_t i = 0; i < header.size(); ++i)
      if (header[i] == name) return i;
    throw std::runtime_error("the catalogue has no column " + std::string(name));
  };
  constexpr std::array<std::string_view, 16> kNames{
      "name", "artists", "duration_ms", "album_name", "album_release_date", "danceability", "energy", "key",
      "loudness", "mode", "speechiness", "acousticness", "instrumentalness", "liveness", "valence", "tempo"};
  std::array<size_t, 16> at;
  for (size_t i = 0; i < at.size(); ++i) at[i] = column(kNames[i]);

  Catalogue songs;
  while (reader.next(fields)) {
    if (fields.size() != header.size()) throw std::runtime_error("the catalogue has a row of another length");
    const auto real = [&](size_t i) { return number<float>(fields[at[i]]); };
    songs.try_emplace(fields[at[0]],
                      Song{.artists = fields[at[1]],
                           .duration_ms = number<int>(fields[at[2]]),
                           .album_name = fields[at[3]],
                           .album_release_date = fields[at[4]],
                           .danceability = real(5),
                           .energy = real(6),
                           .key = number<int>(fields[at[7]]),
                           .loudness = real(8),
                           .mode = real(9),
                           .speechiness = real(10),
                           .acousticness = real(11),
                           .instrumentalness = real(12),
                           .liveness = real(13),
                           .valence = real(14),
                           .tempo = real(15)});
  }
  return songs;
}
