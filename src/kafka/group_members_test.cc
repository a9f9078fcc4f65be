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
    return members_in(code, &list_, group, "Asking b for the members of the group g");
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

TEST_F(GroupAnswer, OfABrokerThatCannotTellDoesNotSayThatThereIsNobody) {
  info_.err = RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
  info_.member_cnt = 0;
  EXPECT_FALSE(ask(RD_KAFKA_RESP_ERR_NO_ERROR, "g"));
}

}  // namespace
}  // namespace turntable::kafka
