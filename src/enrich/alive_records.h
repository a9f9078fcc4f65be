// Which records of a batch are alive, for each INSERT by itself: selections that only narrow from
// step to step.
#pragma once

#include <cstdint>
#include <vector>

#include "row/column.h"
#include "row/insert_set.h"

namespace turntable {

// One thread; memory is kept from batch to batch.
class AliveRecords {
 public:
  explicit AliveRecords(size_t inserts) : alive_(inserts) {}

  // A batch of `rows` records, of which those of in(0) are alive in every INSERT.
  void spread(size_t rows);

  // Whoever narrows it says so by narrowed(), before the next call of in_any().
  [[nodiscard]] Selection& in(size_t insert) { return alive_[insert]; }
  [[nodiscard]] const Selection& in(size_t insert) const { return alive_[insert]; }
  void narrowed();

  // The records that are alive in any of these INSERTs, of which there is at least one. Valid until
  // narrowed().
  [[nodiscard]] const Selection& in_any(InsertSet inserts);

 private:
  struct Union {
    InsertSet inserts;
    bool known = false;
    Selection rows;
  };
  void unite(Union& wanted);

  std::vector<Selection> alive_;  // By INSERT.
  Selection all_;                 // What the batch began with; empty for a single INSERT.
  std::vector<Union> unions_;     // Of several INSERTs, as far as they were asked for.
  std::vector<uint8_t> marks_;    // By record; all 0 between calls.
};

}  // namespace turntable
