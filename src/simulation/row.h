// A row as the simulated stores get it: the cells of the pipelines in simulation/pipeline.h.
#pragma once

#include <fmt/format.h>

#include <optional>

#include "base/micros.h"
#include "row/cell.h"
#include "row/row_batch.h"
#include "simulation/keys.h"
#include "simulation/world.h"

namespace turntable {

// A table of a simulated store.
struct SimulatedTable {
  size_t insert = 0;  // Whose rows it takes.
  RowForm form;
};

struct SimulatedRow {
  int32_t id = 0;
  PartitionId partition = 0;
  Offset offset = 0;
  // Where keys repeat:
  int32_t key = 0;
  std::optional<int32_t> note;
  bool note_is_unset = false;
  int64_t write_time_us = kNoWriteTime;
  RowKind kind = RowKind::write;

  // Faults are the world's.
  [[nodiscard]] static SimulatedRow read(SimulatedWorld& world, const SimulatedTable& table,
                                         CellReader& cells) {
    SimulatedRow row;
    row.id = cells.next().int32();
    row.partition = cells.next().int32();
    row.offset = cells.next().int64();
    if (const int32_t insert = cells.next().int32(); insert != static_cast<int32_t>(table.insert))
      world.fail(
          fmt::format("a row of INSERT {} is in the table of INSERT {}", insert, table.insert));
    if (world.keys_repeat) {
      row.key = cells.next().int32() % SimulatedWorld::kKeys;
      row.note_is_unset = cells.next_is_unset();
      if (const CellView note = cells.next(); !note.is_null()) row.note = note.int32();
    }
    if (table.form.write_time) row.write_time_us = cells.next().int64();
    return row;
  }

  // Of a deletion: the key tells the partition, and the write time which of its tombstones it is.
  [[nodiscard]] static SimulatedRow deletion(SimulatedWorld& world, int32_t key_column,
                                             int64_t write_time_us) {
    SimulatedRow row;
    row.kind = RowKind::deletion;
    row.partition = key_column / SimulatedWorld::kKeys;
    row.key = key_column % SimulatedWorld::kKeys;
    row.write_time_us = write_time_us;
    const SimulatedRecord& of = world.tombstone(row.partition, row.key, write_time_us);
    row.offset = of.offset;
    row.id = of.id;
    return row;
  }
  // As sinks get it: all cells of a row, NULL but for the key and the write time.
  [[nodiscard]] static SimulatedRow read_deletion(SimulatedWorld& world, CellReader& cells) {
    for (int i = 0; i < 4; ++i)
      if (!cells.next().is_null()) world.fail("a deletion has a value beside its key");
    const int32_t key = cells.next().int32();
    if (!cells.next().is_null()) world.fail("a deletion has a value beside its key");
    return deletion(world, key, cells.next().int64());
  }
  // As a cluster gets it: the write time and the key.
  [[nodiscard]] static SimulatedRow read_sent_deletion(SimulatedWorld& world, CellReader& cells) {
    const int64_t write_time_us = cells.next().int64();
    return deletion(world, cells.next().int32(), write_time_us);
  }

  [[nodiscard]] SimulatedKeys::Values values() const {
    return {.offset = offset, .id = id, .note = note, .note_is_unset = note_is_unset};
  }
};

}  // namespace turntable
