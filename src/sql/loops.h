// From a function for one row of plain values to the loop over a batch that the registry wants.
//
// A function is a struct:
//
//   struct Divide {
//     static std::optional<int64_t> call(int64_t a, int64_t b);  // Nothing: it failed.
//     static Reason why(int64_t a, int64_t b);                   // Asked for such a row only.
//   };
//
// and function_of<Divide>({.name = "div", …}) makes its loop and its explanation. How it treats
// NULL and failures is read off its types:
//
//   - A parameter T, or const T& where T is a struct, is a value: where an argument is NULL the
//   result is NULL, and call() is not
//     asked.
//   - A parameter Nullable<T> takes NULL too.
//   - call() gives T; or optional<T> where it can fail, and then there is why(); or Nullable<T>
//     where it can give NULL; or optional<Nullable<T>>.
//   - A parameter Arena& is where new text is put, `const P&` what the function prepared of its
//     constant argument (P is a Prepared), `S&` what it keeps from row to row (S is a
//     FunctionState).
//   - `static constexpr bool kRepeats = true`: many rows have the value of the row before, and
//     call() is asked once while its one argument stays the same.
//
// Where an argument failed the result failed. Functions for which that is not so (AND, COALESCE,
// CASE) write their loops themselves.
#pragma once

#include <array>
#include <concepts>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "sql/functions.h"

namespace turntable::sql {

// A value, or NULL.
template <class T>
struct Nullable {
  bool null = true;
  T value{};

  Nullable() = default;
  Nullable(T given) : null(false), value(given) {}  // NOLINT: a value is one that may be NULL.
};

namespace loops {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class T>
struct IsNullable : std::false_type {};
template <class T>
struct IsNullable<Nullable<T>> : std::true_type {};
template <class T>
struct IsNullable<std::optional<Nullable<T>>> : std::true_type {};

// Where a parameter of type P comes from. state() is what it does to the row's state.
template <class P>
struct Source {
  static constexpr bool kIsArgument = true;
  Source(const CallInput& input, size_t argument)
      : values(input.arguments[argument]->data<P>()), states(input.arguments[argument]->states()) {}
  [[nodiscard]] State state(uint32_t row) const { return states[row]; }
  [[nodiscard]] const P& get(uint32_t row) const { return values[row]; }
  const P* values;
  const State* states;
};

template <class T>
requires std::same_as<T, Numeric> || std::same_as<T, Interval> || std::same_as<T, Uuid>
struct Source<const T&> : Source<T> {
  using Source<T>::Source;
};

template <class T>
struct Source<Nullable<T>> {
  static constexpr bool kIsArgument = true;
  Source(const CallInput& input, size_t argument)
      : values(input.arguments[argument]->data<T>()), states(input.arguments[argument]->states()) {}
  [[nodiscard]] State state(uint32_t row) const {
    return states[row] == State::failed ? State::failed : State::value;
  }
  [[nodiscard]] Nullable<T> get(uint32_t row) const {
    return states[row] == State::null ? Nullable<T>() : Nullable<T>(values[row]);
  }
  const T* values;
  const State* states;
};

template <>
struct Source<Arena&> {
  static constexpr bool kIsArgument = false;
  Source(const CallInput& input, size_t) : arena(input.arena) {}
  [[nodiscard]] static State state(uint32_t) { return State::value; }
  [[nodiscard]] Arena& get(uint32_t) const { return arena; }
  Arena& arena;
};

template <std::derived_from<Prepared> P>
struct Source<const P&> {
  static constexpr bool kIsArgument = false;
  Source(const CallInput& input, size_t) : prepared(static_cast<const P&>(*input.prepared)) {}
  [[nodiscard]] static State state(uint32_t) { return State::value; }
  [[nodiscard]] const P& get(uint32_t) const { return prepared; }
  const P& prepared;
};

template <std::derived_from<FunctionState> S>
struct Source<S&> {
  static constexpr bool kIsArgument = false;
  Source(const CallInput& input, size_t) : kept(static_cast<S&>(*input.state)) {}
  [[nodiscard]] static State state(uint32_t) { return State::value; }
  [[nodiscard]] S& get(uint32_t) const { return kept; }
  S& kept;
};

// How many of the parameters before number `index` are arguments: the argument's own number.
template <class... P>
constexpr size_t argument_number(size_t index) {
  constexpr std::array<bool, sizeof...(P)> kArguments{Source<P>::kIsArgument...};
  size_t number = 0;
  for (size_t i = 0; i < index; ++i) number += kArguments[i] ? 1 : 0;
  return number;
}

template <class... P, size_t... I>
std::tuple<Source<P>...> sources_of(const CallInput& input, std::index_sequence<I...>) {
  return {Source<P>(input, argument_number<P...>(I))...};
}

// All values: a value. Otherwise a failure wins over NULL.
template <class... States>
State combined(States... states) {
  const auto all = static_cast<uint8_t>((static_cast<uint8_t>(states) & ...));
  const auto any = static_cast<uint8_t>((static_cast<uint8_t>(states) | ...));
  constexpr auto kValue = static_cast<uint8_t>(State::value);
  constexpr auto kFailed = static_cast<uint8_t>(State::failed);
  return all == kValue ? State::value : static_cast<State>(any & kFailed);
}

// `compute`, asked once while its argument stays the same.
template <class In, class Compute>
auto once_while_the_same(Compute compute) {
  using Out = decltype(compute(std::declval<In>()));
  return [compute, last = std::optional<std::pair<In, Out>>()](In in) mutable {
    if (!last || last->first != in) last.emplace(in, compute(in));
    return last->second;
  };
}

template <class F>
concept Repeats = requires {
  requires F::kRepeats;
};

// Writes what call() gave for a row whose arguments it takes.
template <class Computed>
struct Written {
  using Value = Computed;
  static State write(Computed computed, Value& out) {
    out = computed;
    return State::value;
  }
};
template <class T>
struct Written<std::optional<T>> {
  using Value = T;
  static State write(const std::optional<T>& computed, Value& out) {
    if (!computed) return State::failed;
    out = *computed;
    return State::value;
  }
};
template <class T>
struct Written<Nullable<T>> {
  using Value = T;
  static State write(const Nullable<T>& computed, Value& out) {
    if (computed.null) return State::null;
    out = computed.value;
    return State::value;
  }
};

// Without arguments.
inline State combined() {
  return State::value;
}

template <class T>
struct Written<std::optional<Nullable<T>>> {
  using Value = T;
  static State write(const std::optional<Nullable<T>>& computed, Value& out) {
    return computed ? Written<Nullable<T>>::write(*computed, out) : State::failed;
  }
};

template <class R, class... P, size_t... I, class Compute>
void run(Frame& frame, std::index_sequence<I...> numbers, Compute compute) {
  [[maybe_unused]] const auto sources = sources_of<P...>(frame, numbers);
  auto* const out = frame.result.data<typename Written<R>::Value>();
  State* const out_states = frame.result.states();
  for (const uint32_t row : frame.rows) {
    const State state = combined(std::get<I>(sources).state(row)...);
    out_states[row] = state;
    if (state == State::value)
      out_states[row] = Written<R>::write(compute(std::get<I>(sources).get(row)...), out[row]);
  }
}

// A function whose one argument repeats: what else it takes is the same for all rows.
template <class F, class R, class... P>
void run_repeating(Frame& frame, R (*)(P...)) {
  constexpr size_t kPlace = [] {
    constexpr std::array<bool, sizeof...(P)> kArguments{Source<P>::kIsArgument...};
    size_t place = 0;
    while (!kArguments[place]) ++place;
    return place;
  }();
  using In = std::tuple_element_t<kPlace, std::tuple<P...>>;
  const auto sources = sources_of<P...>(frame, std::index_sequence_for<P...>());
  const auto with = [&]<size_t... I>(In in, std::index_sequence<I...>) {
    const auto parameter = [&]<size_t i>(std::integral_constant<size_t, i>) -> decltype(auto) {
      if constexpr (i == kPlace) {
        return In(in);
      } else {
        return std::get<i>(sources).get(0);
      }
    };
    return F::call(parameter(std::integral_constant<size_t, I>())...);
  };
  run<R, In>(frame, std::index_sequence<0>(), once_while_the_same<In>([&](In in) {
               return with(in, std::index_sequence_for<P...>());
             }));
}

template <class F, class R, class... P>
void loop(Frame& frame, R (*call)(P...)) {
  if constexpr (Repeats<F>) {
    run_repeating<F, R, P...>(frame, call);
  } else {
    // Called by its name, not by the pointer, so that it is inlined.
    run<R, P...>(frame, std::index_sequence_for<P...>(),
                 [](auto&&... parameters) -> R { return F::call(parameters...); });
  }
}

template <class... P, size_t... I>
Reason explain(const CallInput& input, uint32_t row, Reason (*why)(P...),
               std::index_sequence<I...> numbers) {
  const auto sources = sources_of<P...>(input, numbers);
  return why(std::get<I>(sources).get(row)...);
}

template <class... P>
Reason explain(const CallInput& input, uint32_t row, Reason (*why)(P...)) {
  return explain<P...>(input, row, why, std::index_sequence_for<P...>());
}

template <class R, class... P>
constexpr NullRule null_rule(R (*)(P...)) {
  if constexpr (!(IsNullable<P>::value || ...)) {
    static_assert(!IsNullable<R>::value, "a strict function gives values for values");
    return NullRule::strict;
  }
  constexpr bool kAllTakeNull = ((IsNullable<P>::value || !Source<P>::kIsArgument) && ...);
  return kAllTakeNull && !IsNullable<R>::value ? NullRule::never_null : NullRule::sees_null;
}

template <class R, class... P>
constexpr bool can_fail(R (*)(P...)) {
  return IsOptional<R>::value;
}

// The state that a parameter asks for, or void.
template <class P>
struct StateAsked {
  using Type = void;
};
template <std::derived_from<FunctionState> S>
struct StateAsked<S&> {
  using Type = S;
};

template <class R, class... P>
OpenState open_state(R (*)(P...)) {
  OpenState open = nullptr;
  [[maybe_unused]] const auto look = [&]<class S>(std::type_identity<S>) {
    if constexpr (!std::is_void_v<S>)
      open = []() -> std::unique_ptr<FunctionState> { return std::make_unique<S>(); };
  };
  (look(std::type_identity<typename StateAsked<P>::Type>()), ...);
  return open;
}

}  // namespace loops

// The loop over a batch of the function F, which is a struct as described above.
template <class F>
void loop_of(Frame& frame) {
  loops::loop<F>(frame, &F::call);
}

// The description with all that follows from F.
template <class F>
Function function_of(Function description) {
  description.loop = loop_of<F>;
  description.nulls = loops::null_rule(&F::call);
  description.open_state = loops::open_state(&F::call);
  if constexpr (loops::can_fail(&F::call))
    description.explain = [](const CallInput& input, uint32_t row) {
      return loops::explain(input, row, &F::why);
    };
  return description;
}

}  // namespace turntable::sql
