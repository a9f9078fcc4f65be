// Where records come from. A source belongs to one lane and is called by its thread only.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "row/position.h"
#include "row/record.h"
#include "row/types.h"

namespace turntable {

// Called inside Source::poll(), on the lane's thread, when partitions come and go.
class AssignmentListener {
 public:
  virtual ~AssignmentListener() = default;
  virtual void on_assigned(std::span<const PartitionId> partitions) = 0;
  // Nothing below `next` will come any more of a partition that is ours: it is read from there on,
  // or what lay before is gone.
  virtual void on_passed(PartitionId, [[maybe_unused]] Offset next) {}
  // Where the sink's own books, if it has any, say that the partition is to be read on. Where
  // keeps_positions(), they go before the source's; else the lower of both counts.
  [[nodiscard]] virtual bool keeps_positions() const { return false; }
  [[nodiscard]] virtual std::optional<Position> kept_position(PartitionId) const {
    return std::nullopt;
  }
  // The ids of the stores that would keep positions, or do, with commas between them.
  [[nodiscard]] virtual std::string store_ids() const { return ""; }
  // Told after on_assigned(), where it is known: the highest write time that an owner before gave
  // to a record of the partition (row/position.h).
  virtual void on_write_time(PartitionId, [[maybe_unused]] int64_t last_us) {}
  // The partitions are still owned during the call, unless `lost`: what is acknowledged may still
  // be stored. After it they belong to somebody else.
  virtual void on_revoked(std::span<const PartitionId> partitions, bool lost) = 0;
};

class Source {
 public:
  virtual ~Source() = default;

  // Up to `limit` records, waiting up to `wait` for the first; an empty batch is no error. Records
  // stay valid as long as the batch. What is transient (a broker away) is said once, retried
  // inside, and gives empty batches.
  [[nodiscard]] virtual Result<RecordBatch> poll(size_t limit, Millis wait) = 0;

  // Stays a living member of the group while the lane cannot take records: serves rebalances,
  // delivers nothing.
  [[nodiscard]] virtual Status keep_alive() = 0;

  // Records of `partition` below `next` need not be delivered again. Cheap; becomes durable by
  // commit() or in the background. A partition no longer owned is ignored.
  virtual void store(PartitionId partition, Offset next) = 0;

  // The highest write time that was given to a record of a partition that is ours. Becomes durable
  // with the positions that are stored from now on, and at the latest when the partition is given
  // back or the source is closed: the next owner is told (AssignmentListener::on_write_time).
  virtual void note_write_time(PartitionId, [[maybe_unused]] int64_t last_us) {}

  // Makes stored positions durable. Waits for the broker up to a bound; partitions may come and go
  // meanwhile.
  [[nodiscard]] virtual Status commit() = 0;

  // True when everything up to the end (the file's, or the end offsets seen at start) has been
  // delivered.
  [[nodiscard]] virtual bool at_end() const = 0;

  // Records known to be waiting behind the delivered ones, or -1 where unknown. For the status
  // line.
  [[nodiscard]] virtual int64_t lag() const = 0;

  // How far each partition of ours is. `end`: behind its last record, or -1 where that is not
  // known.
  struct PartitionProgress {
    PartitionId partition = 0;
    Offset next = 0;  // The next record to be read.
    Offset end = -1;
  };
  [[nodiscard]] virtual std::vector<PartitionProgress> progress() const { return {}; }
  // Why nothing comes now, in a sentence for people; empty where all is well.
  [[nodiscard]] virtual std::string trouble() const { return {}; }

  // Records that were gone before they were read, so that no one will ever see them; each has been
  // said.
  [[nodiscard]] virtual int64_t lost() const { return 0; }

  // Readable when poll() may have records; -1 where poll() never waits.
  [[nodiscard]] virtual int wait_fd() const = 0;

  // "topic test at localhost:29092", a file's path: for messages.
  [[nodiscard]] virtual std::string name() const = 0;

  // Leaves the group. Positions that were stored are committed first; the listener is not called,
  // for the lane has finished with its partitions. No call follows but another close(), which does
  // nothing.
  [[nodiscard]] virtual Status close() = 0;
};

}  // namespace turntable
