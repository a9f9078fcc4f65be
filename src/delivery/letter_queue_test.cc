#include "delivery/letter_queue.h"

#include <gtest/gtest.h>

#include <deque>

#include "delivery/fake_dead_letters.h"

namespace turntable {
namespace {

class LetterQueueTest : public testing::Test {
 protected:
  LetterQueueTest() {
    for (const PartitionId partition : {0, 1}) ledger_.assign(partition);
  }

  struct One {
    RecordBatch batch;
    Origin origin;
  };
  // A record at the next offset of its partition.
  One& deliver(PartitionId partition = 0, InsertSet inserts = InsertSet::all()) {
    One& one = records_.emplace_back();
    Record& record = one.batch.records.emplace_back();
    one.batch.topic = "t";
    record.partition = partition;
    record.offset = next_++;
    record.value = "v";
    accounting_.consumed(inserts);
    one.origin = ledger_.deliver(partition, record.offset, inserts);
    return one;
  }
  void fault(const One& one, RejectCode code, uint32_t insert = kEveryInsert, bool drop = false) {
    queue_.add(one.batch, one.origin, {.code = code, .insert = insert, .drop = drop});
  }
  // A row of the record is written.
  void write(const One& one, size_t insert) {
    const auto settled = ledger_.settle(one.origin, InsertSet::of(insert), Outcome::written);
    accounting_.settled(settled, Outcome::written);
    if (!settled.left.empty()) queue_.settled(one.origin, settled.left);
  }
  bool flush() {
    const auto flushed = queue_.flush();
    EXPECT_TRUE(flushed) << flushed.error().message;
    return flushed && *flushed;
  }
  [[nodiscard]] bool is_finished(const One& one) const {
    return ledger_.awaited(one.origin).empty();
  }

  ManualClock clock_;
  FakeDeadLetters::Log log_;
  Offset next_ = 0;
  std::deque<One> records_;
  Ledger ledger_{3};
  Accounting accounting_{3};
  LetterQueue queue_{std::make_unique<FakeDeadLetters>(log_), ledger_, accounting_, clock_, {}};
};

TEST_F(LetterQueueTest, FinishesARecordWhenItsLetterIsDurable) {
  const One& one = deliver();
  fault(one, RejectCode::json_syntax);
  EXPECT_FALSE(is_finished(one));
  EXPECT_FALSE(queue_.empty());
  EXPECT_TRUE(flush());
  EXPECT_TRUE(is_finished(one));
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(log_.durable, std::vector<std::string>{"t/0/0 json_syntax v"});
  EXPECT_EQ(accounting_.read().rejected, 1U);
  EXPECT_EQ(accounting_.read().dead_lettered, 1U);
  for (size_t insert = 0; insert < 3; ++insert) {
    EXPECT_EQ(accounting_.read(insert).rejected, 1U);
    EXPECT_EQ(accounting_.read(insert).dead_lettered, 1U);
  }
}

TEST_F(LetterQueueTest, WritesALetterWhenTheOtherInsertsHaveHadTheirOutcomes) {
  const One& one = deliver();
  fault(one, RejectCode::unmatched, 1);
  EXPECT_FALSE(flush()) << "another INSERT may still reject it";
  write(one, 2);
  EXPECT_FALSE(flush());
  EXPECT_FALSE(queue_.empty());
  write(one, 0);
  EXPECT_TRUE(flush());
  EXPECT_TRUE(is_finished(one));
  EXPECT_EQ(log_.durable, std::vector<std::string>{"t/0/0 1:unmatched v"});
  EXPECT_EQ(accounting_.read().unmatched, 1U);
  EXPECT_EQ(accounting_.read(1).unmatched, 1U);
  EXPECT_EQ(accounting_.read(0).written, 1U);
  EXPECT_EQ(accounting_.read(0).dead_lettered, 0U);
}

TEST_F(LetterQueueTest, PutsEveryFaultOfARecordIntoItsOneLetter) {
  const One& one = deliver();
  fault(one, RejectCode::row_refused, 2);
  write(one, 1);
  fault(one, RejectCode::unmatched, 0);
  EXPECT_TRUE(flush());
  EXPECT_EQ(log_.durable, std::vector<std::string>{"t/0/0 0:unmatched 2:row_refused v"});
  EXPECT_TRUE(is_finished(one));
  EXPECT_EQ(accounting_.read().rejected, 1U) << "the worst of them";
  EXPECT_EQ(accounting_.read(0).unmatched, 1U);
  EXPECT_EQ(accounting_.read(2).rejected, 1U);
  EXPECT_EQ(accounting_.read().dead_lettered, 1U);
}

TEST_F(LetterQueueTest, WritesNoLetterForWhatIsDropped) {
  const One& alone = deliver();
  fault(alone, RejectCode::unmatched, 0, true);
  write(alone, 1);
  write(alone, 2);
  EXPECT_TRUE(is_finished(alone));
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(accounting_.read().unmatched, 1U);
  EXPECT_EQ(accounting_.read().dead_lettered, 0U);
  // Beside another INSERT's fault, which waits for nothing else.
  const One& beside = deliver();
  fault(beside, RejectCode::bad_value, 1);
  write(beside, 2);
  fault(beside, RejectCode::unmatched, 0, true);
  EXPECT_TRUE(flush());
  EXPECT_EQ(log_.durable, std::vector<std::string>{"t/0/1 1:bad_value v"});
  EXPECT_TRUE(is_finished(beside));
  EXPECT_EQ(accounting_.read(0).dead_lettered, 0U);
}

TEST_F(LetterQueueTest, PassesOverFaultsOfWhichNothingIsAwaited) {
  const One& one = deliver(0, InsertSet::of(1));
  fault(one, RejectCode::unmatched, 0);
  EXPECT_TRUE(queue_.empty());
  fault(one, RejectCode::unmatched, 1);
  EXPECT_TRUE(flush()) << "the others do not run for it";
  EXPECT_TRUE(is_finished(one));
  const One& given_back = deliver();
  ledger_.revoke(0);
  fault(given_back, RejectCode::json_syntax);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(LetterQueueTest, ForgetsWhatWaitsInPartitionsThatAreGivenBack) {
  const One& given_back = deliver(0);
  const One& ours = deliver(1);
  fault(given_back, RejectCode::unmatched, 0);
  fault(ours, RejectCode::unmatched, 0);
  const std::vector<PartitionId> revoked{0};
  queue_.forget(revoked);
  ledger_.revoke(0);
  write(given_back, 1);
  write(given_back, 2);
  write(ours, 1);
  write(ours, 2);
  EXPECT_TRUE(flush());
  EXPECT_EQ(log_.durable, std::vector<std::string>{"t/1/1 0:unmatched v"});
}

TEST_F(LetterQueueTest, TriesAgainWhatIsTransientAndFailsOnTheRest) {
  const One& one = deliver();
  fault(one, RejectCode::json_syntax);
  log_.failures = 1;
  EXPECT_FALSE(flush());
  EXPECT_TRUE(queue_.failing());
  EXPECT_FALSE(flush()) << "not due yet";
  EXPECT_EQ(log_.failures, 0);
  queue_.hurry();
  EXPECT_TRUE(flush());
  EXPECT_FALSE(queue_.failing());
  fault(deliver(), RejectCode::json_syntax);
  log_.failures = 1;
  log_.error = {ErrorKind::failed, "the folder is gone"};
  EXPECT_FALSE(queue_.flush());
  EXPECT_EQ(ledger_.in_flight(), 1U);
}

TEST_F(LetterQueueTest, WritesLettersTogether) {
  fault(deliver(), RejectCode::json_syntax);
  clock_.advance(Millis(100));
  fault(deliver(), RejectCode::json_syntax);
  EXPECT_FALSE(*queue_.flush_if_due());
  clock_.advance(Millis(100));
  EXPECT_TRUE(*queue_.flush_if_due());
  EXPECT_EQ(log_.durable.size(), 2U);
}

TEST_F(LetterQueueTest, IsAheadOfPositionsUntilTheyPassItsLetters) {
  const std::vector<Position> positions{{.partition = 0, .next = 2}};
  EXPECT_FALSE(queue_.ahead_of(positions));
  fault(deliver(), RejectCode::json_syntax);  // Offset 0,
  fault(deliver(), RejectCode::json_syntax);  // and 1.
  flush();
  EXPECT_TRUE(queue_.ahead_of(positions));
  queue_.passed(0, 1);
  EXPECT_TRUE(queue_.ahead_of(positions));
  EXPECT_EQ(log_.let_go, 0);
  queue_.passed(0, 2);
  EXPECT_FALSE(queue_.ahead_of(positions));
  EXPECT_EQ(log_.let_go, 1);
}

TEST_F(LetterQueueTest, AsksTenTimesASecondAtMostWhetherLettersAreThere) {
  EXPECT_TRUE(queue_.ask());
  EXPECT_EQ(log_.asked, 0U) << "there are none";
  fault(deliver(), RejectCode::json_syntax);
  flush();
  log_.doubts = 1;
  EXPECT_FALSE(*queue_.are_there());
  EXPECT_TRUE(queue_.in_doubt());
  EXPECT_FALSE(*queue_.are_there()) << "not asked again yet";
  EXPECT_EQ(log_.asked, 1U);
  clock_.advance(Millis(100));
  EXPECT_TRUE(*queue_.are_there());
  EXPECT_FALSE(queue_.in_doubt());
  log_.gone = true;
  queue_.hurry();
  EXPECT_FALSE(queue_.are_there());
}

TEST_F(LetterQueueTest, HoldsNoPositionForLettersThatAreNotKept) {
  log_.keeps = false;
  fault(deliver(), RejectCode::json_syntax);
  flush();
  EXPECT_FALSE(queue_.ahead_of(std::vector<Position>{{.partition = 0, .next = 1}}));
  EXPECT_EQ(accounting_.read().rejected, 1U);
  EXPECT_EQ(accounting_.read().dead_lettered, 0U);
}

}  // namespace
}  // namespace turntable
