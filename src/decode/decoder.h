// From a record's bytes to typed columns.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "decode/field_census.h"
#include "row/column.h"
#include "row/record.h"
#include "row/reject.h"

namespace turntable {

class Decoder {
 public:
  virtual ~Decoder() = default;

  // Fills columns[i] with declared column i of every record in the batch. Rows that decode stay in
  // `alive` (ascending); others are appended to `rejects`. Views point into the batch or into the
  // decoder, valid until the next call.
  virtual void decode(const RecordBatch& batch, std::span<Column> columns, Selection& alive,
                      Rejects& rejects) = 0;

  // About all records so far.
  [[nodiscard]] virtual FieldCensus census() const { return {}; }

  // Fields whose times were cut for the first time since the last call: they have digits beyond
  // microseconds.
  [[nodiscard]] virtual std::vector<std::string> newly_cut() { return {}; }
};

}  // namespace turntable
