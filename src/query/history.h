// turntable history: the questions of the report about listening histories, answered from one
// reading of the table: what was played last, which songs how often, and how the music was.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/output.h"
#include "base/result.h"
#include "base/stop.h"
#include "cassandra/session.h"
#include "query/row_stream.h"

namespace turntable {

struct HistoryOptions {
  cassandra::Options cassandra;  // Where sqlite_path is empty.
  std::string sqlite_path;
  std::string table = "spotify.listening_history";  // Keyspace and table.
  // Which plays; empty: of all people, of all days, of all hours.
  std::string person;
  std::string date;  // YYYY-MM-DD
  std::optional<int> hour;
  std::string output;  // An HTML file; empty: text on standard output.
  uint32_t page_rows = 5'000;
};

// Different songs, and people, that are counted: their names are held.
inline constexpr size_t kHistoryNamesLimit = 1'000'000;

struct HistoryReport {
  // For the heading.
  std::string table;
  std::string person;
  std::string date;
  std::optional<int> hour;

  struct Play {
    std::string time;
    std::string person;
    std::string song;
    std::string artists;
  };
  struct Counted {
    std::string name;
    uint64_t plays = 0;
  };
  // The mean of those that are not NULL.
  struct Feature {
    std::string name;
    uint64_t count = 0;
    double mean = 0;
    double full = 1;  // The value at which its bar is full.
  };

  uint64_t plays = 0;
  std::vector<Play> latest;  // The newest first.
  uint64_t different_songs = 0;
  std::vector<Counted> songs;  // Those that were played most, the most played first.
  uint64_t different_people = 0;
  std::vector<Counted> people;  // The same.
  std::array<uint64_t, 24> hours{};
  std::vector<Feature> features;
};

// Reads the plays. Errors: of the store, where the table is not there or lacks a column; usage
// where there are more different names than kHistoryNamesLimit.
[[nodiscard]] Result<HistoryReport> gather_history(RowStore& store, const HistoryOptions& options,
                                                   const StopToken& stop);

// "Listening history of Dimitris Tsirmpas on 2024-03-03, 10:00 to 10:59".
[[nodiscard]] std::string history_heading(const HistoryReport& report);

// For a terminal of so many columns.
[[nodiscard]] std::string history_text(const HistoryReport& report, size_t columns, bool colour);

// One page that needs nothing else, and no script.
[[nodiscard]] std::string history_html(const HistoryReport& report);

// Opens the store, reads, and prints to `out` or writes the file, all or nothing.
[[nodiscard]] Status run_history(const HistoryOptions& options, const StopToken& stop, Output& out);

}  // namespace turntable
