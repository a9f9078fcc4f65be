// Functions on times: https://www.postgresql.org/docs/15/functions-datetime.html and
// functions-formatting.html. The time zone is UTC. extract gives a double, where PostgreSQL has
// numeric.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/text.h"
#include "sql/builtins.h"
#include "sql/calendar.h"
#include "sql/loops.h"
#include "sql/time_format.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

// --- extract, date_part

// A field of a time, as a loop of its own, so that the choice is made once for a pipeline and not
// for every row.
struct Part final : Prepared {
  explicit Part(Loop compute) : loop(compute) {}
  Loop loop;
};

struct IsoWeek {
  int64_t year;
  int week;
};

// Weeks begin on Monday; a week belongs to the year of its Thursday.
IsoWeek iso_week(int64_t days) {
  const int from_monday = (day_of_week(days) + 6) % 7;
  const int64_t thursday = days - from_monday + 3;
  const Date date = date_of(thursday);
  return {date.year, (day_of_year(date) - 1) / 7 + 1};
}

int64_t day_number(int64_t micros) {
  return floor_divide(micros, kMicrosPerDay);
}

// There is no year 0: 1 BC is -1.
int64_t without_zero(int64_t year) {
  return year > 0 ? year : year - 1;
}

// `Part` is the type of a lambda that takes microseconds since 1970.
template <class Part>
struct TimePart {
  static double call(int64_t micros) { return static_cast<double>(Part()(micros)); }
};

// The second of the minute with its fraction, in units of `unit` microseconds.
double seconds_in(int64_t micros, double unit) {
  const Moment moment = moment_of(micros);
  return (moment.second * 1e6 + moment.micros) / unit;
}

struct PartName {
  std::string_view name;
  Loop loop;
};

template <class Part>
constexpr PartName part_name(std::string_view name, Part) {
  return {name, loop_of<TimePart<Part>>};
}

constexpr std::array kParts = {
    part_name("year", [](int64_t t) { return without_zero(moment_of(t).date.year); }),
    part_name("month", [](int64_t t) { return moment_of(t).date.month; }),
    part_name("day", [](int64_t t) { return moment_of(t).date.day; }),
    part_name("hour", [](int64_t t) { return moment_of(t).hour; }),
    part_name("minute", [](int64_t t) { return moment_of(t).minute; }),
    part_name("second", [](int64_t t) { return seconds_in(t, 1e6); }),
    part_name("milliseconds", [](int64_t t) { return seconds_in(t, 1e3); }),
    part_name("microseconds", [](int64_t t) { return seconds_in(t, 1); }),
    part_name("epoch", [](int64_t t) { return static_cast<double>(t) / 1e6; }),
    part_name("dow", [](int64_t t) { return day_of_week(day_number(t)); }),
    part_name("isodow",
              [](int64_t t) {
                const int weekday = day_of_week(day_number(t));
                return weekday == 0 ? 7 : weekday;
              }),
    part_name("doy", [](int64_t t) { return day_of_year(moment_of(t).date); }),
    part_name("week", [](int64_t t) { return iso_week(day_number(t)).week; }),
    part_name("isoyear", [](int64_t t) { return without_zero(iso_week(day_number(t)).year); }),
    part_name("quarter", [](int64_t t) { return (moment_of(t).date.month - 1) / 3 + 1; }),
};

Result<std::shared_ptr<const Prepared>> prepare_part(std::string_view name) {
  std::vector<std::string> names;
  std::string all;
  for (const PartName& part : kParts) {
    if (lowercase(name) == part.name) return std::make_shared<const Part>(part.loop);
    names.emplace_back(part.name);
    all += fmt::format("{}{}", all.empty() ? "" : ", ", names.back());
  }
  return fail(ErrorKind::usage, fmt::format("a time has no field {}.{} Fields are {}",
                                            printable(name), did_you_mean(name, names), all));
}

void extract(Frame& frame) {
  static_cast<const Part*>(frame.prepared)->loop(frame);
}

// --- to_timestamp, to_char

template <TimeFormat::Use use>
Result<std::shared_ptr<const Prepared>> prepare_format(std::string_view pattern) {
  ASSIGN_OR_RETURN(TimeFormat format, TimeFormat::compile(pattern, use));
  return std::make_shared<const TimeFormat>(std::move(format));
}

// Events come in the order of their times, more or less, and many have the minute or the day of the
// one before: reading and printing times repeats.
struct TextToTimestamp {
  static constexpr bool kRepeats = true;
  static std::optional<int64_t> call(const TimeFormat& format, std::string_view text) {
    return format.parse(text);
  }
  static Reason why(const TimeFormat& format, std::string_view text) {
    return {RejectCode::bad_value, fmt::format("'{}' does not fit the form '{}'", printable(text),
                                               printable(format.pattern()))};
  }
};

struct TimestampToChar {
  static constexpr bool kRepeats = true;
  static std::string_view call(const TimeFormat& format, int64_t micros, Arena& arena) {
    return format.print(micros, arena);
  }
};

// PostgreSQL's first and last times; ours end with int64_t, in the year 294247 instead of 294276.
constexpr double kFirstSecond = -210'866'803'200.0;  // 4714-11-24 BC
constexpr double kEndSecond = 9'223'372'036'854.0;

struct SecondsToTimestamp {
  static std::optional<int64_t> call(double seconds) {
    if (!(seconds >= kFirstSecond && seconds < kEndSecond)) return std::nullopt;
    // By way of 2000-01-01, as PostgreSQL counts: the last digit of a microsecond depends on it.
    constexpr int64_t kSecondsTo2000 = 946'684'800;
    return std::llrint((seconds - kSecondsTo2000) * 1e6) + kSecondsTo2000 * kMicrosPerSecond;
  }
  static Reason why(double seconds) {
    return {RejectCode::out_of_range, fmt::format("{} seconds are out of range for timestamptz",
                                                  float_text(seconds).view())};
  }
};

}  // namespace

std::vector<Function> time_functions() {
  constexpr Type text = Type::text;
  constexpr Type real = Type::float64;
  constexpr Type time = Type::timestamp;
  std::vector<Function> all;
  for (const std::string_view name : {"extract", "date_part"})
    all.push_back({.name = name,
                   .arguments = {text, time},
                   .result = real,
                   .loop = extract,
                   .constant = 0,
                   .prepare = prepare_part});
  all.push_back(
      function_of<TextToTimestamp>({.name = "to_timestamp",
                                    .arguments = {text, text},
                                    .result = time,
                                    .constant = 1,
                                    .prepare = prepare_format<TimeFormat::Use::parse>}));
  all.push_back(function_of<SecondsToTimestamp>(
      {.name = "to_timestamp", .arguments = {real}, .result = time}));
  all.push_back(
      function_of<TimestampToChar>({.name = "to_char",
                                    .arguments = {time, text},
                                    .result = text,
                                    .constant = 1,
                                    .prepare = prepare_format<TimeFormat::Use::print>}));
  return all;
}

}  // namespace turntable::sql
