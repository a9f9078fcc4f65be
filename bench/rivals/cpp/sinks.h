// Where rows go.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

// The 23 columns. The texts of the play are copies, since a batch of rows outlives its messages; those of
// the song are in the catalogue, which stays.
struct Row {
  int id;
  std::string name;
  std::string song;
  std::string time;
  int hour;
  std::string date;
  std::string_view artists;
  int duration_ms;
  std::string_view album_name;
  std::string_view album_release_date;
  float danceability;
  float energy;
  int musical_key;
  float loudness;
  float mode;
  float speechiness;
  float acousticness;
  float instrumentalness;
  float liveness;
  float valence;
  float tempo;
  int kafka_partition;
  int64_t kafka_offset;
};

class Sink {
 public:
  virtual ~Sink() = default;
  // The rows are written, as durably as the sink does it, when this returns.
  virtual void write(std::span<const Row> rows) = 0;
  // The sum of hour and duration over all rows.
  [[nodiscard]] int64_t checksum() const { return checksum_; }

 protected:
  void add_up(std::span<const Row> rows) {
    for (const Row& row : rows) checksum_ += row.hour + row.duration_ms;
  }

 private:
  int64_t checksum_ = 0;
};

// Forgets what it is given.
std::unique_ptr<Sink> make_null_sink();

// Inserts or replaces rows in the table listening_history of a file, one transaction per batch. Throws std::runtime_error.
std::unique_ptr<Sink> make_sqlite_sink(const std::string& path);
