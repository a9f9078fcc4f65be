#include "sql/type_modifiers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "sql/calendar.h"
#include "sql/loops.h"
#include "sql/numeric_math.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

struct FittedTo final : Prepared {
  explicit FittedTo(TypeModifier given) : modifier(given) {}
  TypeModifier modifier;
};

// --- numeric(p, s)

struct FitNumeric {
  static MaybeNumeric call(const FittedTo& to, const Numeric& value) {
    if (is_nan(value)) return value;
    if (!value.is_finite()) return std::nullopt;
    const MaybeNumeric fitted = rounded(value, to.modifier.scale, Rounding::half_away);
    if (!fitted) return std::nullopt;
    const int whole_digits = count_digits(magnitude(*fitted)) - fitted->scale;
    const bool fits = fitted->digits == 0 || whole_digits <= to.modifier.size - to.modifier.scale;
    return fits ? fitted : std::nullopt;
  }
  static Reason why(const FittedTo& to, const Numeric& value) {
    return {RejectCode::out_of_range, fmt::format("{} is out of range for {}", numeric_text(value),
                                                  sql_name(Type::numeric, to.modifier))};
  }
};

// --- varchar(n)

// Where the text's first `count` characters end.
size_t end_of_characters(std::string_view text, int32_t count) {
  size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U;
    if (begins && count-- == 0) break;
  }
  return end;
}

template <Fitting fitting>
struct FitText;

template <>
struct FitText<Fitting::written> {
  static std::string_view call(const FittedTo& to, std::string_view text) {
    return text.substr(0, end_of_characters(text, to.modifier.size));
  }
};

template <>
struct FitText<Fitting::assigned> {
  static std::optional<std::string_view> call(const FittedTo& to, std::string_view text) {
    const size_t end = end_of_characters(text, to.modifier.size);
    if (text.find_first_not_of(' ', end) != std::string_view::npos) return std::nullopt;
    return text.substr(0, end);
  }
  static Reason why(const FittedTo& to, std::string_view text) {
    return {RejectCode::out_of_range, fmt::format("'{}' is too long for {}", printable(text),
                                                  sql_name(Type::text, to.modifier))};
  }
};

// --- timestamp(p), timestamptz(p), time(p)

constexpr int32_t kMostPlaces = 6;

int64_t unit_of(const TypeModifier& modifier) {
  int64_t unit = 1;
  for (int32_t places = modifier.size; places < kMostPlaces; ++places) unit *= 10;
  return unit;
}

// `zero`: what times are counted from where halves are rounded away from it. In PostgreSQL that is
// 2000-01-01, or midnight.
std::optional<int64_t> rounded_time(int64_t micros, const TypeModifier& modifier, int64_t zero) {
  const int64_t unit = unit_of(modifier);
  if (unit == 1 || is_infinite_time(micros)) return micros;
  int64_t distance = 0;
  if (__builtin_sub_overflow(micros, zero, &distance)) return std::nullopt;
  const int64_t half = distance < 0 ? -unit / 2 : unit / 2;
  int64_t raised = 0;
  if (__builtin_add_overflow(distance, half, &raised)) return std::nullopt;
  return raised / unit * unit + zero;
}

template <Type type>
struct FitTime {
  static constexpr int64_t kZero = type == Type::time ? 0 : 946'684'800'000'000;
  static std::optional<int64_t> call(const FittedTo& to, int64_t micros) {
    return rounded_time(micros, to.modifier, kZero);
  }
  static Reason why(const FittedTo& to, int64_t) {
    return {RejectCode::out_of_range,
            fmt::format("the time is out of range for {}", sql_name(type, to.modifier))};
  }
};

// --- The table

Result<std::shared_ptr<const Prepared>> prepare_modifier(std::string_view text) {
  TypeModifier modifier;
  const char* const end = text.data() + text.size();
  const auto size = std::from_chars(text.data(), end, modifier.size);
  CHECK(size.ec == std::errc() && size.ptr != end);
  CHECK(std::from_chars(size.ptr + 1, end, modifier.scale).ptr == end);
  return std::make_shared<const FittedTo>(modifier);
}

template <class F>
Function fitting_row(std::string_view name, Type type) {
  return function_of<F>({.name = name,
                         .arguments = {type},
                         .result = type,
                         .kind = Kind::cast,
                         .prepare = prepare_modifier});
}

}  // namespace

Status check_modifier(Type type, const TypeModifier& modifier) {
  constexpr int32_t kLongestText = 10'485'760;
  constexpr int32_t kMostDigits = 1000;
  const auto outside = [&](int32_t lowest, int32_t highest, std::string_view what) -> Status {
    return fail(ErrorKind::usage, fmt::format("the {} of {} must be from {} to {}", what,
                                              sql_name(type), lowest, highest));
  };
  switch (type) {
    case Type::text:
      if (modifier.size < 1 || modifier.size > kLongestText)
        return fail(ErrorKind::usage,
                    fmt::format("the length of varchar must be from 1 to {}", kLongestText));
      return {};
    case Type::numeric:
      if (modifier.size < 1 || modifier.size > kMostDigits)
        return outside(1, kMostDigits, "precision");
      if (modifier.scale < -kMostDigits || modifier.scale > kNumericScaleLimit)
        return outside(-kMostDigits, kNumericScaleLimit, "scale");
      return {};
    case Type::time:
    case Type::timestamp:
    case Type::timestamptz:
      // PostgreSQL takes more for 6, with a warning.
      if (modifier.size < 0 || modifier.size > kMostPlaces)
        return outside(0, kMostPlaces, "precision");
      return {};
    default:
      return fail(ErrorKind::usage, fmt::format("{} takes no length or precision: write {}",
                                                sql_name(type), sql_name(type)));
  }
}

const Function& fitting_function(Type type, Fitting fitting) {
  static const std::vector<Function> kFunctions = {
      fitting_row<FitNumeric>("numeric", Type::numeric),
      fitting_row<FitTime<Type::time>>("time", Type::time),
      fitting_row<FitTime<Type::timestamp>>("timestamp", Type::timestamp),
      fitting_row<FitTime<Type::timestamptz>>("timestamptz", Type::timestamptz),
  };
  static const Function kCut = fitting_row<FitText<Fitting::written>>("varchar", Type::text);
  static const Function kWhole = fitting_row<FitText<Fitting::assigned>>("varchar", Type::text);
  if (type == Type::text) return fitting == Fitting::written ? kCut : kWhole;
  const auto found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                  [&](const Function& one) { return one.result == type; });
  CHECK(found != kFunctions.end());
  return *found;
}

std::string modifier_text(const TypeModifier& modifier) {
  return fmt::format("{} {}", modifier.size, modifier.scale);
}

}  // namespace turntable::sql
