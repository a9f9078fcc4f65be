#include "sink/replication.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turntable {
namespace {

using testing::HasSubstr;

TEST(Replication, IsWrittenAnew) {
  EXPECT_EQ(replication_map(" {'class':'NetworkTopologyStrategy','dc1' : 3,'dc 2':'3/1'} ").value(),
            "{'class': 'NetworkTopologyStrategy', 'dc1': 3, 'dc 2': '3/1'}");
  EXPECT_EQ(replication_map("{'class': 'org.example.Mine', 'it''s': '2'}").value(),
            "{'class': 'org.example.Mine', 'it''s': '2'}");
}

// Each begins and ends as a map does.
TEST(Replication, LetsNothingElseIntoTheStatement) {
  for (const char* hostile : {
           "{'class': 'SimpleStrategy', 'replication_factor': 1}; DROP KEYSPACE spotify; {}",
           "{'class': 'SimpleStrategy'} AND durable_writes = false AND x = {}",
           "{'class': 'SimpleStrategy', 'replication_factor': 1} -- }",
           "{'class': 'SimpleStrategy' /* } */ }",
           "{'class': 'Simple''} AND durable_writes = false AND x = {''Strategy'}",
           "{'class': 'SimpleStrategy', 'dc': '1} ; DROP'}",
           "{'class': 'SimpleStrategy', 'dc': -1}",
           "{'class': 'SimpleStrategy', 'dc': 1.5}",
           "{'class': 'SimpleStrategy', 'dc': 99999}",
           "{'class': 'SimpleStrategy', 'dc': now()}",
           "{'class': 'SimpleStrategy', 'dc\n': 1}",
           "{'class': 'SimpleStrategy', 'dc\xff': 1}",
           "{'class': 'SimpleStrategy', '': 1}",
           "{'class': 'SimpleStrategy', 'dc': 1, 'dc': 2}",
           "{'class': 'SimpleStrategy', 'dc': 1,}",
           "{'class': 'SimpleStrategy' 'dc': 1}",
           "{\"class\": \"SimpleStrategy\"}",
           "{'dc': 1}",
           "{}",
           "{'",
           "{'class': '",
           "",
       }) {
    const auto map = replication_map(hostile);
    EXPECT_FALSE(map) << hostile << " became " << *map;
    if (!map) {
      EXPECT_EQ(map.error().kind, ErrorKind::usage) << hostile;
    }
  }
  EXPECT_THAT(replication_map("{'class': 'A', 'dc': 1} AND x = {}").error().message,
              HasSubstr("expected nothing more at 'AND x = {}'"));
}

TEST(Replication, HasALimitOfEntries) {
  std::string map = "{'class': 'NetworkTopologyStrategy'";
  for (size_t i = 1; i < kReplicationEntriesLimit; ++i) map += fmt::format(", 'dc{}': 1", i);
  EXPECT_TRUE(replication_map(map + "}"));
  EXPECT_THAT(replication_map(map + ", 'one more': 1}").error().message,
              HasSubstr("more than 100 entries"));
}

}  // namespace
}  // namespace turntable
