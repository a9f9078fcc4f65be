#include "kafka/group_members.h"

#include <gtest/gtest.h>

#include "kafka/librdkafka.h"

namespace turntable::kafka {
namespace {

using Topics = std::vector<std::string>;

std::string bytes(std::string_view text) {
  return std::string(text);
}

TEST(GroupMembers, ReadsWhatAMemberSubscribesTo) {
  EXPECT_EQ(subscribed_topics(bytes({"\0\0"
                                     "\0\0\0\2"
                                     "\0\1"
                                     "a"
                                     "\0\3"
                                     "b.c",
                                     14})),
            (Topics{"a", "b.c"}));
  // Later versions have more behind it.
  EXPECT_EQ(subscribed_topics(bytes({"\0\3"
                                     "\0\0\0\1"
                                     "\0\1"
                                     "a"
                                     "\xff\xff\xff\xff",
                                     13})),
            (Topics{"a"}));
  EXPECT_EQ(subscribed_topics(bytes({"\0\1"
                                     "\0\0\0\0",
                                     6})),
            Topics{});
}

TEST(GroupMembers, TakesOtherBytesForNothingKnown) {
  for (const std::string_view text :
       {std::string_view(""), std::string_view("\0", 1), std::string_view("\0\0\0\0\0", 5),
        std::string_view("\0\0\xff\xff\xff\xff", 6), std::string_view("\0\0\0\0\0\1\0\2a", 9),
        std::string_view("\0\0\0\0\0\2\0\1a", 9)})
    EXPECT_FALSE(subscribed_topics(text));
}

// The members of a group that one broker tells, where others have not answered or it cannot.
class GroupAnswer : public testing::Test {
 protected:
  Result<std::vector<GroupMember>> ask(rd_kafka_resp_err_t code, const std::string& group) {
    auto state = state_in(code, &list_, group, "Asking b for the members of the group g");
    if (!state) return tl::unexpected<Error>(state.error());
    return std::move(state->members);
  }

  std::string name_ = "g";
  std::string client_ = "turntable";
  rd_kafka_group_member_info member_{.client_id = client_.data()};
  rd_kafka_group_info info_{.group = name_.data(), .members = &member_, .member_cnt = 1};
  rd_kafka_group_list list_{.groups = &info_, .group_cnt = 1};
};

TEST_F(GroupAnswer, OfSomeBrokersOnlyDoesNotSayThatThereIsNobody) {
  EXPECT_EQ(ask(RD_KAFKA_RESP_ERR_NO_ERROR, "g")->size(), 1U);
  EXPECT_EQ(ask(RD_KAFKA_RESP_ERR_NO_ERROR, "another")->size(), 0U);
  EXPECT_EQ(ask(RD_KAFKA_RESP_ERR__PARTIAL, "g")->size(), 1U) << "one broker knows all of them";
  const auto unknown = ask(RD_KAFKA_RESP_ERR__PARTIAL, "another");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message,
            "Asking b for the members of the group g: not all brokers have answered");
}

TEST_F(GroupAnswer, SaysByWhichStrategyTheMembersAssign) {
  std::string kind = "consumer";
  std::string strategy = "range";
  info_.protocol_type = kind.data();
  info_.protocol = strategy.data();
  const auto state = state_in(RD_KAFKA_RESP_ERR_NO_ERROR, &list_, "g", "Asking");
  ASSERT_TRUE(state);
  EXPECT_EQ(other_strategy_sentence(*state, "g", "cooperative-sticky"),
            "the members of the group g (turntable at ) assign partitions by 'range', and this one "
            "by 'cooperative-sticky'; set \"partition.assignment.strategy\" = 'range', or write "
            "another name into \"group.id\"");
}

TEST(OtherStrategy, ThatTheClientDoesNotHaveLeavesAnotherGroup) {
  const GroupState sticky{.kind = "consumer", .strategy = "sticky"};
  EXPECT_EQ(other_strategy_sentence(sticky, "g", "range"),
            "the members of the group g assign partitions by 'sticky', and this one by 'range'; "
            "that strategy is none of this client's: write another name into \"group.id\"");
  EXPECT_EQ(other_strategy_sentence({.kind = "connect", .strategy = "compatible"}, "g", "range"),
            "the group g is one of members of the kind 'connect', which are no consumers; write "
            "another name into \"group.id\"");
  EXPECT_EQ(other_strategy_sentence({.kind = "consumer"}, "g", "range"),
            "the members of the group g assign partitions by another strategy than 'range'; write "
            "theirs into \"partition.assignment.strategy\", or another name into \"group.id\"");
}

TEST_F(GroupAnswer, OfABrokerThatCannotTellDoesNotSayThatThereIsNobody) {
  info_.err = RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
  info_.member_cnt = 0;
  EXPECT_FALSE(ask(RD_KAFKA_RESP_ERR_NO_ERROR, "g"));
}

}  // namespace
}  // namespace turntable::kafka
