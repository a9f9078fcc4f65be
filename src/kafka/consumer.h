// A member of a consumer group, over librdkafka. It reads one topic; where to begin, what to commit
// and what to do about lost records is decided above (source/kafka_source.h).
//
// Two queues: librdkafka's own, which serves callbacks (rebalances, errors, the log), and ours, to
// which every assigned partition's records are forwarded. So the member stays alive without taking
// records, and needs no pause and resume, which would drop what was fetched ahead.
//
// Records are taken by librdkafka's batch call, which in 2.12 moves its position past an
// end-of-partition or error event as if that were a record (mended in 2.13.2). The pause that
// librdkafka makes inside every rebalance goes by that position, and would skip the record. So
// whoever gets a Notice for an offset at which no record has come yet must restart() the partition
// there, and take nothing more of it until that has succeeded.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/event_fd.h"
#include "kafka/client.h"
#include "row/record.h"

struct rd_kafka_queue_s;
struct rd_kafka_topic_partition_list_s;

namespace turntable::kafka {

struct Position {
  PartitionId partition = 0;
  Offset offset = 0;
  std::string note = {};  // Beside it, where it is committed.
};

// Called inside Consumer::serve() and close(), on the caller's thread.
class RebalanceHandler {
 public:
  virtual ~RebalanceHandler() = default;
  // Where to begin in each of these new partitions; nothing where they are not taken (the caller is
  // stopping): they are assigned at their ends then, and what comes of them is to be dropped.
  virtual std::optional<std::vector<Position>> on_assign(
      std::span<const PartitionId> partitions) = 0;
  // They are still owned during the call, unless `lost`.
  virtual void on_revoke(std::span<const PartitionId> partitions, bool lost) = 0;
};

// Something in a partition that is not a record.
struct Notice {
  enum class Kind {
    end,           // Everything before `offset` has been read.
    out_of_range,  // The broker has no record at `offset`; the partition stands still.
    broken,        // It cannot be read on, for the reason in `text`.
    passing,       // It will be retried, and needs to be said at most.
  };
  Kind kind = Kind::passing;
  PartitionId partition = 0;
  Offset offset = 0;
  ErrorKind error = ErrorKind::transient;
  std::string text;
};

struct Drained {
  std::vector<Record> records;
  std::unique_ptr<RecordOwner> owner;
  std::vector<Notice> notices;
};

// One thread. Every RecordOwner it gave out must be gone before it is destroyed.
class Consumer final : public Client {
 public:
  struct Options {
    std::string topic;
    Properties properties;  // Complete: what the engine decides is in there too.
    bool want_headers = false;
  };
  [[nodiscard]] static Result<std::unique_ptr<Consumer>> open(const Options& options,
                                                              RebalanceHandler& handler,
                                                              const Clock& clock);
  ~Consumer();

  // Joins the group.
  [[nodiscard]] Status subscribe();

  // Serves what waits in librdkafka's queue: rebalances, errors, the log. Never waits by itself. To
  // be called at least every max.poll.interval.ms, or the group takes the partitions away.
  void serve();

  // Up to `limit` records that have arrived, without waiting.
  [[nodiscard]] Drained drain(size_t limit);

  // Readable when serve() or drain() may have something to do. Before these two, listen() clears
  // it: what arrives from then on makes it readable anew.
  [[nodiscard]] int wait_fd() const { return event_.fd(); }
  void listen();
  // Waits until it is readable.
  void wait(Millis limit) const;

  // The group's commits of these partitions, which need not be assigned.
  [[nodiscard]] Result<std::vector<Committed>> committed(std::span<const PartitionId> partitions,
                                                         Millis wait);

  // To be committed in the background; a partition that is not assigned is ignored.
  void store(const Position& position);
  // Commits what is stored, or, where positions are given, those, and waits for the answer. Served
  // meanwhile, rebalances happen in here: the group may wait for this member, and the answer for
  // the group.
  enum class Meanwhile { nothing, serve };
  [[nodiscard]] Status commit_stored(Millis wait, Meanwhile meanwhile = Meanwhile::nothing);
  [[nodiscard]] Status commit(std::span<const Position> positions, Millis wait);
  // The last commit was refused because the group rebalances: after serve() it may be taken.
  [[nodiscard]] bool commit_met_rebalance() const { return commit_met_rebalance_; }

  // Reads on at `positions`, all that are assigned; `moved` is the one to be started anew.
  [[nodiscard]] Status restart(std::span<const Position> positions, PartitionId moved);

  // The last high watermark that a fetch brought, or negative.
  [[nodiscard]] Offset cached_high(PartitionId partition) const;

  // True while the group has given the partitions being revoked to somebody else already.
  [[nodiscard]] bool assignment_lost() const;

  // Commits what is stored, and leaves the group; a static member stays in it until its session
  // times out. Waits for the brokers up to `limit`.
  [[nodiscard]] Status close(Millis limit);

 private:
  class Batch;
  Consumer(const Options& options, RebalanceHandler& handler, const Clock& clock, EventFd event);

  void on_rebalance(int code, rd_kafka_topic_partition_list_s* partitions);
  void forward(std::span<const Position> positions);
  void answer_assignment();
  void unsubscribe(SteadyTime deadline);
  [[nodiscard]] Status await_commit(rd_kafka_topic_partition_list_s* offsets, Millis wait,
                                    Meanwhile meanwhile);

  [[nodiscard]] std::string other_strategy();

  std::string topic_;
  std::string group_;
  std::string strategy_;
  bool want_headers_;
  bool broker_assigns_;  // By the group protocol of KIP-848.
  bool is_static_;  // Has a group.instance.id: keeps its partitions over a restart.
  RebalanceHandler& handler_;
  const Clock& clock_;
  EventFd event_;  // librdkafka writes to it when an empty queue gets something.
  struct Parts;
  std::unique_ptr<Parts> parts_;  // librdkafka's queues, which write to event_ and go before it.
  size_t batches_alive_ = 0;
  bool commit_met_rebalance_ = false;
};

}  // namespace turntable::kafka
