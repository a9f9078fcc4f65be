// What extract, date_part and date_trunc have in common for all types: the choice of a field by its
// name, and the calendar's fields that are not in a date itself.
#pragma once

#include <fmt/format.h>

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "sql/calendar.h"
#include "sql/functions.h"
#include "sql/interval_sum.h"
#include "sql/loops.h"
#include "sql/numeric_math.h"

namespace turntable::sql {

// What is chosen by the field's name, once for a pipeline and not for every row.
struct Chosen final : Prepared {
  explicit Chosen(Loop compute, Explain why = nullptr) : loop(compute), explain(why) {}
  Loop loop;
  Explain explain;
};

// The beginning of what the time is in, which may be before the first time there is; nothing where
// int64_t cannot hold it.
using BeginOf = std::optional<int64_t> (*)(int64_t micros);

struct Choice {
  std::string_view name;
  Loop loop = nullptr;
  Explain explain = nullptr;
  BeginOf begin_of = nullptr;  // Of units that times are cut to.
};

struct Choices {
  std::string_view noun;  // "a time"
  std::span<const Choice> list;
};

// The field of that name in any case; "years" and "hrs" are names for fields, too.
inline std::string field_name(std::string_view name) {
  std::string in_lower_case = lowercase(name);
  switch (unit_of(in_lower_case)) {
    case IntervalUnit::microsecond:
      return "microseconds";
    case IntervalUnit::millisecond:
      return "milliseconds";
    case IntervalUnit::second:
      return "second";
    case IntervalUnit::minute:
      return "minute";
    case IntervalUnit::hour:
      return "hour";
    case IntervalUnit::day:
      return "day";
    case IntervalUnit::week:
      return "week";
    case IntervalUnit::month:
      return "month";
    case IntervalUnit::year:
      return "year";
    case IntervalUnit::decade:
      return "decade";
    case IntervalUnit::century:
      return "century";
    case IntervalUnit::millennium:
      return "millennium";
    default:
      return in_lower_case;
  }
}

// The error is a sentence.
inline Result<const Choice*> find_choice(const Choices& choices, std::string_view name) {
  std::vector<std::string> names;
  std::string all;
  const std::string wanted = field_name(name);
  for (const Choice& choice : choices.list) {
    if (wanted == choice.name) return &choice;
    names.emplace_back(choice.name);
    all += fmt::format("{}{}", all.empty() ? "" : ", ", names.back());
  }
  return fail(ErrorKind::usage, fmt::format("{} has no field {}.{} Fields are {}", choices.noun,
                                            printable(name), did_you_mean(name, names), all));
}

template <const Choices& choices>
Result<std::shared_ptr<const Prepared>> prepare_choice(std::string_view name) {
  ASSIGN_OR_RETURN(const Choice* const choice, find_choice(choices, name));
  return std::make_shared<const Chosen>(choice->loop, choice->explain);
}

inline void run_chosen(Frame& frame) {
  static_cast<const Chosen*>(frame.prepared)->loop(frame);
}

inline Reason explain_chosen(const CallInput& input, uint32_t row) {
  return static_cast<const Chosen*>(input.prepared)->explain(input, row);
}

struct IsoWeek {
  int64_t year;
  int week;
};

// How many days behind Monday.
inline int from_monday(int64_t days) {
  return (day_of_week(days) + 6) % 7;
}

// Weeks begin on Monday; a week belongs to the year of its Thursday.
inline IsoWeek iso_week(int64_t days) {
  const int64_t thursday = days - from_monday(days) + 3;
  const Date date = date_of(thursday);
  return {date.year, (day_of_year(date) - 1) / 7 + 1};
}

inline int64_t day_number(int64_t micros) {
  return floor_divide(micros, kMicrosPerDay);
}

inline int64_t seconds_of_day(int64_t micros) {
  return micros_of_day(micros) / kMicrosPerSecond;
}

// There is no year 0: 1 BC is -1.
inline int64_t without_zero(int64_t year) {
  return year > 0 ? year : year - 1;
}

// The century or millennium of the year: the first begins with the year 1, the one before it is -1.
inline int64_t count_of(int64_t year, int64_t length) {
  return year > 0 ? (year + length - 1) / length : -((length - year) / length);
}

inline int64_t decade(int64_t year) {
  return floor_divide(year, 10);
}

inline constexpr int64_t kJulianDayOf1970 = 2'440'588;

// --- The fields themselves: extract gives a numeric, date_part a double precision. They are made
// of lambdas, which take a value of type T, and give a whole number or what the field is given as.

template <class R, class V>
R as_field(V value) {
  if constexpr (std::is_same_v<V, R>) {
    return value;
  } else if constexpr (std::is_same_v<R, Numeric>) {
    return {.digits = int64_t{value}};
  } else {
    return static_cast<R>(value);
  }
}

template <class R, class T, class Compute>
struct FieldOf {
  static R call(T value) { return as_field<R>(Compute()(value)); }
};

// Of a field that grows with the time, as the year does, infinity has infinity.
template <class R, class T, class Compute>
struct GrowingFieldOf {
  static R call(T time) {
    if (!is_infinite_time(time)) return as_field<R>(Compute()(time));
    if constexpr (std::is_same_v<R, Numeric>) {
      return time > 0 ? kNumericInfinity : kNumericMinusInfinity;
    } else {
      constexpr R kInfinity = std::numeric_limits<R>::infinity();
      return time > 0 ? kInfinity : -kInfinity;
    }
  }
};

// Of one that comes round, as the hour does, it has none. The loop is written out: pipelines take
// the hour of every record.
template <class R, class T, class Compute>
void loop_of_turning_field(Frame& frame) {
  const Column& times = *frame.arguments[0];
  const T* const values = times.data<T>();
  const State* const states = times.states();
  R* const out = frame.result.data<R>();
  State* const out_states = frame.result.states();
  for (const uint32_t row : frame.rows) {
    out_states[row] = states[row];
    if (states[row] != State::value) continue;
    if (is_infinite_time(values[row])) {
      out_states[row] = State::failed;
    } else {
      out[row] = as_field<R>(Compute()(values[row]));
    }
  }
}

inline Reason why_no_field(const CallInput&, uint32_t) {
  return {RejectCode::out_of_range, "an infinite time has no such field"};
}

template <class F>
constexpr Choice choice_of(std::string_view name) {
  Choice choice{.name = name, .loop = loop_of<F>};
  if constexpr (loops::can_fail(&F::call))
    choice.explain = [](const CallInput& input, uint32_t row) {
      return loops::explain(input, row, &F::why);
    };
  return choice;
}

template <class R, class T, class Compute>
constexpr Choice field(std::string_view name, Compute) {
  return choice_of<FieldOf<R, T, Compute>>(name);
}
template <class R, class T, class Compute>
constexpr Choice growing(std::string_view name, Compute) {
  return choice_of<GrowingFieldOf<R, T, Compute>>(name);
}
template <class R, class T, class Compute>
constexpr Choice turning(std::string_view name, Compute) {
  return {.name = name, .loop = loop_of_turning_field<R, T, Compute>, .explain = why_no_field};
}

// So many microseconds as seconds or milliseconds. date_part adds whole seconds and the rest up, as
// PostgreSQL does: that is not always the double that is nearest.
template <class R>
R seconds_field(int64_t micros) {
  if constexpr (std::is_same_v<R, Numeric>) {
    return {.digits = micros, .scale = 6};
  } else {
    return static_cast<R>(micros / kMicrosPerSecond) +
           static_cast<R>(micros % kMicrosPerSecond) / 1e6;
  }
}
template <class R>
R millis_field(int64_t micros) {
  if constexpr (std::is_same_v<R, Numeric>) {
    return {.digits = micros, .scale = 3};
  } else {
    return static_cast<R>(micros / kMicrosPerSecond) * 1e3 +
           static_cast<R>(micros % kMicrosPerSecond) / 1e3;
  }
}
// Those since 1970, or since midnight.
template <class R>
R epoch_field(int64_t micros) {
  if constexpr (std::is_same_v<R, Numeric>) {
    return {.digits = micros, .scale = 6};
  } else {
    return static_cast<R>(micros) / 1e6;
  }
}

inline Function of_field(std::string_view name, Type of, Type result, Prepare prepare) {
  return {.name = name,
          .arguments = {Type::text, of},
          .result = result,
          .loop = run_chosen,
          .constant = 0,
          .prepare = prepare};
}

// Where some of the fields can fail.
inline Function of_failing_field(std::string_view name, Type of, Type result, Prepare prepare) {
  Function function = of_field(name, of, result, prepare);
  function.explain = explain_chosen;
  return function;
}

// A unit that points in time are cut to.
struct Unit final : Prepared {
  Unit(BeginOf begin, bool within_day) : begin_of(begin), is_within_day(within_day) {}
  BeginOf begin_of;
  bool is_within_day;  // An hour or less.
};

// By date_trunc's name for it; in time_parts.cc.
[[nodiscard]] Result<std::shared_ptr<const Prepared>> prepare_unit(std::string_view name);

}  // namespace turntable::sql
