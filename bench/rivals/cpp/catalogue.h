// The song catalogue: a CSV file with a header, held in a hash map by name.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

struct Song {
  std::string artists;
  int duration_ms;
  std::string album_name;
  std::string album_release_date;
  float danceability;
  float energy;
  int key;
  float loudness;
  float mode;
  float speechiness;
  float acousticness;
  float instrumentalness;
  float liveness;
  float valence;
  float tempo;
};

// Finds by a view, without making a string of it.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

using Catalogue = std::unordered_map<std::string, Song, TextHash, std::equal_to<>>;

// Of songs with one name, the first counts. Throws std::runtime_error on a file that is not such a catalogue.
Catalogue load_catalogue(const std::string& path);
