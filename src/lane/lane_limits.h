// How long a lane waits, and for what. Inside lane/ only.
#pragma once

#include "base/clock.h"

namespace turntable {

// The longest wait anywhere in the loop: how late a stop may be noticed.
inline constexpr Millis kWaitLimit{100};
// A lane that could not read for so long tells the group that it is alive.
inline constexpr Millis kKeepAliveAfter{1000};
// More than this in unwritten dead letters, and the lane stops reading.
inline constexpr size_t kDeadLetterBytesLimit = size_t{32} << 20;

// Where a WHERE leaves records out, a batch that lacks one row may take many of them: they are not
// read one by one.
inline constexpr size_t kLeastRoomWithFilters = 64;

}  // namespace turntable
