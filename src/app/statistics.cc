#include "app/statistics.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"

namespace turntable {
namespace {

double seconds_between(SteadyTime from, SteadyTime to) {
  return std::max(0.0, std::chrono::duration<double>(to - from).count());
}

}  // namespace

Statistics collect_statistics(const std::vector<const Lane*>& lanes, SteadyTime process_start) {
  Statistics statistics;
  std::optional<SteadyTime> first_poll, first_record, last_outcome;
  for (const Lane* lane : lanes) {
    statistics.counts += lane->counts();
    statistics.in_flight += lane->in_flight();
    statistics.lost += static_cast<uint64_t>(lane->lost());
    const LaneTimes& times = lane->times();
    if (times.first_poll && (!first_poll || *times.first_poll < *first_poll))
      first_poll = times.first_poll;
    if (times.first_record && (!first_record || *times.first_record < *first_record))
      first_record = times.first_record;
    if (times.last_outcome && (!last_outcome || *times.last_outcome > *last_outcome))
      last_outcome = times.last_outcome;
    for (const auto& [partition, position] : lane->positions()) {
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

Status write_statistics(const Statistics& statistics, const std::string& path) {
  const Counts& counts = statistics.counts;
  std::string offsets;
  for (const auto& [partition, offset] : statistics.positions)
    offsets += fmt::format("{}\"{}\": {}", offsets.empty() ? "" : ", ", partition, offset);
  const std::string json = fmt::format(
      "{{\"consumed\": {}, \"written\": {}, \"filtered\": {}, \"unmatched\": {}, \"rejected\": {}, "
      "\"returned\": {}, \"dead_lettered\": {}, \"lost\": {}, \"startup_seconds\": {:.6f}, "
      "\"seconds\": {:.6f}, \"offsets\": {{{}}}}}\n",
      counts.consumed, counts.written, counts.filtered, counts.unmatched, counts.rejected,
      counts.returned, counts.dead_lettered, statistics.lost, statistics.startup_seconds,
      statistics.seconds, offsets);

  // A pipe or a device is written to; only a file is replaced.
  struct stat info {};
  const bool replace = ::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
  const std::string target = replace ? fmt::format("{}.{}.tmp", path, ::getpid()) : path;
  std::FILE* file = std::fopen(target.c_str(), "w");
  if (file == nullptr)
    return fail(ErrorKind::failed,
                fmt::format("cannot write the statistics to {}: {}", path, std::strerror(errno)));
  const bool written = std::fputs(json.c_str(), file) >= 0;
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed || (replace && std::rename(target.c_str(), path.c_str()) != 0)) {
    const int cause = errno;
    if (replace) ::unlink(target.c_str());
    return fail(ErrorKind::failed,
                fmt::format("cannot write the statistics to {}: {}", path, std::strerror(cause)));
  }
  return {};
}

std::string verdict(const Statistics& statistics, const std::string& dead_letters,
                    const std::string& word) {
  const Counts& counts = statistics.counts;
  std::string line = fmt::format(
      "{}: {} consumed = {} written + {} filtered + {} unmatched + {} rejected + {} returned", word,
      grouped(counts.consumed), grouped(counts.written), grouped(counts.filtered),
      grouped(counts.unmatched), grouped(counts.rejected), grouped(counts.returned));
  if (statistics.in_flight > 0)
    line += fmt::format(" + {} in flight", grouped(statistics.in_flight));
  if (counts.dead_lettered > 0)
    line += fmt::format("; {} dead letters in {}", grouped(counts.dead_lettered), dead_letters);
  if (statistics.lost > 0)
    line += fmt::format("; {} records LOST to retention before they were read",
                        grouped(statistics.lost));
  const double rate =
      statistics.seconds > 0 ? static_cast<double>(counts.consumed) / statistics.seconds : 0;
  line += fmt::format("; {:.1f} s, {} records/s", statistics.seconds,
                      grouped(static_cast<uint64_t>(rate)));
  return line;
}

}  // namespace turntable
