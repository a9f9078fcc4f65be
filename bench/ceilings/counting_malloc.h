// Counts the allocations of a program that is linked with counting_malloc.cc.
#pragma once

#include <cstdint>

namespace bench {

// Calls of malloc and its relatives on this thread so far; operator new is one of them.
[[nodiscard]] uint64_t allocations();

}  // namespace bench
