#include "query/history.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/progress.h"
#include "base/text.h"
#include "query/cassandra_store.h"
#include "query/output_file.h"
#include "query/query.h"
#include "query/sqlite_store.h"
#include "query/value_text.h"
#include "row/cell.h"
#include "sink/cql_type.h"

namespace turntable {
namespace {

constexpr size_t kLatestShown = 10;
constexpr size_t kSongsShown = 15;
constexpr size_t kPeopleShown = 15;

// Each column that is read, in the order of the SELECT.
enum Place : size_t { kName, kTime, kHour, kSong, kArtists, kFirstFeature };
constexpr std::array<const char*, 5> kColumns{"name", "time", "hour", "song", "artists"};
struct FeatureColumn {
  const char* name;
  double full;
};
constexpr std::array<FeatureColumn, 5> kFeatures{
    {{"danceability", 1}, {"energy", 1}, {"valence", 1}, {"acousticness", 1}, {"tempo", 200}}};

std::string text_of(const CqlType& type, CellView cell) {
  if (cell.is_null()) return "";
  const bool is_text = type.kind == CqlType::Kind::text || type.kind == CqlType::Kind::ascii;
  return is_text ? std::string(cell.bytes()) : cqlsh_text(type, cell);
}

std::optional<double> number_of(const CqlType& type, CellView cell) {
  if (cell.is_null() || cell.bytes().empty()) return std::nullopt;
  switch (type.kind) {
    case CqlType::Kind::float_:
      return static_cast<double>(cell.float32());
    case CqlType::Kind::double_:
      return cell.float64();
    case CqlType::Kind::int_:
      return cell.int32();
    case CqlType::Kind::bigint:
      return static_cast<double>(cell.int64());
    default:
      return std::nullopt;
  }
}

bool is_number(const CqlType& type) {
  using Kind = CqlType::Kind;
  return type.kind == Kind::float_ || type.kind == Kind::double_ || type.kind == Kind::int_ ||
         type.kind == Kind::bigint;
}

// Neumaier's sum: what a million additions round away is added at the end.
class Sum {
 public:
  void add(double value) {
    const double next = sum_ + value;
    rest_ += std::abs(sum_) >= std::abs(value) ? (sum_ - next) + value : (value - next) + sum_;
    sum_ = next;
    ++count_;
  }
  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] double mean() const {
    return count_ == 0 ? 0 : (sum_ + rest_) / static_cast<double>(count_);
  }

 private:
  double sum_ = 0;
  double rest_ = 0;
  uint64_t count_ = 0;
};

// How often each name came.
class Tally {
 public:
  // False where there are too many different ones.
  bool add(const std::string& name) {
    if (counts_.size() >= kHistoryNamesLimit && !counts_.contains(name)) return false;
    ++counts_[name];
    return true;
  }
  [[nodiscard]] size_t size() const { return counts_.size(); }
  [[nodiscard]] std::vector<HistoryReport::Counted> most(size_t limit) const {
    std::vector<HistoryReport::Counted> all;
    for (const auto& [name, plays] : counts_) all.push_back({name, plays});
    const auto before = [](const auto& a, const auto& b) {
      return std::pair(b.plays, std::string_view(a.name)) <
             std::pair(a.plays, std::string_view(b.name));
    };
    const size_t shown = std::min(limit, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<ptrdiff_t>(shown), all.end(), before);
    all.resize(shown);
    return all;
  }

 private:
  std::map<std::string, uint64_t> counts_;
};

std::string cql_text(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::string statement_of(const HistoryOptions& options) {
  std::vector<std::string> names(kColumns.begin(), kColumns.end());
  for (const FeatureColumn& feature : kFeatures) names.emplace_back(feature.name);
  std::vector<std::string> conditions;
  if (!options.person.empty()) conditions.push_back("name = " + cql_text(options.person));
  if (!options.date.empty()) conditions.push_back("date = " + cql_text(options.date));
  if (options.hour) conditions.push_back(fmt::format("hour = {}", *options.hour));
  std::string text = fmt::format("SELECT {} FROM {}", fmt::join(names, ", "), options.table);
  if (!conditions.empty()) text += fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
  // Without the whole partition key the store looks through the table.
  const size_t whole_key = 3;
  if (!conditions.empty() && conditions.size() < whole_key) text += " ALLOW FILTERING";
  return text;
}

// Takes rows, and makes the report of them.
class HistoryGatherer {
 public:
  Status begin(const std::vector<ResultColumn>& columns) {
    for (const ResultColumn& column : columns) types_.push_back(parse_cql_type(column.type));
    CHECK(types_.size() == kFirstFeature + kFeatures.size());
    for (size_t i = 0; i < kFeatures.size(); ++i)
      if (!is_number(types_[kFirstFeature + i]))
        return fail(ErrorKind::schema,
                    fmt::format("the column {} is {}, which is no number: is this a table of the "
                                "listening history?",
                                kFeatures[i].name, columns[kFirstFeature + i].type));
    if (types_[kHour].kind != CqlType::Kind::int_)
      return fail(ErrorKind::schema, fmt::format("the column hour is {}, expected int: is this a "
                                                 "table of the listening history?",
                                                 columns[kHour].type));
    return {};
  }

  Status rows(const ResultPage& page) {
    CellReader cells(page.cells);
    for (size_t row = 0; row < page.rows; ++row) RETURN_IF_ERROR(take(cells));
    return {};
  }

  [[nodiscard]] uint64_t plays() const { return report_.plays; }

  HistoryReport finish(const HistoryOptions& options) && {
    report_.table = options.table;
    report_.person = options.person;
    report_.date = options.date;
    report_.hour = options.hour;
    report_.different_songs = songs_.size();
    report_.songs = songs_.most(kSongsShown);
    report_.different_people = people_.size();
    report_.people = people_.most(kPeopleShown);
    for (size_t i = 0; i < kFeatures.size(); ++i)
      report_.features.push_back(
          {kFeatures[i].name, sums_[i].count(), sums_[i].mean(), kFeatures[i].full});
    return std::move(report_);
  }

 private:
  Status take(CellReader& cells) {
    HistoryReport::Play play;
    play.person = text_of(types_[kName], cells.next());
    play.time = text_of(types_[kTime], cells.next());
    const CellView hour = cells.next();
    play.song = text_of(types_[kSong], cells.next());
    play.artists = text_of(types_[kArtists], cells.next());
    for (size_t i = 0; i < kFeatures.size(); ++i)
      if (const auto value = number_of(types_[kFirstFeature + i], cells.next()))
        sums_[i].add(*value);
    ++report_.plays;
    if (!hour.is_null() && hour.int32() >= 0 && hour.int32() < 24)
      ++report_.hours[static_cast<size_t>(hour.int32())];
    if (!songs_.add(play.song) || !people_.add(play.person))
      return fail(ErrorKind::usage,
                  fmt::format("there are more than {} different songs or people: ask for a "
                              "person, a day or an hour",
                              grouped(kHistoryNamesLimit)));
    keep_if_late(std::move(play));
    return {};
  }

  // `latest` is in order, and has so many at most.
  void keep_if_late(HistoryReport::Play play) {
    const auto later = [](const HistoryReport::Play& a, const HistoryReport::Play& b) {
      return std::tie(b.time, a.person, a.song) < std::tie(a.time, b.person, b.song);
    };
    auto& latest = report_.latest;
    if (latest.size() == kLatestShown && !later(play, latest.back())) return;
    latest.insert(std::upper_bound(latest.begin(), latest.end(), play, later), std::move(play));
    if (latest.size() > kLatestShown) latest.pop_back();
  }

  std::vector<CqlType> types_;
  HistoryReport report_;
  Tally songs_;
  Tally people_;
  std::array<Sum, kFeatures.size()> sums_;
};

Status check_table_name(const std::string& table) {
  const auto is_name = [](std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
  };
  const size_t dot = table.find('.');
  if (dot != std::string::npos && is_name(std::string_view(table).substr(0, dot)) &&
      is_name(std::string_view(table).substr(dot + 1)))
    return {};
  return fail(ErrorKind::usage,
              fmt::format("--table: '{}' is no KEYSPACE.TABLE", printable(table)));
}

Result<std::unique_ptr<RowStore>> open_history_store(const HistoryOptions& options,
                                                     const StopToken& stop) {
  if (options.sqlite_path.empty())
    return CassandraStore::connect(options.cassandra, options.page_rows);
  return SqliteStore::open(options.sqlite_path, options.table.substr(0, options.table.find('.')),
                           options.page_rows, stop);
}

Error history_interrupted() {
  return {ErrorKind::interrupted, "the reading of the history was interrupted"};
}

}  // namespace

Result<HistoryReport> gather_history(RowStore& store, const HistoryOptions& options,
                                     const StopToken& stop) {
  auto stream = store.run({.text = statement_of(options), .at = {}});
  if (!stream && stop.requested()) return tl::unexpected<Error>(history_interrupted());
  if (!stream)
    return tl::unexpected<Error>(
        std::move(stream.error().error)
            .with(fmt::format("the history cannot be read from {}", options.table)));
  HistoryGatherer gatherer;
  RETURN_IF_ERROR(gatherer.begin((*stream)->columns()));
  Progress progress("plays");
  while (true) {
    if (stop.requested()) return tl::unexpected<Error>(history_interrupted());
    const auto page = (*stream)->next_page();
    if (!page && stop.requested()) return tl::unexpected<Error>(history_interrupted());
    if (!page) return tl::unexpected<Error>(page.error());
    if (!*page) break;
    RETURN_IF_ERROR(gatherer.rows(**page));
    progress.at(gatherer.plays());
  }
  return std::move(gatherer).finish(options);
}

std::string history_heading(const HistoryReport& report) {
  std::string text = "Listening history";
  if (!report.person.empty()) text += " of " + report.person;
  if (!report.date.empty()) text += " on " + report.date;
  if (report.hour) text += fmt::format(", {0:02}:00 to {0:02}:59", *report.hour);
  return text;
}

Status run_history(const HistoryOptions& options, const StopToken& stop, Output& out) {
  RETURN_IF_ERROR(check_table_name(options.table));
  RETURN_IF_ERROR(check_output(options.output, options.sqlite_path, ""));
  ASSIGN_OR_RETURN(const auto store, open_history_store(options, stop));
  ASSIGN_OR_RETURN(const HistoryReport report, gather_history(*store, options, stop));
  if (options.output.empty() || options.output == "-") {
    constexpr size_t kColumnsElsewhere = 80;
    const size_t columns = out.columns() > 0 ? out.columns() : kColumnsElsewhere;
    out.write(options.output == "-" ? history_html(report)
                                    : history_text(report, columns, out.has_colour()));
    return out.finish();
  }
  ASSIGN_OR_RETURN(const auto file, OutputFile::open(options.output));
  RETURN_IF_ERROR(file->write(history_html(report)));
  return file->commit();
}

}  // namespace turntable
