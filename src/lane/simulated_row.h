// A row as the simulated stores get it: the cells of the pipelines in simulation_test.cc.
#pragma once

#include <optional>

#include "base/micros.h"
#include "lane/simulated_keys.h"
#include "row/cell.h"
#include "row/row_batch.h"

namespace turntable {

struct SimulatedRow {
  int32_t id = 0;
  PartitionId partition = 0;
  Offset offset = 0;
  // Where keys repeat:
  int32_t key = 0;
  std::optional<int32_t> note;
  bool note_is_unset = false;
  int64_t write_time_us = kNoWriteTime;

  [[nodiscard]] static SimulatedRow read(CellReader& cells, bool keys_repeat, const RowForm& form) {
    SimulatedRow row;
    row.id = cells.next().int32();
    row.partition = cells.next().int32();
    row.offset = cells.next().int64();
    if (keys_repeat) {
      row.key = cells.next().int32();
      row.note_is_unset = cells.next_is_unset();
      if (const CellView note = cells.next(); !note.is_null()) row.note = note.int32();
    }
    if (form.write_time) row.write_time_us = cells.next().int64();
    return row;
  }

  [[nodiscard]] SimulatedKeys::Values values() const {
    return {.offset = offset, .id = id, .note = note, .note_is_unset = note_is_unset};
  }
};

}  // namespace turntable
