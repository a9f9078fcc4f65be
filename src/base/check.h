// CHECK: invariants of the program itself, on in every build. Never for input.
#pragma once

namespace turntable {

// What an operator needs to know about a bug: what to report, and that nothing is lost. The lane
// commits what is acknowledged and nothing else, so a process that dies anywhere is safe to start
// again (docs/DELIVERY.md). Allocates nothing.
void say_bug(const char* what, const char* file, int line);

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace turntable

#define CHECK(condition)              \
  ((condition) ? static_cast<void>(0) \
               : ::turntable::check_failed("CHECK(" #condition ") failed", __FILE__, __LINE__))
