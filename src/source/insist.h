// Puts a question to the brokers until there is an answer.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "base/stop.h"

namespace turntable {

// A stop is noticed so soon.
inline constexpr Millis kInsistSlice{100};

// Repeats `question` as long as its error is transient, with backoff. `meanwhile` is called between
// two tries, all the time; its error ends the wait. A stop gives an error of kind interrupted;
// `name` is what is waited for.
template <class Question>
[[nodiscard]] auto insist(const std::string& name, const StopToken& stop, const Clock& clock,
                          Question question, const std::function<Status(const Error&)>& meanwhile)
    -> decltype(question()) {
  Retry retry(Backoff::Options{.first = Millis(100), .limit = Millis(2'000)});
  while (true) {
    if (stop.requested())
      return fail(ErrorKind::interrupted, fmt::format("Interrupted while waiting for {}", name));
    auto answer = question();
    if (answer || answer.error().kind != ErrorKind::transient) return answer;
    retry.failed(clock.now());
    while (!retry.is_due(clock.now()) && !stop.requested()) {
      RETURN_IF_ERROR(meanwhile(answer.error()));
      const auto left = std::chrono::ceil<Millis>(retry.due() - clock.now());
      clock.sleep(std::clamp(left, Millis(0), kInsistSlice));
    }
  }
}

}  // namespace turntable
