#include "cli/signals.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "app/exit_code.h"
#include "base/descriptor.h"

namespace turntable {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
// Signals that follow the first one so soon are the same wish to stop: `timeout` signals the
// process and then its whole group.
constexpr int64_t kOneWishNs = kNanosPerSecond;

// A signal handler takes no argument of ours, so this and the next are objects that have to be
// global.
StopToken& process_stop() {
  static StopToken token;
  return token;
}

// When the first signal came, on the monotonic clock; 0: none has.
std::atomic<int64_t> first_signal_ns{0};
static_assert(std::atomic<int64_t>::is_always_lock_free);

// Only calls that are safe in a signal handler (signal-safety(7)). Signals may come on several
// threads at once.
void on_signal(int) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t now_ns = int64_t{now.tv_sec} * kNanosPerSecond + now.tv_nsec;
  int64_t first_ns = 0;
  if (!first_signal_ns.compare_exchange_strong(first_ns, now_ns) &&
      now_ns - first_ns >= kOneWishNs) {
    write_last_words(
        "\nturntable: leaving at once; what was not acknowledged is read again next time\n");
    ::_exit(static_cast<int>(ExitCode::failed));
  }
  process_stop().request();
}

}  // namespace

StopToken& install_signal_handlers() {
  StopToken& token = process_stop();
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  // A reader that goes away (`turntable query … | head`) is an error of write(), not the end of the
  // process.
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
  return token;
}

}  // namespace turntable
