#include "app/retry_transient.h"

#include <algorithm>

#include "base/log.h"
#include "base/retry.h"

namespace turntable {
namespace {

// How long a wait may keep a stop from being noticed.
constexpr Millis kStopGranularity{50};
// The same cause is said again after so long.
constexpr Millis kRepeatAfter{30'000};

void wait_or_stop(const Retry& retry, const StopToken& stop, const Clock& clock) {
  while (!stop.requested() && !retry.is_due(clock.now())) {
    const auto left = std::chrono::ceil<Millis>(retry.due() - clock.now());
    clock.sleep(std::clamp(left, Millis(1), kStopGranularity));
  }
}

}  // namespace

RetryOptions retry_of_file(const std::string& path) {
  return {.until = "it can be opened", .success = path + " is open"};
}

Status retry_transient(const StopToken& stop, const std::function<Status()>& attempt,
                       const RetryOptions& options, const Clock& clock) {
  Retry retry({.first = Millis(250), .limit = Millis(5'000)});
  const SteadyTime began = clock.now();
  std::string said;
  SteadyTime said_at{};
  while (true) {
    if (stop.requested()) return fail(ErrorKind::interrupted, "stopped");
    Status status = attempt();
    if (status || status.error().kind != ErrorKind::transient) {
      if (status && !said.empty()) log::info("{}", options.success);
      return status;
    }
    const SteadyTime now = clock.now();
    const bool news = status.error().message != said || now - said_at >= kRepeatAfter;
    if (news && now - began >= options.quiet_for) {
      said = status.error().message;
      said_at = now;
      log::warn("{}; trying again until {}", said, options.until);
    }
    retry.failed(now);
    wait_or_stop(retry, stop, clock);
  }
}

}  // namespace turntable
