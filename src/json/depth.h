// How deep JSON may nest, wherever it comes from.
#pragma once

#include "base/json_text.h"

namespace turntable {

// The outermost object or array is level 1. As deep as in texts that are read without simdjson, and
// simdjson's own default, so that its other parsers agree with us.
inline constexpr int kMaxJsonDepth = kJsonTextDepthLimit;

}  // namespace turntable
