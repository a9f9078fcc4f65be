#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

#include <string_view>

#include "app/exit_code.h"

namespace turntable {
namespace {

// A signal handler takes no argument of ours, so this is the one object that has to be global.
StopToken& process_stop() {
  static StopToken token;
  return token;
}

// Only calls that are safe in a signal handler (signal-safety(7)).
void on_signal(int) {
  if (process_stop().requested()) {
    constexpr std::string_view kText =
        "\nturntable: leaving at once; what was not acknowledged is read again next time\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kText.data(), kText.size());
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
