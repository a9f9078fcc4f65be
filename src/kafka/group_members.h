// The members of a consumer group, as its broker knows them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct rd_kafka_group_list;

namespace turntable::kafka {

struct GroupMember {
  std::string client_id;
  std::string host;
  // What it subscribes to; nothing where that is not known, as in a group that rebalances.
  std::optional<std::vector<std::string>> topics;
};

// What a member of Kafka's own kind has told its group when it joined: a version and the topics it
// subscribes to (ConsumerProtocolSubscription). Nothing where the bytes are something else.
[[nodiscard]] std::optional<std::vector<std::string>> subscribed_topics(std::string_view metadata);

// A group, as far as its broker tells.
struct GroupState {
  std::string kind;      // "consumer", or what its members are instead, such as "connect".
  std::string strategy;  // By which partitions are assigned. Empty while it rebalances.
  std::vector<GroupMember> members;
};

// What is to be done where a group does not take a member because of its strategy: who is in it, by
// which strategy they assign, and what to set.
[[nodiscard]] std::string other_strategy_sentence(const GroupState& state, const std::string& group,
                                                  const std::string& own_strategy);

// The members in librdkafka's answer and its code, none where no broker has such a group. An Error
// where that is not known. `what` was asked.
[[nodiscard]] Result<GroupState> state_in(int code, const rd_kafka_group_list* answer,
                                          const std::string& group, const std::string& what);

}  // namespace turntable::kafka
