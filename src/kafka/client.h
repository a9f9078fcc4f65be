// What consumers and producers share: the handle, its log and errors, and questions to the cluster.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kafka/config.h"
#include "kafka/group_members.h"
#include "kafka/health.h"
#include "kafka/topic_identity.h"
#include "row/types.h"

struct rd_kafka_metadata;
struct rd_kafka_s;

namespace turntable::kafka {

struct Watermarks {
  Offset low = 0;   // The first record that the broker still has.
  Offset high = 0;  // One behind the last that can be read.
};

struct Committed {
  Offset offset = -1;    // Negative: no commit.
  std::string metadata;  // The committer's note.
};

// One thread: nothing of librdkafka's own threads enters here; its log, errors and events are
// polled. Questions wait for the broker up to `wait` and fail as transient if it is away. Nothing
// said in a destructor.
class Client {
 public:
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The number of partitions of `topic`; 0 where it does not exist (nor will a question create it).
  [[nodiscard]] Result<int> partition_count(const std::string& topic, Millis wait);
  [[nodiscard]] Result<Watermarks> watermarks(const std::string& topic, PartitionId partition,
                                              Millis wait);
  // One behind the last record of each, also where it belongs to a transaction that is not finished
  // and cannot be read yet; watermarks() ends before such a one where only finished ones are read
  // (isolation.level).
  [[nodiscard]] Result<std::vector<Offset>> ends(const std::string& topic, int partitions,
                                                 Millis wait);
  // Which topic has the name now. Where no answer comes in `wait`, an Error of kind transient.
  [[nodiscard]] Result<TopicIdentity> identity(const std::string& topic, Millis wait);
  // The same question, whose answer is not waited for. It goes before this client.
  [[nodiscard]] std::unique_ptr<TopicQuestion> ask_identity(const std::string& topic);
  // The members of a group; none where there is no such group.
  [[nodiscard]] Result<std::vector<GroupMember>> group_members(const std::string& group,
                                                               Millis wait);
  // The same with what the group is; nothing of it where there is no such group.
  [[nodiscard]] Result<GroupState> group_state(const std::string& group, Millis wait);
  // The first offset at or after the time, per partition; the end where there is none.
  [[nodiscard]] Result<std::vector<Offset>> offsets_at(const std::string& topic,
                                                       std::span<const PartitionId> partitions,
                                                       int64_t time_ms, Millis wait);
  // Makes a topic with the broker's defaults for all else; one that exists already is no error.
  [[nodiscard]] Status create_topic(const std::string& topic, int partitions, Millis wait,
                                    const Properties& config = {});
  // A topic's settings, those that it has from the broker too; a value that the broker hides is
  // left out.
  [[nodiscard]] Result<Properties> topic_settings(const std::string& topic, Millis wait);
  [[nodiscard]] Status delete_topic(const std::string& topic, Millis wait);
  // Raises a topic's partitions to `partitions`.
  [[nodiscard]] Status add_partitions(const std::string& topic, int partitions, Millis wait);
  // Deletes what lies before `offset`, as retention does.
  [[nodiscard]] Status delete_records(const std::string& topic, PartitionId partition,
                                      Offset offset, Millis wait);

  // What no retry can mend, once it is known.
  [[nodiscard]] const std::optional<Error>& failure() const { return health_.failure(); }
  [[nodiscard]] Health& health() { return health_; }
  [[nodiscard]] const std::string& bootstrap() const { return bootstrap_; }

  // Looks, every two seconds of an outage, whether the brokers are back.
  void look_after_brokers();

 protected:
  struct HandleDeleter {
    void operator()(rd_kafka_s* handle) const;
  };

  // `name` is for messages: "consumer of topic test".
  Client(std::string name, const Properties& properties, const Clock& clock);
  ~Client() = default;

  // Makes the handle. `producer` or consumer; `conf` gets its callbacks here, with this object as
  // their opaque.
  [[nodiscard]] Status start(Conf conf, bool producer);

  [[nodiscard]] rd_kafka_s* handle() const { return handle_.get(); }

  // What librdkafka has answered with `code`, an rd_kafka_resp_err_t: in a fatal state what led to
  // it.
  [[nodiscard]] tl::unexpected<Error> refused(int code, const std::string& what) const;

  // Serves librdkafka's errors and log while a question is open. False where that cannot be: a
  // consumer's questions are asked from within its callbacks too, and its owner looks by itself.
  virtual bool hear() { return false; }

 private:
  void remember_brokers(const struct rd_kafka_metadata& metadata);
  [[nodiscard]] std::vector<GroupMember> described_members(const std::string& group, Millis wait);
  bool hear_quietly();  // Of outages the asker hears by the answer that does not come.
  // Puts a question to librdkafka until it is answered, `wait` is over, or failure() says that no
  // wait will do: librdkafka itself takes a refused login for a broker that is away.
  int ask(Millis wait, const std::function<int(int wait_ms)>& question);
  [[nodiscard]] tl::unexpected<Error> unanswered(int code, const std::string& what);

  std::string name_;
  std::string bootstrap_;
  Health health_;
  std::vector<int> brokers_;  // Their numbers, as last listed.
  size_t next_broker_ = 0;
  std::unique_ptr<rd_kafka_s, HandleDeleter> handle_;
};

}  // namespace turntable::kafka
