// Records that were read and are not settled. Their bytes are kept: a store may still refuse a row,
// and the record's dead letter carries it as it came.
//
// Batches are let go of in the order in which they came, each when all of its records are settled.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "delivery/ledger.h"
#include "row/record.h"

namespace turntable {

// One lane's. One thread.
class HeldRecords {
 public:
  // `ledger` outlives this.
  explicit HeldRecords(const Ledger& ledger) : ledger_(ledger) {}

  // A batch, with the ledger's names of its records. It stays where it is until it is released.
  struct Batch {
    RecordBatch records;
    std::vector<Origin> origins;  // Of records.records[i].
  };
  const Batch& add(RecordBatch records, std::vector<Origin> origins);

  // Lets go of what is settled.
  void release();

  // Of all records that are held, with what each takes beside its bytes.
  [[nodiscard]] size_t bytes() const { return bytes_; }

  // A record that is held; without a batch where it is not.
  struct Place {
    const RecordBatch* batch = nullptr;
    uint32_t row = 0;
  };
  // Where each of the records is. Looks at everything that is held, so ask for many at once.
  [[nodiscard]] std::vector<Place> find(std::span<const Origin> origins) const;

  // An empty vector for the origins of the next batch, with the memory of an earlier one.
  [[nodiscard]] std::vector<Origin> spare_origins();

 private:
  struct Held {
    Batch batch;
    size_t bytes = 0;
    size_t settled = 0;  // The first so many records are.
  };

  const Ledger& ledger_;
  std::deque<Held> held_;  // Elements stay where they are while others come and go at the ends.
  size_t bytes_ = 0;
  std::vector<std::vector<Origin>> spare_origins_;
};

}  // namespace turntable
