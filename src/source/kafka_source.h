// A Kafka topic as a source: one member of a consumer group.
//
// Offsets are stored by the lane after the sink's acknowledgement, held until it is known that the
// topic has not been made anew (source/topic_watch.h), and committed by librdkafka every second
// from what is stored (enable.auto.commit with enable.auto.offset.store off: its recipe for
// at-least-once), and at once when partitions are given back, on commit() and on close(). Where to
// begin is in source/start_rule.h.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/stop.h"
#include "kafka/consumer.h"
#include "source/commit_note.h"
#include "source/insist.h"
#include "source/source.h"
#include "source/source_topic.h"
#include "source/start_rule.h"
#include "source/topic_watch.h"

namespace turntable {

struct KafkaSourceOptions {
  std::string topic;
  kafka::Properties properties = {};  // Of the table: passed on to librdkafka as they are.
  Start start = {};
  size_t lane = 1;         // Which one of its process: each is a member of its own.
  bool until_end = false;  // Deliver what is there at open(), then be at the end.
  bool want_headers = false;
  // The default time after which the broker aborts a transaction that nobody finishes (60 s; it
  // looks every 10 s), and a little more.
  Millis transaction_wait{75'000};
  std::optional<SourceTopic> topic_found = {};  // Where nothing, open() asks for it.
};

class KafkaSource final : public Source, private kafka::RebalanceHandler {
 public:
  // Waits for broker and topic as await_source_topic(), whose errors it has. `listener`, `stop` and
  // `clock` outlive the source; so does the source every batch that it gave.
  [[nodiscard]] static Result<std::unique_ptr<Source>> open(KafkaSourceOptions options,
                                                            AssignmentListener& listener,
                                                            const StopToken& stop,
                                                            const Clock& clock);
  ~KafkaSource() override = default;

  [[nodiscard]] Result<RecordBatch> poll(size_t limit, Millis wait) override;
  [[nodiscard]] Status keep_alive() override;
  void store(PartitionId partition, Offset next) override;
  void note_write_time(PartitionId partition, int64_t last_us) override {
    part_of(partition).write_time_us = last_us;
  }
  [[nodiscard]] Status commit() override;
  [[nodiscard]] bool at_end() const override;
  [[nodiscard]] int64_t lag() const override;
  [[nodiscard]] std::vector<PartitionProgress> progress() const override;
  [[nodiscard]] std::string trouble() const override;
  // What the broker's retention deleted.
  [[nodiscard]] int64_t lost() const override { return lost_; }
  [[nodiscard]] int wait_fd() const override { return consumer_->wait_fd(); }
  [[nodiscard]] std::string name() const override;
  [[nodiscard]] Status close() override;

 private:
  static constexpr Millis kQuestionWait{2'000};  // For one answer; then it is asked again.
  static constexpr Millis kLookEvery{1'000};
  static constexpr Millis kSlice{100};  // A stop is noticed so soon.
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
    Offset confirmed = -1;   // Stored with the client; negative: it was never ours.
    Offset end = kNoEnd;     // With until_end: where to stop.
    Offset low_at_open = 0;  // With until_end: the first record then.
    // The highest write time that was given to a record, and the one that stands in the note of the
    // last position that was stored.
    int64_t write_time_us = kNoWriteTime;
    int64_t noted_us = kNoWriteTime;
    // With until_end: since when the client says that nothing more can be read before `end`.
    std::optional<SteadyTime> stable_end_since;
  };

  KafkaSource(KafkaSourceOptions options, AssignmentListener& listener, const StopToken& stop,
              const Clock& clock);

  [[nodiscard]] Status begin(const kafka::Properties& properties);
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
  [[nodiscard]] Status look_at_topic();
  [[nodiscard]] Status take_answer(const Result<kafka::TopicIdentity>& answer);
  [[nodiscard]] tl::unexpected<Error> stop_committing(const std::string& was,
                                                      const std::string& is);
  [[nodiscard]] Status confirm(SteadyTime deadline, bool served);
  void hold(kafka::Position position);
  void store_confirmed(PartitionId partition, Offset next);
  void leave_note_of_change();
  [[nodiscard]] Status look_at_transactions();
  void pass_gap(Part& part, PartitionId partition);
  [[nodiscard]] Offset end_of(size_t partition) const;
  [[nodiscard]] Part& part_of(PartitionId partition);
  [[nodiscard]] std::string stores_in_notes() const;
  [[nodiscard]] std::string note_of(PartitionId partition);
  [[nodiscard]] std::vector<PartitionId> store_notes(std::span<const PartitionId> partitions);
  void commit_notes(std::span<const PartitionId> noted);
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
  [[nodiscard]] auto insist(bool served, Question question) -> decltype(question()) {
    return turntable::insist(name(), stop_, clock_, question, [&](const Error& error) {
      return served ? serve() : stay_assigned(error);
    });
  }
  [[nodiscard]] Status stay_assigned(const Error& unanswered);

  KafkaSourceOptions options_;
  AssignmentListener& listener_;
  const StopToken& stop_;
  const Clock& clock_;
  std::unique_ptr<kafka::Consumer> consumer_;
  TopicWatch watch_{""};
  std::unique_ptr<kafka::TopicQuestion> question_;  // On its way, for watch_.
  std::vector<Part> parts_;                         // By partition number.
  int began_with_ = 0;  // Partitions that the topic had when the group began.
  std::optional<Error> failure_;
  std::optional<Error> made_anew_;      // Nothing is committed any more.
  bool made_anew_under_us_ = false;     // After the run had begun.
  std::vector<PartitionId> not_taken_;  // Given to us when that was known.
  std::vector<kafka::Position>
      beginnings_;  // Decided and not yet committed: until then nothing is delivered.
  bool assigned_once_ = false;
  bool transactions_said_ = false;
  bool group_done_ = false;  // No partition is ours, and the group has read all up to the ends.
  bool closing_ = false;
  bool lost_partitions_ = false;  // The group gave some of ours away, since commit() began.
  int64_t lost_ = 0;
  SteadyTime next_look_{};
  SteadyTime next_restart_{};
  SteadyTime next_beginning_{};
};

}  // namespace turntable
