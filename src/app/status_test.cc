#include "app/status.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

const std::vector<StatusPart> kParts{
    {"12 records/s"}, {"lag 3"}, {"written 9"}, {"waiting for Cassandra", true}, {"LOST 7", true}};

TEST(StatusLine, IsWholeWhereThereIsRoom) {
  const std::string whole = "12 records/s, lag 3, written 9, waiting for Cassandra, LOST 7";
  EXPECT_EQ(status_line(kParts, 0), whole);
  EXPECT_EQ(status_line(kParts, whole.size()), whole);
}

TEST(StatusLine, BeginsWithWhatIsUrgentWhereThereIsNot) {
  EXPECT_EQ(status_line(kParts, 60), "waiting for Cassandra, LOST 7, 12 records/s, lag 3");
  EXPECT_EQ(status_line(kParts, 30), "waiting for Cassandra, LOST 7");
  EXPECT_EQ(status_line(kParts, 12), "waiting for…");
  EXPECT_EQ(status_line({{"12 records/s"}, {"lag 3"}}, 19), "12 records/s, lag 3");
  EXPECT_EQ(status_line({{"12 records/s"}, {"lag 3"}}, 18), "12 records/s");
}

}  // namespace
}  // namespace turntable
