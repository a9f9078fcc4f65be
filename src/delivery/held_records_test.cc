#include "delivery/held_records.h"

#include <gtest/gtest.h>

#include <string>

namespace turntable {
namespace {

class HeldRecordsTest : public testing::Test {
 protected:
  HeldRecordsTest() { ledger_.assign(0); }

  // Enters so many records and holds them. Their values are a hundred bytes each.
  const HeldRecords::Batch& hold(size_t records) {
    RecordBatch batch;
    std::vector<Origin> origins = held_.spare_origins();
    for (size_t i = 0; i < records; ++i) {
      Record& record = batch.records.emplace_back();
      record.offset = next_++;
      record.value = value_;
      origins.push_back(ledger_.deliver(0, record.offset));
    }
    return held_.add(std::move(batch), std::move(origins));
  }
  void settle(const Origin& origin, InsertSet inserts = InsertSet::all()) {
    (void)ledger_.settle(origin, inserts, Outcome::written);
  }

  const std::string value_ = std::string(100, 'x');
  Offset next_ = 0;
  Ledger ledger_{2};
  HeldRecords held_{ledger_};
};

TEST_F(HeldRecordsTest, HoldsABatchUntilAllOfItsRecordsAreSettledInEveryInsert) {
  const std::vector<Origin> first = hold(2).origins;
  const size_t bytes = held_.bytes();
  EXPECT_GE(bytes, 200U);
  settle(first[0]);
  settle(first[1], InsertSet::of(0));
  held_.release();
  EXPECT_EQ(held_.bytes(), bytes);
  settle(first[1], InsertSet::of(1));
  held_.release();
  EXPECT_EQ(held_.bytes(), 0U);
}

TEST_F(HeldRecordsTest, LetsGoOfBatchesInTheirOrder) {
  const std::vector<Origin> first = hold(1).origins;
  const size_t of_one = held_.bytes();
  const std::vector<Origin> second = hold(1).origins;
  settle(second[0]);
  held_.release();
  EXPECT_EQ(held_.bytes(), 2 * of_one);
  settle(first[0]);
  held_.release();
  EXPECT_EQ(held_.bytes(), 0U);
}

TEST_F(HeldRecordsTest, LetsGoOfWhatIsGivenBack) {
  hold(3);
  ledger_.revoke(0);
  held_.release();
  EXPECT_EQ(held_.bytes(), 0U);
}

TEST_F(HeldRecordsTest, FindsRecordsInTheirBatches) {
  const HeldRecords::Batch& first = hold(3);
  const HeldRecords::Batch& second = hold(2);
  const Origin gone = first.origins[0];
  settle(gone);
  held_.release();
  const std::vector<Origin> wanted{second.origins[1], first.origins[2], gone, second.origins[1]};
  const auto places = held_.find(wanted);
  ASSERT_EQ(places.size(), 4U);
  EXPECT_EQ(places[0].batch, &second.records);
  EXPECT_EQ(places[0].row, 1U);
  EXPECT_EQ(places[1].batch, &first.records);
  EXPECT_EQ(places[1].row, 2U);
  EXPECT_EQ(places[2].batch, nullptr) << "it is settled";
  EXPECT_EQ(places[3].batch, &second.records) << "a record may be asked for twice";
}

TEST_F(HeldRecordsTest, CountsWhatSmallRecordsTakeBesideTheirBytes) {
  RecordBatch batch;
  batch.records.resize(1'000);
  std::vector<Origin> origins;
  for (Record& record : batch.records) origins.push_back(ledger_.deliver(0, record.offset));
  held_.add(std::move(batch), std::move(origins));
  EXPECT_GE(held_.bytes(), 1'000 * sizeof(Record));
}

}  // namespace
}  // namespace turntable
