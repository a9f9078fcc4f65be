#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_text.h"
#include "serve/status_json.h"

namespace turntable {
namespace {

using testing::HasSubstr;

class StatusTest : public testing::Test {
 protected:
  StatusTest() {
    facts_ = {.pipeline = "p",
              .source = "plays",
              .source_name = "topic t at localhost:9092",
              .topic = "t",
              .tables = {"history"},
              .stores = {"spotify.history"},
              .store_first_table = {0},
              .dead_letters = "dead.jsonl"};
    lane_.state = LaneState::running;
    lane_.turns = 1;
    lane_.inserts.resize(1);
    details_->store_troubles = {""};
  }

  // A second later.
  std::string look() {
    time_us_ += 1'000'000;
    at_ += std::chrono::seconds(1);
    lane_.details = std::make_shared<LaneDetails>(*details_);
    lane_.turned_at = at_;
    const Observation now = observe({lane_}, facts_, time_us_, at_);
    history_.add(now, facts_);
    return status_json(now, history_, facts_, {.ready = true});
  }

  RunFacts facts_;
  LaneFigures lane_;
  std::shared_ptr<LaneDetails> details_ = std::make_shared<LaneDetails>();
  RunHistory history_;
  int64_t time_us_ = 1'700'000'000'000'000;
  SteadyTime at_{};
};

TEST_F(StatusTest, IsJsonWhateverTheTextsHold) {
  facts_.tables = {"a\"b\\c\n\x01\xff"};
  details_->rows = {{.insert = 0, .time_us = 1, .values = {"</script><script>alert(1)", {}}}};
  details_->letters = {{.detail = "\"\\\n", .text = "\xff\xfe\x00 {\"id\":"}};
  details_->lookups = {{.name = "songs", .most_missed = {{.key = "name = '\"'", .count = 3}}}};
  const std::string text = look();
  EXPECT_TRUE(is_json(text)) << text;
  EXPECT_TRUE(is_json(plan_json(facts_)));
  EXPECT_TRUE(is_json(history_json(history_)));
  EXPECT_THAT(text, HasSubstr(",null]"));
}

TEST_F(StatusTest, SaysThatAllIsWell) {
  lane_.counts = {.consumed = 100, .written = 100};
  look();
  lane_.counts = {.consumed = 600, .written = 600};
  const std::string text = look();
  EXPECT_THAT(text, HasSubstr("\"state\":\"running\""));
  EXPECT_THAT(text, HasSubstr("All is well: 500 records a second are read, and none waits."));
  EXPECT_THAT(text, HasSubstr("\"waiting_for\":null"));
  EXPECT_THAT(text, HasSubstr("\"runbook\":null"));
}

TEST_F(StatusTest, SaysWhatIsAwaitedSinceWhenAndThatItIsThereAgain) {
  look();
  details_->store_troubles = {"no node answers"};
  const std::string first = look();
  const std::string since = "\"since\":\"2023-11-14T22:13:22.000Z\"";
  EXPECT_THAT(first, HasSubstr("\"state\":\"waiting\""));
  EXPECT_THAT(first, HasSubstr("\"node\":\"table:history\""));
  EXPECT_THAT(first, HasSubstr(since));
  EXPECT_THAT(first, HasSubstr("Waiting for spotify.history: no node answers. Nothing is lost, and "
                               "it goes on by itself when that is mended."));
  EXPECT_THAT(first, HasSubstr("\"runbook\":\"#turntablestorenotwriting\""));
  EXPECT_THAT(look(), HasSubstr(since));  // Not since now.
  details_->store_troubles = {""};
  const std::string later = look();
  EXPECT_THAT(later, HasSubstr("\"state\":\"running\""));
  ASSERT_EQ(history_.incidents().size(), 2U);
  EXPECT_EQ(history_.incidents()[0].kind, "recovered");
  EXPECT_EQ(history_.incidents()[1].text, "spotify.history: no node answers");
}

TEST_F(StatusTest, LostRecordsAreNamedBeforeAnythingThatIsWell) {
  lane_.lost = 1'234;
  const std::string text = look();
  EXPECT_THAT(text, HasSubstr("1,234 records are LOST"));
  EXPECT_THAT(text, HasSubstr("\"runbook\":\"#turntablerecordslost\""));
}

TEST_F(StatusTest, WhatIsNotKnownIsNull) {
  details_->partitions = {{.partition = 2, .position = -1, .next = 5, .end = -1}};
  EXPECT_THAT(look(), HasSubstr("\"partition\":2,\"position\":null,\"end\":null,\"lag\":null,"
                                "\"lag_seconds\":null}],\"lag\":null,\"lag_seconds\":null,"
                                "\"latency_ms\":null"));
  details_->partitions = {{.partition = 2,
                           .position = 4,
                           .next = 5,
                           .end = 9,
                           .last_record_ms = time_us_ / 1000 - 1'000}};
  EXPECT_THAT(look(), HasSubstr("\"position\":4,\"end\":9,\"lag\":4,\"lag_seconds\":2}"));
}

TEST_F(StatusTest, HistoryIsSampledEveryFiveSecondsAndBounded) {
  for (int second = 0; second < 1'000; ++second) {
    ++lane_.counts.consumed;
    look();
  }
  EXPECT_EQ(history_.samples().size(), kSamplesLimit);
  const auto& samples = history_.samples();
  EXPECT_EQ(samples[1].counts.consumed - samples[0].counts.consumed, 5U);
  EXPECT_EQ(history_.rates().consumed, 1.0);
}

TEST_F(StatusTest, LatenciesAreOfTheLastMinute) {
  lane_.latencies.add(900'000, 1'000);
  look();
  for (int second = 0; second < 70; ++second) {
    lane_.latencies.add(1'500);
    look();
  }
  ASSERT_TRUE(history_.latency().has_value());
  EXPECT_LE(history_.latency()->p99_ms, 2.0);
}

TEST_F(StatusTest, ALaneThatDoesNotTurnIsSeen) {
  lane_.details = details_;
  lane_.turned_at = SteadyTime(std::chrono::seconds(100));
  const auto age = [&](int seconds) {
    return observe({lane_}, facts_, 1, SteadyTime(std::chrono::seconds(seconds))).turn_age_seconds;
  };
  EXPECT_EQ(age(175), 75.0);
  lane_.state = LaneState::ended;
  EXPECT_EQ(age(175), std::nullopt);
}

TEST_F(StatusTest, TheWorstStateOfTheLanesIsTheRuns) {
  LaneFigures other = lane_;
  const auto state = [&] { return observe({lane_, other}, facts_, 1, at_).state; };
  EXPECT_EQ(state(), RunState::running);
  other.state = LaneState::finishing;
  EXPECT_EQ(state(), RunState::running);
  lane_.state = LaneState::ended;
  EXPECT_EQ(state(), RunState::stopping);
  other.state = LaneState::ended;
  EXPECT_EQ(state(), RunState::finished);
  other.state = LaneState::failed;
  EXPECT_EQ(state(), RunState::failed);
  EXPECT_EQ(observe({}, facts_, 1, at_).state, RunState::starting);
}

}  // namespace
}  // namespace turntable
