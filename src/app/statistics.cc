#include "app/statistics.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"
#include "enrich/nearest_keys.h"

namespace turntable {
namespace {

// "8 written + 0 filtered + 1 unmatched + 1 rejected + 0 returned", and what is in flight.
std::string outcomes_text(const Counts& counts, uint64_t in_flight) {
  const std::string tombstones =
      counts.tombstones > 0 ? fmt::format("{} tombstones + ", grouped(counts.tombstones)) : "";
  const std::string deleted =
      counts.deleted > 0 ? fmt::format("{} deleted + ", grouped(counts.deleted)) : "";
  std::string text =
      fmt::format("{} written + {}{} filtered + {}{} unmatched + {} rejected + {} returned",
                  grouped(counts.written), deleted, grouped(counts.filtered), tombstones,
                  grouped(counts.unmatched), grouped(counts.rejected), grouped(counts.returned));
  if (in_flight > 0) text += fmt::format(" + {} in flight", grouped(in_flight));
  return text;
}

std::string outcomes_json(const Counts& counts) {
  return fmt::format(
      "\"consumed\": {}, \"written\": {}, \"deleted\": {}, \"filtered\": {}, \"tombstones\": {}, "
      "\"unmatched\": {}, "
      "\"rejected\": {}, "
      "\"returned\": {}, \"dead_lettered\": {}",
      counts.consumed, counts.written, counts.deleted, counts.filtered, counts.tombstones,
      counts.unmatched, counts.rejected, counts.returned, counts.dead_lettered);
}

// "name = 'x' (3), name = 'y' (1)".
std::string most_missed_text(const MissedKeys& missed) {
  std::string text;
  for (const auto& [key, count] : missed.most(kMissedKeysShown))
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", printable(key), grouped(count));
  return text;
}

std::string most_missed_json(const MissedKeys& missed) {
  std::string json;
  for (const auto& [key, count] : missed.most(kMissedKeysShown))
    json += fmt::format("{}{{\"key\": {}, \"count\": {}}}", json.empty() ? "" : ", ",
                        json_quote(key), count);
  return json;
}

// A pipe or a device is written to; only a file is replaced, by one that is written beside it.
bool is_replaced(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
}

std::string beside(const std::string& path) {
  return fmt::format("{}.{}.tmp", path, ::getpid());
}

double seconds_between(SteadyTime from, SteadyTime to) {
  return std::max(0.0, std::chrono::duration<double>(to - from).count());
}

}  // namespace

bool Statistics::adds_up() const {
  return counts.consumed == counts.ended() + in_flight &&
         std::all_of(tables.begin(), tables.end(), [](const TableStatistics& table) {
           return table.counts.consumed == table.counts.ended() + table.in_flight;
         });
}

Statistics collect_statistics(const std::vector<const Lane*>& lanes,
                              const std::vector<std::string>& names, SteadyTime process_start) {
  Statistics statistics;
  for (const std::string& name : names) statistics.tables.push_back({.name = name, .counts = {}});
  std::optional<SteadyTime> first_poll, first_record, last_outcome;
  for (const Lane* lane : lanes) {
    const LaneFigures figures = lane->figures();
    statistics.counts += figures.counts;
    statistics.in_flight += figures.in_flight;
    for (const auto& [lookup, missed] : figures.details->missed_keys)
      statistics.missed_keys[lookup].add(missed);
    for (size_t insert = 0; insert < names.size(); ++insert) {
      statistics.tables[insert].counts += figures.inserts[insert].counts;
      statistics.tables[insert].in_flight += figures.inserts[insert].in_flight;
    }
    statistics.lost += static_cast<uint64_t>(figures.lost);
    const LaneTimes& times = figures.times;
    if (times.first_poll && (!first_poll || *times.first_poll < *first_poll))
      first_poll = times.first_poll;
    if (times.first_record && (!first_record || *times.first_record < *first_record))
      first_record = times.first_record;
    if (times.last_outcome && (!last_outcome || *times.last_outcome > *last_outcome))
      last_outcome = times.last_outcome;
    for (const auto& [partition, position] : figures.details->positions) {
      const auto known = std::find_if(
          statistics.positions.begin(), statistics.positions.end(),
          [partition = partition](const auto& entry) { return entry.first == partition; });
      // A partition that moved between lanes is as far as the later of the two brought it.
      if (known == statistics.positions.end()) {
        statistics.positions.emplace_back(partition, position.next);
      } else {
        known->second = std::max(known->second, position.next);
      }
    }
  }
  std::sort(statistics.positions.begin(), statistics.positions.end());
  if (first_poll) statistics.startup_seconds = seconds_between(process_start, *first_poll);
  if (first_record && last_outcome)
    statistics.seconds = seconds_between(*first_record, *last_outcome);
  return statistics;
}

// "Next to nothing" is less than one record in ten of those that needed the lookup.
void compare_missed_keys(const EnrichPlan& plan, Statistics& statistics) {
  constexpr uint64_t kMissedForEachRow = 9;
  for (const auto& [lookup, missed] : statistics.missed_keys)
    if (missed.total() > kMissedForEachRow * statistics.counts.written)
      statistics.nearest_keys[lookup] = nearest_keys(plan, lookup, missed);
}

Status check_statistics_path(const std::string& path) {
  const auto cannot = [&path](const std::string& why) {
    return fail(ErrorKind::usage,
                fmt::format("--stats-json: cannot write to '{}': {}", printable(path, 4096), why));
  };
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return cannot("it is a directory");
  if (path.ends_with('/')) return cannot("it is no file's path");
  if (!is_replaced(path)) {
    // It is not opened: a pipe would wait for its reader, or end it.
    if (S_ISSOCK(info.st_mode)) return cannot("it is a socket");
    return ::access(path.c_str(), W_OK) == 0 ? Status() : cannot(std::strerror(errno));
  }
  const std::string target = beside(path);
  const int file = ::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  // There may be room at the end.
  if (file < 0 && (errno == ENOSPC || errno == EDQUOT)) return {};
  if (file < 0) return cannot(std::strerror(errno));
  ::close(file);
  ::unlink(target.c_str());
  return {};
}

Status write_statistics(const Statistics& statistics, const std::string& path) {
  std::string offsets;
  for (const auto& [partition, offset] : statistics.positions)
    offsets += fmt::format("{}\"{}\": {}", offsets.empty() ? "" : ", ", partition, offset);
  std::string tables;
  for (const TableStatistics& table : statistics.tables)
    tables += fmt::format("{}{}: {{{}, \"in_flight\": {}}}", tables.empty() ? "" : ", ",
                          json_quote(table.name), outcomes_json(table.counts), table.in_flight);
  std::string lookups;
  for (const auto& [lookup, missed] : statistics.missed_keys)
    lookups +=
        fmt::format("{}{}: {{\"missed\": {}, \"most_missed\": [{}]}}", lookups.empty() ? "" : ", ",
                    json_quote(lookup), missed.total(), most_missed_json(missed));
  const std::string json = fmt::format(
      "{{{}, \"lost\": {}, \"startup_seconds\": {:.6f}, \"seconds\": {:.6f}, "
      "\"offsets\": {{{}}}, \"tables\": {{{}}}, \"lookups\": {{{}}}}}\n",
      outcomes_json(statistics.counts), statistics.lost, statistics.startup_seconds,
      statistics.seconds, offsets, tables, lookups);

  const bool replace = is_replaced(path);
  const std::string target = replace ? beside(path) : path;
  std::FILE* file = std::fopen(target.c_str(), "w");
  if (file == nullptr)
    return fail(ErrorKind::failed, fmt::format("cannot write the statistics to {}: {}",
                                               printable(path, 4096), std::strerror(errno)));
  const bool written = std::fputs(json.c_str(), file) >= 0;
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed || (replace && std::rename(target.c_str(), path.c_str()) != 0)) {
    const int cause = errno;
    if (replace) ::unlink(target.c_str());
    return fail(ErrorKind::failed, fmt::format("cannot write the statistics to {}: {}",
                                               printable(path, 4096), std::strerror(cause)));
  }
  return {};
}

namespace {

std::string details_text(const Statistics& statistics) {
  std::string text;
  if (statistics.tables.size() > 1)
    for (const TableStatistics& table : statistics.tables)
      text += fmt::format("  {}: {} = {}\n", printable(table.name), grouped(table.counts.consumed),
                          outcomes_text(table.counts, table.in_flight));
  for (const auto& [lookup, missed] : statistics.missed_keys) {
    if (missed.total() == 0) continue;
    text += fmt::format("  {} has no row for {} record{}: {}\n", printable(lookup),
                        grouped(missed.total()), missed.total() == 1 ? "" : "s",
                        most_missed_text(missed));
    if (const auto near = statistics.nearest_keys.find(lookup);
        near != statistics.nearest_keys.end() && !near->second.empty())
      text += fmt::format("    {}\n", near->second);
  }
  return text;
}

}  // namespace

std::string verdict(const Statistics& statistics, const std::string& dead_letters,
                    const std::string& word) {
  const Counts& counts = statistics.counts;
  std::string line = fmt::format("{}: {} consumed = {}", word, grouped(counts.consumed),
                                 outcomes_text(counts, statistics.in_flight));
  if (counts.dead_lettered > 0)
    line += fmt::format("; {} dead letters in {}", grouped(counts.dead_lettered), dead_letters);
  if (statistics.lost > 0)
    line += fmt::format("; {} records LOST to retention before they were read",
                        grouped(statistics.lost));
  const double rate =
      statistics.seconds > 0 ? static_cast<double>(counts.consumed) / statistics.seconds : 0;
  line += fmt::format("; {:.1f} s, {} records/s", statistics.seconds,
                      grouped(static_cast<uint64_t>(rate)));
  return details_text(statistics) + line;
}

}  // namespace turntable
