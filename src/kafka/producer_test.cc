// An acknowledgement of the producer means that the record is in the topic, also where a batch had
// to be sent twice.
#include "kafka/producer.h"

#include <gtest/gtest.h>

#include "kafka/mock_cluster.h"

namespace turntable::kafka {
namespace {

TEST(ProducerTest, ASentBackBatchIsNotTakenForAcknowledgedByALaterOne) {
  constexpr int kProduce = 0;  // Kafka's api key,
  constexpr int kNotLeaderOrFollower =
      6;  // and what a broker says until it has heard of a new partition.
  const SystemClock clock;
  auto cluster = std::move(MockCluster::open({}).value());
  ASSERT_TRUE(cluster->create_topic("test", 1));
  auto producer = std::move(
      Producer::open(
          {"test", {{"bootstrap.servers", cluster->bootstrap()}, {"batch.num.messages", "1"}}},
          clock)
          .value());
  cluster->fail_requests(kProduce, kNotLeaderOrFollower, 1);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(producer->send({.value = "v", .partition = 0}).value());
  ASSERT_TRUE(producer->flush(Millis(20'000)));
  EXPECT_EQ(producer->acknowledged(), 10U);
  EXPECT_EQ(producer->watermarks("test", 0, Millis(5'000))->high, 10);
}

}  // namespace
}  // namespace turntable::kafka
