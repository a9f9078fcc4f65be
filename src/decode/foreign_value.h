// What a value is that is no JSON object, where its bytes tell: a record of a schema registry, an
// object that was encoded twice, something compressed. People who see only "not JSON" look for the
// fault in the wrong place.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace turntable {

// A sentence that names it and says what to do at the producer; nothing where it is nothing that is
// known. Only for values that are no JSON object. Thread-safe.
[[nodiscard]] std::optional<std::string> foreign_value(std::string_view value);

}  // namespace turntable
