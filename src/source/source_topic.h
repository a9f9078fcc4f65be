// The topic that is to be read, as it is before anything is joined or made for it: whether it is
// there, which one it is, and who else reads it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/stop.h"
#include "kafka/consumer.h"
#include "kafka/group_members.h"

namespace turntable {

struct KafkaSourceOptions;

struct SourceTopic {
  int partitions = 0;
  std::string id;  // Empty: brokers that are older than ids.
  // It did not exist when the run came, which has waited for it: every record of it is new.
  bool was_awaited = false;
  int committed = 0;  // In so many partitions the group has commits.
  // Of the group, before this run joins it. Nothing: not known.
  std::optional<std::vector<kafka::GroupMember>> members = {};
};

// Waits for brokers and topic as long as it takes; what is missing is said once. With until_end a
// topic that is not there is an Error of kind failed: there is nothing to wait for. An Error of
// kind usage for an option that is wrong or would break the guarantee, auth where credentials are
// refused, interrupted on `stop`.
//
// Where the topic was waited for and `start` is latest, the group's beginning is committed here, at
// the first record of each partition: a run that is killed while it joins changes nothing.
[[nodiscard]] Result<SourceTopic> await_source_topic(const KafkaSourceOptions& options,
                                                     const StopToken& stop, const Clock& clock);

// "Reading topic t at b:1 as the group g, alone in it", or who else is in it and what each
// subscribes to. Of a bounded length.
[[nodiscard]] std::string group_sentence(const KafkaSourceOptions& options,
                                         const SourceTopic& topic);
// Whether a member of the group subscribes to another topic, which is hardly ever meant.
[[nodiscard]] bool reads_other_topics(const KafkaSourceOptions& options, const SourceTopic& topic);

// What is wrong where the group's commits, or positions that a sink keeps, belong to another topic
// of the same name. `name`: of the topic, for messages.
[[nodiscard]] Error made_anew(const std::string& name, const std::string& was,
                              const std::string& is);

}  // namespace turntable
