// Calls that are made again until they work: connecting, opening a file, asking a server.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/stop.h"

namespace turntable {

// How retry_transient() speaks of what it waits for.
struct RetryOptions {
  std::string until = "it can be reached";  // "…; trying again until " this.
  std::string success = "connected";        // Said after a warning.
  // A cause that ends sooner is not worth a warning.
  Millis quiet_for{0};
};

// The same for a file, which is opened and not connected with.
[[nodiscard]] RetryOptions retry_of_file(const std::string& path);

// Calls `attempt` until it succeeds, fails for good, or `stop` is requested (an error of kind
// interrupted); says once per cause what is waited for.
[[nodiscard]] Status retry_transient(const StopToken& stop, const std::function<Status()>& attempt,
                                     const RetryOptions& options = {},
                                     const Clock& clock = SystemClock());

}  // namespace turntable
