#include "sinks.h"

#include <sqlite3.h>

#include <stdexcept>

namespace {

class NullSink final : public Sink {
 public:
  void write(std::span<const Row> rows) override { add_up(rows); }
};

class SqliteSink final : public Sink {
 public:
  explicit SqliteSink(const std::string& path) {
    check(sqlite3_open(path.c_str(), &db_));
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = FULL");
    run("CREATE TABLE IF NOT EXISTS listening_history (id int, name text, song text, time text, hour int, date text, "
        "artists text, duration_ms int, album_name text, album_release_date text, danceability real, energy real, "
        "musical_key int, loudness real, mode real, speechiness real, acousticness real, instrumentalness real, "
        "liveness real, valence real, tempo real, kafka_partition int, kafka_offset bigint, "
        "PRIMARY KEY (name, date, hour, time, kafka_partition, kafka_offset)) WITHOUT ROWID");
    check(sqlite3_prepare_v3(db_,
                             "INSERT OR REPLACE INTO listening_history "
                             "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                             -1, SQLITE_PREPARE_PERSISTENT, &insert_, nullptr));
  }

  ~SqliteSink() override {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }

  void write(std::span<const Row> rows) override {
    run("BEGIN");
    for (const Row& row : rows) insert(row);
    run("COMMIT");
    add_up(rows);
  }

 private:
  void insert(const Row& row) {
    int at = 0;
    const auto text = [&](std::string_view value) {
      sqlite3_bind_text(insert_, ++at, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    };
    const auto integer = [&](int64_t value) { sqlite3_bind_int64(insert_, ++at, value); };
    const auto real = [&](float value) { sqlite3_bind_double(insert_, ++at, value); };
    integer(row.id);
    text(row.name);
    text(row.song);
    text(row.time);
    integer(row.hour);
    text(row.date);
    text(row.artists);
    integer(row.duration_ms);
    text(row.album_name);
    text(row.album_release_date);
    real(row.danceability);
    real(row.energy);
    integer(row.musical_key);
    real(row.loudness);
    real(row.mode);
    real(row.speechiness);
    real(row.acousticness);
    real(row.instrumentalness);
    real(row.liveness);
    real(row.valence);
    real(row.tempo);
    integer(row.kafka_partition);
    integer(row.kafka_offset);
    const int code = sqlite3_step(insert_);
    if (code != SQLITE_DONE) check(code);
    sqlite3_reset(insert_);
  }

  void run(const char* sql) { check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }

  void check(int code) const {
    if (code != SQLITE_OK) throw std::runtime_error(std::string("SQLite: ") + sqlite3_errmsg(db_));
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace

std::unique_ptr<Sink> make_null_sink() { return std::make_unique<NullSink>(); }

std::unique_ptr<Sink> make_sqlite_sink(const std::string& path) { return std::make_unique<SqliteSink>(path); }
