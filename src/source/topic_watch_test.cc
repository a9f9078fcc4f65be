#include "source/topic_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turntable {

namespace kafka {
static bool operator==(const Position& a, const Position& b) {
  return a.partition == b.partition && a.offset == b.offset;
}
}  // namespace kafka

namespace {

using kafka::Position;
using testing::ElementsAre;
using testing::IsEmpty;
using Answer = TopicWatch::Answer;

const kafka::TopicIdentity kSame{.exists = true, .id = "a"};

TEST(TopicWatch, LetsAPositionGoWhenAQuestionThatWasSentAfterItIsAnswered) {
  const SteadyTime now{};
  TopicWatch watch("a");
  EXPECT_FALSE(watch.question_due(now)) << "there is nothing to ask for";
  watch.hold({3, 100});
  EXPECT_TRUE(watch.question_due(now));
  EXPECT_THAT(watch.take(), IsEmpty());
  watch.asked(now);
  watch.hold({3, 120});
  watch.hold({4, 7});
  EXPECT_EQ(watch.answered(kSame), Answer::same);
  EXPECT_THAT(watch.take(), ElementsAre(Position{3, 100}));
  EXPECT_THAT(watch.take(), IsEmpty());
  watch.asked(now);
  EXPECT_EQ(watch.answered(kSame), Answer::same);
  EXPECT_THAT(watch.take(), ElementsAre(Position{3, 120}, Position{4, 7}));
  EXPECT_FALSE(watch.holds_any());
}

TEST(TopicWatch, LetsNothingGoWhenTheTopicIsAnotherOne) {
  const SteadyTime now{};
  TopicWatch watch("a");
  watch.hold({0, 100});
  watch.asked(now);
  EXPECT_EQ(watch.answered({.exists = true, .id = "b"}), Answer::another);
  EXPECT_THAT(watch.take(), IsEmpty());
}

TEST(TopicWatch, HoldsOnWhileThereIsNoAnswerAndNoTopic) {
  const SteadyTime now{};
  TopicWatch watch("a");
  watch.hold({0, 100});
  watch.asked(now);
  EXPECT_FALSE(watch.question_due(now + kTopicQuestionEvery)) << "one is on its way";
  watch.unanswered();
  EXPECT_FALSE(watch.question_due(now));
  EXPECT_TRUE(watch.question_due(now + kTopicQuestionEvery));
  watch.asked(now);
  EXPECT_EQ(watch.answered({}), Answer::gone);
  EXPECT_THAT(watch.take(), IsEmpty());
  watch.asked(now);
  EXPECT_EQ(watch.answered(kSame), Answer::same);
  EXPECT_THAT(watch.take(), ElementsAre(Position{0, 100}));
}

TEST(TopicWatch, TakesAnIdThatIsNotKnownForNoDifference) {
  TopicWatch watch("a");
  watch.hold({0, 100});
  watch.asked({});
  EXPECT_EQ(watch.answered({.exists = true, .id = ""}), Answer::same);
  EXPECT_THAT(watch.take(), ElementsAre(Position{0, 100}));
  EXPECT_FALSE(TopicWatch("").watches());
}

TEST(TopicWatch, ForgetsPartitionsThatWereGivenBack) {
  TopicWatch watch("a");
  watch.hold({0, 100});
  watch.hold({1, 5});
  watch.asked({});
  watch.drop(0);
  EXPECT_EQ(watch.answered(kSame), Answer::same);
  EXPECT_THAT(watch.take(), ElementsAre(Position{1, 5}));
}

}  // namespace
}  // namespace turntable
