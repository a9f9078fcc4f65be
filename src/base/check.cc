#include "base/check.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/descriptor.h"

namespace turntable {

void say_bug(const char* what, const char* file, int line) {
  std::array<char, 2048> text{};
  std::snprintf(text.data(), text.size(),
                "turntable: bug: %s at %s:%d (version %s). Please report this line, the command and "
                "its pipeline; nothing that was not acknowledged has been committed, so it is safe "
                "to start again.\n",
                what, file, line, TURNTABLE_VERSION);
  write_last_words(text.data());
}

void check_failed(const char* expression, const char* file, int line) {
  say_bug(expression, file, line);
  std::abort();
}

}  // namespace turntable
