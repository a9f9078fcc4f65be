// The keys that records looked for most often in a lookup that does not have them.
//
// However many keys are missed, only so many counters are kept: a key that has none takes over the
// one with the lowest count, and counts on from there (Metwally, Agrawal, El Abbadi, "Efficient
// computation of frequent and top-k elements in data streams", 2005). So no key that was missed
// more often than total() / kCounters is left out. What a counter had counted for others before is
// known, and is not shown: a key was missed as often as most() says, or more often.
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

  void add(std::string_view key) { add(key, {.count = 1}); }
  void add(const MissedKeys& other);

  [[nodiscard]] uint64_t total() const { return total_; }

  struct Missed {
    std::string key;
    uint64_t count = 0;  // At least.
    friend bool operator==(const Missed&, const Missed&) = default;
  };
  // The most missed first; those with one count by their text.
  [[nodiscard]] std::vector<Missed> most(size_t limit) const;

 private:
  struct Counter {
    uint64_t count = 0;
    uint64_t of_others = 0;  // Of `count`: for keys that had the counter before.
  };
  void add(std::string_view key, Counter more);

  uint64_t total_ = 0;
  std::unordered_map<std::string, Counter> counters_;
  std::set<std::pair<uint64_t, std::string>> by_count_;  // The same, the lowest first.
};

}  // namespace turntable
