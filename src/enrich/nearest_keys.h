// What stands in a lookup beside a key that it does not have: where next to nothing matches, the
// two side by side show what differs, such as the case, a blank, or a prefix.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "enrich/enrich_plan.h"
#include "enrich/missed_keys.h"

namespace turntable {

// A sentence with one of the keys that were missed most often and the keys of the lookup that
// differ least from it: "name = 'alpha' was missed; the nearest: name = 'Alpha'". Keys such as the
// lookup has where none is like it. Empty where the lookup has no keys, or only NULL was looked
// for.
//
// Takes a second at most: all of a lookup's keys, up to kKeysRead of them, are looked at for one
// that differs in case and white space only, and about kKeysCompared for others.
[[nodiscard]] std::string nearest_keys(const EnrichPlan& plan, const std::string& lookup,
                                       const MissedKeys& missed);

inline constexpr size_t kKeysRead = 1'000'000;
inline constexpr size_t kKeysCompared = 50'000;

// How many bytes must be changed, added or taken away to make one text the other; `limit` + 1 where
// more than `limit`.
[[nodiscard]] size_t edit_distance(std::string_view a, std::string_view b, size_t limit);

}  // namespace turntable
