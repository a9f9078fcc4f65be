// A record of the simulated topic: what it is to each INSERT, and what has become of it there.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "row/insert_set.h"
#include "row/types.h"

namespace turntable {

// What a record is to an INSERT, and so what has to become of it there.
enum class Fate : uint8_t {
  row,
  refused,    // By the store.
  malformed,  // In every INSERT.
  unmatched,
  dropped,   // Unmatched too, in a lookup whose missing keys have no dead letter.
  filtered,  // By WHERE.
};

struct SimulatedRecord {
  static constexpr size_t kMostInserts = 3;

  Offset offset = 0;
  std::array<Fate, kMostInserts> fates{};  // By INSERT.
  std::string value;                       // See text_of(); empty where it is a tombstone.
  bool tombstone = false;                  // A deletion, where they are: its fates are rows.
  int32_t id = 0;
  int32_t key = 0;                // Other records of the partition have it, too.
  std::optional<int32_t> note{};  // Beside the key: a value that may be NULL.
  uint64_t read_under = 0;        // The assignment under which it was read last.
  // INSERTs in which it is a row, stands in a dead letter, or is dropped where that is wanted; of
  // those that owe one.
  InsertSet durable;
  bool read = false;   // And nothing has come since that excuses reading it again.
  uint32_t reads = 0;  // So often its rows may be written, where that counts.
  std::array<uint32_t, kMostInserts> rows{};  // That were, by INSERT.
  uint32_t letters = 0;                       // That were written of it.
  uint32_t letters_limit = 0;
  InsertSet replayed;  // INSERTs that its letter names, and that have to make a row of it now.

  [[nodiscard]] bool has(Fate fate, size_t inserts) const {
    return std::find(fates.begin(), fates.begin() + static_cast<ptrdiff_t>(inserts), fate) !=
           fates.begin() + static_cast<ptrdiff_t>(inserts);
  }
  // INSERTs that owe something for it, of so many.
  [[nodiscard]] InsertSet owing(size_t inserts) const {
    InsertSet owing;
    for (size_t insert = 0; insert < inserts; ++insert)
      if (fates[insert] != Fate::filtered && fates[insert] != Fate::dropped)
        owing |= InsertSet::of(insert);
    return owing;
  }
  // INSERTs that stand in its dead letter.
  [[nodiscard]] InsertSet faults(size_t inserts) const {
    InsertSet faults;
    owing(inserts).for_each([&](size_t insert) {
      if (fates[insert] != Fate::row) faults |= InsertSet::of(insert);
    });
    return faults;
  }
};

}  // namespace turntable
