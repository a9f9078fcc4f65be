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

using Why = std::pair<RejectCode, std::string>;

// --- extract, date_part
// --------------------------------------------------------------------------------------------

// A field of a time, as a loop of its own, so that the choice is made once for a pipeline and not
// for every row.
struct Part final : Prepared {
  explicit Part(Loop compute) : loop(compute) {}
  Loop loop;
};

template <class Compute>
void part_loop(Frame& frame, Compute compute) {
  map_rows<double, int64_t>(
      frame, [compute](int64_t micros) { return static_cast<double>(compute(micros)); });
}

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

struct PartName {
  std::string_view name;
  Loop loop;
};

constexpr std::array kParts = {
    PartName{"year",
             [](Frame& f) {
               part_loop(f, [](int64_t t) { return without_zero(moment_of(t).date.year); });
             }},
    PartName{"month",
             [](Frame& f) { part_loop(f, [](int64_t t) { return moment_of(t).date.month; }); }},
    PartName{"day",
             [](Frame& f) { part_loop(f, [](int64_t t) { return moment_of(t).date.day; }); }},
    PartName{"hour", [](Frame& f) { part_loop(f, [](int64_t t) { return moment_of(t).hour; }); }},
    PartName{"minute",
             [](Frame& f) { part_loop(f, [](int64_t t) { return moment_of(t).minute; }); }},
    PartName{"second",
             [](Frame& f) {
               part_loop(f, [](int64_t t) {
                 const Moment moment = moment_of(t);
                 return (moment.second * 1e6 + moment.micros) / 1e6;
               });
             }},
    PartName{"milliseconds",
             [](Frame& f) {
               part_loop(f, [](int64_t t) {
                 const Moment moment = moment_of(t);
                 return (moment.second * 1e6 + moment.micros) / 1e3;
               });
             }},
    PartName{"microseconds",
             [](Frame& f) {
               part_loop(f, [](int64_t t) {
                 const Moment moment = moment_of(t);
                 return moment.second * 1'000'000 + moment.micros;
               });
             }},
    PartName{
        "epoch",
        [](Frame& f) { part_loop(f, [](int64_t t) { return static_cast<double>(t) / 1e6; }); }},
    PartName{"dow",
             [](Frame& f) { part_loop(f, [](int64_t t) { return day_of_week(day_number(t)); }); }},
    PartName{"isodow",
             [](Frame& f) {
               part_loop(f, [](int64_t t) {
                 const int weekday = day_of_week(day_number(t));
                 return weekday == 0 ? 7 : weekday;
               });
             }},
    PartName{
        "doy",
        [](Frame& f) { part_loop(f, [](int64_t t) { return day_of_year(moment_of(t).date); }); }},
    PartName{
        "week",
        [](Frame& f) { part_loop(f, [](int64_t t) { return iso_week(day_number(t)).week; }); }},
    PartName{"isoyear",
             [](Frame& f) {
               part_loop(f, [](int64_t t) { return without_zero(iso_week(day_number(t)).year); });
             }},
    PartName{"quarter",
             [](Frame& f) {
               part_loop(f, [](int64_t t) { return (moment_of(t).date.month - 1) / 3 + 1; });
             }},
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
// -----------------------------------------------------------------------------------------

template <TimeFormat::Use use>
Result<std::shared_ptr<const Prepared>> prepare_format(std::string_view pattern) {
  ASSIGN_OR_RETURN(TimeFormat format, TimeFormat::compile(pattern, use));
  return std::make_shared<const TimeFormat>(std::move(format));
}

// `compute`, asked once while its argument stays the same. Events come in the order of their times,
// more or less, and many have the minute or the day of the one before.
template <class In, class Compute>
auto once_while_the_same(Compute compute) {
  using Out = decltype(compute(std::declval<In>()));
  return [compute, last = std::optional<std::pair<In, Out>>()](In in) mutable {
    if (!last || last->first != in) last.emplace(in, compute(in));
    return last->second;
  };
}

void text_to_timestamp(Frame& frame) {
  const auto& format = static_cast<const TimeFormat&>(*frame.prepared);
  map_rows_or_fail<int64_t, std::string_view>(
      frame, once_while_the_same<std::string_view>([&format](std::string_view text) {
        return format.parse(text);
      }),
      [&format](std::string_view text) {
        return Why(RejectCode::bad_value,
                   fmt::format("'{}' does not fit the form '{}'", printable(text),
                               printable(format.pattern())));
      });
}

// PostgreSQL's first and last times; ours end with int64_t, in the year 294247 instead of 294276.
constexpr double kFirstSecond = -210'866'803'200.0;  // 4714-11-24 BC
constexpr double kEndSecond = 9'223'372'036'854.0;

void seconds_to_timestamp(Frame& frame) {
  map_rows_or_fail<int64_t, double>(
      frame,
      [](double seconds) -> std::optional<int64_t> {
        if (!(seconds >= kFirstSecond && seconds < kEndSecond)) return std::nullopt;
        // By way of 2000-01-01, as PostgreSQL counts: the last digit of a microsecond depends on
        // it.
        constexpr int64_t kSecondsTo2000 = 946'684'800;
        return std::llrint((seconds - kSecondsTo2000) * 1e6) + kSecondsTo2000 * kMicrosPerSecond;
      },
      [](double seconds) {
        return Why(
            RejectCode::out_of_range,
            fmt::format("{} seconds are out of range for timestamptz", float_text(seconds).view()));
      });
}

void timestamp_to_char(Frame& frame) {
  const auto& format = static_cast<const TimeFormat&>(*frame.prepared);
  Arena& arena = frame.arena;
  map_rows<std::string_view, int64_t>(frame, once_while_the_same<int64_t>([&](int64_t micros) {
                                        return format.print(micros, arena);
                                      }));
}

}  // namespace

std::vector<Function> time_functions() {
  constexpr Type text = Type::text;
  constexpr Type real = Type::float64;
  constexpr Type time = Type::timestamp;
  return {
      {.name = "extract",
       .arguments = {text, time},
       .result = real,
       .loop = extract,
       .constant = 0,
       .prepare = prepare_part},
      {.name = "date_part",
       .arguments = {text, time},
       .result = real,
       .loop = extract,
       .constant = 0,
       .prepare = prepare_part},
      {.name = "to_timestamp",
       .arguments = {text, text},
       .result = time,
       .loop = text_to_timestamp,
       .constant = 1,
       .prepare = prepare_format<TimeFormat::Use::parse>},
      {.name = "to_timestamp", .arguments = {real}, .result = time, .loop = seconds_to_timestamp},
      {.name = "to_char",
       .arguments = {time, text},
       .result = text,
       .loop = timestamp_to_char,
       .constant = 1,
       .prepare = prepare_format<TimeFormat::Use::print>},
  };
}

}  // namespace turntable::sql
