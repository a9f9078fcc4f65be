#include "enrich/missed_keys.h"

#include <algorithm>
#include <cstddef>

namespace turntable {
namespace {

// The longest part of the text, from its beginning, that has no more bytes and ends with a
// character.
std::string_view cut_at_character(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

void MissedKeys::add(std::string_view whole_key, Counter more) {
  const std::string key(cut_at_character(whole_key, kKeyBytesLimit));
  total_ += more.count - more.of_others;
  const auto known = counters_.find(key);
  Counter counter;
  if (known != counters_.end()) {
    counter = known->second;
    by_count_.erase({counter.count, key});
  } else if (counters_.size() == kCounters) {
    const auto lowest = by_count_.begin();
    counter.count = counter.of_others = lowest->first;
    counters_.erase(lowest->second);
    by_count_.erase(lowest);
  }
  counter.count += more.count;
  counter.of_others += more.of_others;
  counters_[key] = counter;
  by_count_.emplace(counter.count, key);
}

void MissedKeys::add(const MissedKeys& other) {
  // The most missed last: they are the ones that stay.
  uint64_t counted = 0;
  for (const auto& [count, key] : other.by_count_) {
    const Counter& counter = other.counters_.at(key);
    counted += counter.count - counter.of_others;
    add(key, counter);
  }
  total_ += other.total_ - counted;
}

std::vector<MissedKeys::Missed> MissedKeys::most(size_t limit) const {
  std::vector<Missed> found;
  for (const auto& [key, counter] : counters_)
    found.push_back({key, counter.count - counter.of_others});
  const auto middle = found.begin() + static_cast<ptrdiff_t>(std::min(limit, found.size()));
  std::partial_sort(found.begin(), middle, found.end(), [](const Missed& a, const Missed& b) {
    return a.count != b.count ? a.count > b.count : a.key < b.key;
  });
  found.erase(middle, found.end());
  return found;
}

}  // namespace turntable
