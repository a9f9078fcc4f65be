#include "delivery/accounting.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

class AccountingTest : public testing::Test {
 protected:
  AccountingTest() { ledger_.assign(0); }

  Origin deliver(InsertSet inserts = InsertSet::all()) {
    accounting_.consumed(inserts);
    return ledger_.deliver(0, next_++, inserts);
  }
  void settle(const Origin& origin, InsertSet inserts, Outcome outcome) {
    accounting_.settled(ledger_.settle(origin, inserts, outcome), outcome);
  }
  void expect_identities() {
    EXPECT_EQ(accounting_.read().consumed, accounting_.read().ended() + ledger_.in_flight());
    for (size_t insert = 0; insert < accounting_.inserts(); ++insert)
      EXPECT_EQ(accounting_.read(insert).consumed,
                accounting_.read(insert).ended() + ledger_.in_flight(insert));
  }

  Offset next_ = 0;
  Ledger ledger_{2};
  Accounting accounting_{2};
};

TEST_F(AccountingTest, CountsARecordAsTheWorstThatBecameOfItAndEachInsertByItself) {
  const Origin origin = deliver();
  settle(origin, InsertSet::of(0), Outcome::written);
  EXPECT_EQ(accounting_.read(0).written, 1U);
  EXPECT_EQ(accounting_.read().ended(), 0U) << "the other INSERT has not said";
  expect_identities();
  settle(origin, InsertSet::of(1), Outcome::rejected);
  EXPECT_EQ(accounting_.read().rejected, 1U);
  EXPECT_EQ(accounting_.read().written, 0U);
  EXPECT_EQ(accounting_.read(1).rejected, 1U);
  EXPECT_EQ(accounting_.read(0).rejected, 0U);
  expect_identities();
}

TEST_F(AccountingTest, CountsOutcomesThatComeTwiceOnce) {
  const Origin origin = deliver();
  settle(origin, InsertSet::all(), Outcome::filtered);
  settle(origin, InsertSet::all(), Outcome::written);
  EXPECT_EQ(accounting_.read().filtered, 1U);
  EXPECT_EQ(accounting_.read().written, 0U);
  EXPECT_EQ(accounting_.read(0).written, 0U);
  expect_identities();
}

TEST_F(AccountingTest, ConsumesForAnInsertOnlyWhatItRunsFor) {
  const Origin origin = deliver(InsertSet::of(1));
  EXPECT_EQ(accounting_.read().consumed, 1U);
  EXPECT_EQ(accounting_.read(0).consumed, 0U);
  EXPECT_EQ(accounting_.read(1).consumed, 1U);
  settle(origin, InsertSet::of(1), Outcome::written);
  EXPECT_EQ(accounting_.read().written, 1U);
  expect_identities();
}

TEST_F(AccountingTest, CountsWhatIsGivenBackInEachInsertThatOwedIt) {
  const Origin half = deliver();
  settle(half, InsertSet::of(0), Outcome::written);
  deliver();
  accounting_.returned(ledger_.revoke(0));
  EXPECT_EQ(accounting_.read().returned, 2U);
  EXPECT_EQ(accounting_.read(0).returned, 1U);
  EXPECT_EQ(accounting_.read(1).returned, 2U);
  EXPECT_EQ(accounting_.read(0).written, 1U);
  expect_identities();
}

TEST_F(AccountingTest, CountsALetterOnceAndItsFaultsByInsert) {
  accounting_.dead_lettered(InsertSet::all());
  accounting_.dead_lettered(InsertSet::of(1));
  EXPECT_EQ(accounting_.read().dead_lettered, 2U);
  EXPECT_EQ(accounting_.read(0).dead_lettered, 1U);
  EXPECT_EQ(accounting_.read(1).dead_lettered, 2U);
}

}  // namespace
}  // namespace turntable
