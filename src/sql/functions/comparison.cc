// Comparison: https://www.postgresql.org/docs/15/functions-comparison.html, in the order of
// order.h. Arrays and jsonb are compared in array_comparison.cc.
#include "sql/builtins.h"
#include "sql/calendar.h"
#include "sql/functions/order.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace {

// A and B are the C++ types of two columns; the values are compared as C.
template <class A, class B, class C>
struct Pair {
  using Left = A;
  using Right = B;
  static std::strong_ordering order(A left, B right) {
    return order_of<C>(static_cast<C>(left), static_cast<C>(right));
  }
  static bool equal(A left, B right) {
    if constexpr (std::is_floating_point_v<C> || std::is_same_v<C, Interval> ||
                  std::is_same_v<C, Numeric>) {
      return order(left, right) == 0;
    } else {
      return static_cast<C>(left) == static_cast<C>(right);
    }
  }
};

// A date beside a point in time is its midnight, also where no timestamp reaches so far; infinity
// is behind all of them.
Int128 place_in_time(int32_t date) {
  if (is_infinite_time(date)) return Int128{date} << 64;
  return Int128{date} * kMicrosPerDay;
}
Int128 place_in_time(int64_t time) {
  if (is_infinite_time(time)) return place_in_time(infinity_like<int32_t>(time));
  return Int128{time};
}

struct DateAndTime {
  using Left = int32_t;
  using Right = int64_t;
  static std::strong_ordering order(int32_t date, int64_t time) {
    return place_in_time(date) <=> place_in_time(time);
  }
  static bool equal(int32_t date, int64_t time) { return order(date, time) == 0; }
};
struct TimeAndDate {
  using Left = int64_t;
  using Right = int32_t;
  static std::strong_ordering order(int64_t time, int32_t date) {
    return place_in_time(time) <=> place_in_time(date);
  }
  static bool equal(int64_t time, int32_t date) { return order(time, date) == 0; }
};

template <class P>
struct Equal {
  static uint8_t call(typename P::Left left, typename P::Right right) {
    return P::equal(left, right) ? 1 : 0;
  }
};
template <class P>
struct NotEqual {
  static uint8_t call(typename P::Left left, typename P::Right right) {
    return P::equal(left, right) ? 0 : 1;
  }
};
template <class P>
struct Less {
  static uint8_t call(typename P::Left left, typename P::Right right) {
    return P::order(left, right) < 0 ? 1 : 0;
  }
};
template <class P>
struct LessOrEqual {
  static uint8_t call(typename P::Left left, typename P::Right right) {
    return P::order(left, right) <= 0 ? 1 : 0;
  }
};
template <class P>
struct Greater {
  static uint8_t call(typename P::Left left, typename P::Right right) {
    return P::order(left, right) > 0 ? 1 : 0;
  }
};
template <class P>
struct GreaterOrEqual {
  static uint8_t call(typename P::Left left, typename P::Right right) {
    return P::order(left, right) >= 0 ? 1 : 0;
  }
};

// Two NULLs are not distinct, a NULL and a value are.
template <class P, bool wanted>
struct Distinct {
  static uint8_t call(Nullable<typename P::Left> left, Nullable<typename P::Right> right) {
    const bool distinct =
        left.null || right.null ? left.null != right.null : !P::equal(left.value, right.value);
    return distinct == wanted ? 1 : 0;
  }
};

// NULL where both are equal, otherwise the first as it is.
template <class P>
struct NullIf {
  using Left = typename P::Left;
  static Nullable<Left> call(Nullable<Left> left, Nullable<typename P::Right> right) {
    if (left.null) return {};
    if (!right.null && P::equal(left.value, right.value)) return {};
    return left;
  }
};

template <class P>
void add_for(std::vector<Function>& all, Type left, Type right) {
  const auto operation = [&](std::string_view name) {
    return Function{
        .name = name, .arguments = {left, right}, .result = Type::boolean, .kind = Kind::operation};
  };
  all.push_back(function_of<Equal<P>>(operation("=")));
  all.push_back(function_of<NotEqual<P>>(operation("<>")));
  all.push_back(function_of<Less<P>>(operation("<")));
  all.push_back(function_of<LessOrEqual<P>>(operation("<=")));
  all.push_back(function_of<Greater<P>>(operation(">")));
  all.push_back(function_of<GreaterOrEqual<P>>(operation(">=")));
  all.push_back(function_of<Distinct<P, true>>(operation("is distinct from")));
  all.push_back(function_of<Distinct<P, false>>(operation("is not distinct from")));
  all.push_back(function_of<NullIf<P>>({.name = "nullif",
                                        .arguments = {left, right},
                                        .result = left,
                                        .typing = Typing::as_operator}));
}

}  // namespace

std::vector<Function> comparison_functions() {
  std::vector<Function> all;
  for (const Type type : all_types())
    if (type != Type::jsonb)
      with_cpp_type(type, [&]<class T>() { add_for<Pair<T, T, T>>(all, type, type); });
  // The mixed pairs that PostgreSQL has. Other mixed numbers are cast to these: a real and an int
  // are compared as double precision.
  add_for<Pair<int32_t, int64_t, int64_t>>(all, Type::int32, Type::int64);
  add_for<Pair<int64_t, int32_t, int64_t>>(all, Type::int64, Type::int32);
  add_for<Pair<float, double, double>>(all, Type::float32, Type::float64);
  add_for<Pair<double, float, double>>(all, Type::float64, Type::float32);
  // Dates and points in time, which are compared in UTC.
  for (const Type time : {Type::timestamp, Type::timestamptz}) {
    add_for<DateAndTime>(all, Type::date, time);
    add_for<TimeAndDate>(all, time, Type::date);
  }
  using Times = Pair<int64_t, int64_t, int64_t>;
  add_for<Times>(all, Type::timestamp, Type::timestamptz);
  add_for<Times>(all, Type::timestamptz, Type::timestamp);
  return all;
}

}  // namespace turntable::sql
