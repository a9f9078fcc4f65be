#include "enrich/missed_keys.h"

#include <algorithm>
#include <cstddef>

namespace turntable {

void MissedKeys::add(std::string_view whole_key, uint64_t n) {
  const std::string key(whole_key.substr(0, kKeyBytesLimit));
  total_ += n;
  const auto known = counts_.find(key);
  uint64_t before = 0;
  if (known != counts_.end()) {
    before = known->second;
    by_count_.erase({before, key});
  } else if (counts_.size() == kCounters) {
    const auto lowest = by_count_.begin();
    before = lowest->first;
    counts_.erase(lowest->second);
    by_count_.erase(lowest);
  }
  counts_[key] = before + n;
  by_count_.emplace(before + n, key);
}

void MissedKeys::add(const MissedKeys& other) {
  // The most missed last: they are the ones that stay.
  for (const auto& [count, key] : other.by_count_) add(key, count);
}

std::vector<MissedKeys::Missed> MissedKeys::most(size_t limit) const {
  std::vector<Missed> found;
  for (const auto& [key, count] : counts_) found.push_back({key, count});
  const auto middle = found.begin() + static_cast<ptrdiff_t>(std::min(limit, found.size()));
  std::partial_sort(found.begin(), middle, found.end(), [](const Missed& a, const Missed& b) {
    return a.count != b.count ? a.count > b.count : a.key < b.key;
  });
  found.erase(middle, found.end());
  return found;
}

}  // namespace turntable
