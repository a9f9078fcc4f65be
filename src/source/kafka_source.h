// A Kafka topic as a source: one member of a consumer group.
//
// Offsets are stored by the lane after the sink's acknowledgement, and committed by librdkafka
// every second from what is stored (enable.auto.commit with enable.auto.offset.store off: its
// recipe for at-least-once), and at once when partitions are given back, on commit() and on
// close(). Where to begin is in source/start_rule.h.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/stop.h"
#include "kafka/consumer.h"
#include "source/source.h"
#include "source/start_rule.h"

namespace turntable {

struct KafkaSourceOptions {
  std::string topic;
  kafka::Properties properties = {};  // Of the table: passed on to librdkafka as they are.
  std::string group = {};             // Where the properties have no group.id.
  Start start = {};
  size_t lane = 1;         // Which one of its process: each is a member of its own.
  bool until_end = false;  // Deliver what is there at open(), then be at the end.
  bool want_headers = false;
};

class KafkaSource final : public Source, private kafka::RebalanceHandler {
 public:
  // Waits for broker and topic as long as it takes: what is missing is said once. An Error of kind
  // usage for an option that is wrong or would break the guarantee, auth where credentials are
  // refused, interrupted on `stop`. `listener`, `stop` and `clock` outlive the source; so does the
  // source every batch that it gave.
  [[nodiscard]] static Result<std::unique_ptr<Source>> open(KafkaSourceOptions options,
                                                            AssignmentListener& listener,
                                                            const StopToken& stop,
                                                            const Clock& clock);
  ~KafkaSource() override = default;

  [[nodiscard]] Result<RecordBatch> poll(size_t limit, Millis wait) override;
  [[nodiscard]] Status keep_alive() override;
  void store(PartitionId partition, Offset next) override;
  [[nodiscard]] Status commit() override;
  [[nodiscard]] bool at_end() const override;
  [[nodiscard]] int64_t lag() const override;
  // What the broker's retention deleted.
  [[nodiscard]] int64_t lost() const override { return lost_; }
  [[nodiscard]] int wait_fd() const override { return consumer_->wait_fd(); }
  [[nodiscard]] std::string name() const override;
  [[nodiscard]] Status close() override;

 private:
  static constexpr Offset kNoEnd = std::numeric_limits<Offset>::max();

  // Whether a partition stands: it is to be started anew at `next` by restart_standing(), and what
  // comes of it until then is dropped.
  enum class Standing {
    no,
    out_of_range,  // The broker has no record at `next`.
    in_doubt,      // librdkafka may have passed `next` over (kafka/consumer.h).
  };
  struct Part {
    bool owned = false;
    Standing standing = Standing::no;
    std::string standing_text;  // What the client says about it.
    Offset next = 0;            // The next offset that can come.
    Offset delivered = 0;       // One past the last record delivered, or where it began.
    Offset stored = 0;
    Offset end = kNoEnd;     // With until_end: where to stop.
    Offset low_at_open = 0;  // With until_end: the first record then.
  };

  KafkaSource(KafkaSourceOptions options, AssignmentListener& listener, const StopToken& stop,
              const Clock& clock);

  [[nodiscard]] Status begin(const kafka::Properties& properties);
  [[nodiscard]] Result<int> await_topic();
  [[nodiscard]] Status take_ends(int partitions);
  [[nodiscard]] Status serve();
  [[nodiscard]] Result<RecordBatch> take(size_t limit);
  static void drop_behind(const kafka::Notice& broken, std::vector<Record>& records);
  void admit(std::vector<Record>& records);
  [[nodiscard]] Status heed(const kafka::Notice& notice);
  static void doubt(Part& part, Offset at);
  [[nodiscard]] Status restart_standing();
  [[nodiscard]] Result<bool> find_position(PartitionId partition);
  [[nodiscard]] Result<bool> commit_beginnings();
  void look_at_group();
  void pass_gap(Part& part, PartitionId partition);
  [[nodiscard]] Part& part_of(PartitionId partition);
  void say_lost(PartitionId partition, Offset from, Offset to);
  void say_cut_back(PartitionId partition);
  [[nodiscard]] Error beyond_end(PartitionId partition, Offset wanted, Offset end) const;

  std::optional<std::vector<kafka::Position>> on_assign(
      std::span<const PartitionId> partitions) override;
  void on_revoke(std::span<const PartitionId> partitions, bool lost) override;
  [[nodiscard]] Result<std::vector<kafka::Position>> resolve(
      std::span<const PartitionId> partitions);
  [[nodiscard]] Result<Offset> resolve_commit(PartitionId partition, Offset committed,
                                              kafka::Watermarks marks);

  // Repeats a question while the brokers are away. `served`: outside of callbacks the client is
  // polled meanwhile.
  template <class Question>
  [[nodiscard]] auto insist(bool served, Question question) -> decltype(question());

  KafkaSourceOptions options_;
  AssignmentListener& listener_;
  const StopToken& stop_;
  const Clock& clock_;
  std::unique_ptr<kafka::Consumer> consumer_;
  std::vector<Part> parts_;  // By partition number.
  std::string note_;         // Of every commit.
  std::optional<Error> failure_;
  std::vector<kafka::Position>
      beginnings_;  // Decided and not yet committed: until then nothing is delivered.
  bool assigned_once_ = false;
  bool group_done_ = false;  // No partition is ours, and the group has read all up to the ends.
  bool closing_ = false;
  bool lost_partitions_ = false;  // The group gave some of ours away, since commit() began.
  int64_t lost_ = 0;
  SteadyTime next_look_{};
  SteadyTime next_restart_{};
  SteadyTime next_beginning_{};
};

}  // namespace turntable
