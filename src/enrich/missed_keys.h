// The keys that records looked for most often in a lookup that does not have them.
//
// However many keys are missed, only so many counters are kept: a key that has none takes over the
// one with the lowest count, and counts on from there (Metwally, Agrawal, El Abbadi, "Efficient
// computation of frequent and top-k elements in data streams", 2005). So no key that was missed
// more often than total() / kCounters is left out, and no count is too low. A count may be too high
// by what the counter had counted before.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace turntable {

// One lane's. One thread.
class MissedKeys {
 public:
  static constexpr size_t kCounters = 1'000;
  // A longer key is cut: two that differ only behind it count as one.
  static constexpr size_t kKeyBytesLimit = 200;

  void add(std::string_view key) { add(key, 1); }
  void add(const MissedKeys& other);

  [[nodiscard]] uint64_t total() const { return total_; }

  struct Missed {
    std::string key;
    uint64_t count = 0;
    friend bool operator==(const Missed&, const Missed&) = default;
  };
  // The most missed first; those with one count by their text.
  [[nodiscard]] std::vector<Missed> most(size_t limit) const;

 private:
  void add(std::string_view key, uint64_t n);

  uint64_t total_ = 0;
  std::unordered_map<std::string, uint64_t> counts_;
  std::set<std::pair<uint64_t, std::string>> by_count_;  // The same, the lowest first.
};

}  // namespace turntable
