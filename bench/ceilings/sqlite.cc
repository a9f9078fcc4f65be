// The ceiling of SQLite: a prepared INSERT, bound and stepped for rows that lie ready in memory, in
// transactions of as many rows and with the flags and pragmas that the engine's sink has. The last
// line on standard output is one JSON object.
#include <fmt/format.h>
#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <sstream>

#include "ceilings/rows_file.h"

namespace bench {
namespace {

using std::chrono::steady_clock;

void check(int code, sqlite3* db) {
  if (code == SQLITE_OK || code == SQLITE_DONE) return;
  fmt::print(stderr, "SQLite: {}\n", sqlite3_errmsg(db));
  std::exit(1);
}

uint64_t big_endian(const char* at, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(at[i]);
  return value;
}

enum class Kind { integer, big, real, text };

std::vector<Kind> kinds_of(std::string_view types) {
  std::vector<Kind> kinds;
  std::istringstream words{std::string(types)};
  for (std::string word; words >> word;)
    kinds.push_back(word == "int"      ? Kind::integer
                    : word == "bigint" ? Kind::big
                    : word == "real"   ? Kind::real
                                       : Kind::text);
  return kinds;
}

// Binds a row, and returns where the next one begins.
const char* bind_row(sqlite3_stmt* insert, const std::vector<Kind>& kinds, const char* at) {
  for (size_t i = 0; i < kinds.size(); ++i) {
    const int place = static_cast<int>(i) + 1;
    const auto length = static_cast<int32_t>(big_endian(at, 4));
    at += 4;
    if (length < 0) {
      sqlite3_bind_null(insert, place);
      continue;
    }
    switch (kinds[i]) {
      case Kind::integer:
        sqlite3_bind_int(insert, place, static_cast<int32_t>(big_endian(at, 4)));
        break;
      case Kind::big:
        sqlite3_bind_int64(insert, place, static_cast<int64_t>(big_endian(at, 8)));
        break;
      case Kind::real:
        sqlite3_bind_double(insert, place,
                            std::bit_cast<float>(static_cast<uint32_t>(big_endian(at, 4))));
        break;
      case Kind::text:
        sqlite3_bind_text(insert, place, at, length, SQLITE_STATIC);
        break;
    }
    at += length;
  }
  return at;
}

int insert_all(const std::string& rows_path, const std::string& path) {
  RowsFile file;
  if (!file.load(rows_path)) {
    fmt::print(stderr, "cannot read {}\n", rows_path);
    return 1;
  }
  sqlite3* db = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  check(sqlite3_open_v2(path.c_str(), &db, kFlags, nullptr), db);
  const auto execute = [db](const std::string& sql) {
    check(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), db);
  };
  execute("PRAGMA journal_mode = WAL");
  execute("PRAGMA synchronous = FULL");
  execute("PRAGMA wal_autocheckpoint = 4000");
  execute(std::string(file.definition));
  sqlite3_stmt* insert = nullptr;
  check(sqlite3_prepare_v3(db, file.insert.data(), static_cast<int>(file.insert.size()),
                           SQLITE_PREPARE_PERSISTENT, &insert, nullptr),
        db);
  const std::vector<Kind> kinds = kinds_of(file.types);

  uint64_t rows = 0;
  const auto started = steady_clock::now();
  for (const RowsFile::Request& request : file.requests) {
    execute("BEGIN IMMEDIATE");
    const char* at = request.cells.data();
    for (uint32_t row = 0; row < request.rows; ++row) {
      at = bind_row(insert, kinds, at);
      check(sqlite3_step(insert), db);
      sqlite3_reset(insert);
    }
    execute("COMMIT");
    rows += request.rows;
  }
  const std::chrono::duration<double> seconds = steady_clock::now() - started;
  sqlite3_finalize(insert);
  sqlite3_close(db);
  fmt::print("{{\"consumed\": {}, \"matched\": {}, \"seconds\": {:.6f}, \"startup_seconds\": 0}}\n",
             rows, rows, seconds.count());
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("Inserts recorded rows into an SQLite file.");
  std::string rows;
  std::string path;
  app.add_option("--rows", rows, "what bench_record_rows wrote")->required();
  app.add_option("--path", path, "the SQLite file")->required();
  CLI11_PARSE(app, argc, argv);
  return bench::insert_all(rows, path);
}
