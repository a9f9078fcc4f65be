// CHECK: invariants of the program itself, on in every build. Never for input.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace turntable {

[[noreturn]] inline void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "turntable: bug: CHECK(%s) failed at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace turntable

#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::turntable::check_failed(#condition, __FILE__, __LINE__))
