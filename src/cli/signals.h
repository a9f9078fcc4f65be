// SIGINT and SIGTERM: the first asks for a clean end. Those within a second of it are the same
// wish, for `timeout` sends two; a later one leaves at once.
#pragma once

#include "base/stop.h"

namespace turntable {

// The token lives as long as the process: signal handlers reach it.
[[nodiscard]] StopToken& install_signal_handlers();

}  // namespace turntable
