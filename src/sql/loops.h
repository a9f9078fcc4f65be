// Loops over the rows of a batch, for the functions of the table. A function is written for one row
// of plain values; these templates lend it NULL handling and the walk over the columns.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "sql/functions.h"

namespace turntable::sql {

namespace loops {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

// All values: a value. Else a failed one wins over NULL.
template <class... States>
uint8_t combined(States... states) {
  const auto all = static_cast<uint8_t>((states & ...));
  return all == kValue ? kValue : static_cast<uint8_t>((states | ...) & kFailedValue);
}

template <class R, class... A, size_t... I, class Compute, class Why>
void run(Frame& frame, std::index_sequence<I...>, Compute compute, Why why) {
  const auto values = std::tuple(frame.arguments[I]->data<A>()...);
  const auto states = std::tuple(frame.arguments[I]->valid()...);
  R* const out = frame.result.data<R>();
  uint8_t* const out_state = frame.result.valid();
  for (const uint32_t row : frame.rows) {
    const uint8_t state = combined(std::get<I>(states)[row]...);
    out_state[row] = state;
    if (state != kValue) continue;
    auto computed = compute(std::get<I>(values)[row]...);
    if constexpr (IsOptional<decltype(computed)>::value) {
      if (computed) {
        out[row] = *computed;
      } else {
        const std::pair<RejectCode, std::string> reason = why(std::get<I>(values)[row]...);
        frame.fail(row, reason.first, reason.second);
      }
    } else {
      out[row] = computed;
    }
  }
}

}  // namespace loops

// Strict: NULL in, NULL out. R and A… are the columns' C++ types.
template <class R, class... A, class Compute>
void map_rows(Frame& frame, Compute compute) {
  loops::run<R, A...>(frame, std::index_sequence_for<A...>(), compute,
                      [](const A&...) { return std::pair<RejectCode, std::string>(); });
}

// As above, where compute gives an optional<R>: `why` says why there is nothing.
template <class R, class... A, class Compute, class Why>
void map_rows_or_fail(Frame& frame, Compute compute, Why why) {
  loops::run<R, A...>(frame, std::index_sequence_for<A...>(), compute, why);
}

}  // namespace turntable::sql
