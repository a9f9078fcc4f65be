// How deep JSON may nest, wherever it comes from.
#pragma once

namespace turntable {

// The outermost object or array is level 1. simdjson's own default, so that its other parsers agree
// with us.
inline constexpr int kMaxJsonDepth = 1024;

}  // namespace turntable
