// What compressed batches may become, on the in-process cluster; tests/test_limits.py has the real
// one.
#include "kafka/inflate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kafka/consumer.h"
#include "kafka/mock_cluster.h"
#include "kafka/producer.h"

namespace turntable::kafka {
namespace {

using testing::HasSubstr;

// Reads every partition from its beginning.
class FromTheBeginning final : public RebalanceHandler {
 public:
  std::optional<std::vector<Position>> on_assign(std::span<const PartitionId> partitions) override {
    std::vector<Position> starts;
    for (const PartitionId partition : partitions) starts.push_back({partition, 0});
    return starts;
  }
  void on_revoke(std::span<const PartitionId>, bool) override {}
};

class InflateTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    cluster_ = std::move(MockCluster::open({}).value());
    ASSERT_TRUE(cluster_->create_topic("test", 1));
  }

  // Each value in a batch of its own.
  void send(const std::vector<size_t>& sizes) {
    auto producer = std::move(Producer::open({"test",
                                              {{"bootstrap.servers", cluster_->bootstrap()},
                                               {"compression.type", GetParam()},
                                               {"batch.num.messages", "1"},
                                               {"queue.buffering.max.kbytes", "1048576"},
                                               {"message.max.bytes", "1000000000"}}},
                                             clock_)
                                  .value());
    for (const size_t size : sizes) {
      ASSERT_TRUE(producer->send({.value = std::string(size, '0'), .partition = 0}).value());
      ASSERT_TRUE(producer->flush(Millis(60'000)));
    }
  }

  void open(size_t room) {
    consumer_ = std::move(
        Consumer::open(
            {.topic = "test",
             .properties = {{"bootstrap.servers", cluster_->bootstrap()},
                            {"group.id", "g"},
                            {"auto.offset.reset", "error"},
                            {"fetch.error.backoff.ms", "100"},
                            {"receive.message.max.bytes", std::to_string(kBatchBytesLimit)}},
             .inflated_bytes_limit = room},
            handler_, clock_)
            .value());
    ASSERT_TRUE(consumer_->subscribe());
  }

  // Until a record or a notice comes, or nothing does for long.
  Drained next(Millis patience = Millis(30'000)) {
    const SteadyTime until = clock_.now() + patience;
    while (clock_.now() < until) {
      consumer_->listen();
      consumer_->serve();
      Drained drained = consumer_->drain(1);
      if (!drained.records.empty() || !drained.notices.empty()) return drained;
      consumer_->wait(Millis(50));
    }
    return {};
  }

  SystemClock clock_;
  std::unique_ptr<MockCluster> cluster_;
  FromTheBeginning handler_;
  std::unique_ptr<Consumer> consumer_;
};

TEST_P(InflateTest, ABatchAtTheLimitIsReadAndOneAboveItIsRefusedForGood) {
  // Around a value there are some bytes of its record.
  send({kBatchBytesLimit - 64, kBatchBytesLimit});
  open(kInflatedBytesLimit);
  {
    const Drained first = next();
    ASSERT_EQ(first.records.size(), 1U);
    EXPECT_EQ(first.records[0].value.size(), kBatchBytesLimit - 64);
    EXPECT_GE(inflated_bytes(), kBatchBytesLimit - 64);
  }
  const Drained second = next();
  ASSERT_EQ(second.notices.size(), 1U);
  EXPECT_EQ(second.notices[0].kind, Notice::Kind::broken);
  EXPECT_THAT(second.notices[0].text, HasSubstr("inflates to more than 134,217,728 bytes"));
  EXPECT_EQ(inflated_bytes(), 0U);
}

TEST_P(InflateTest, BatchesWaitForRoomAndAreReadWhenThereIsSome) {
  constexpr size_t kMebibyte = size_t{1} << 20;
  constexpr int kBatches = 5;
  send(std::vector<size_t>(kBatches, kMebibyte));
  open(2 * kMebibyte + kMebibyte / 2);
  std::vector<std::unique_ptr<RecordOwner>> held;
  bool waited = false;
  for (Offset offset = 0; offset < kBatches;) {
    Drained drained = next();
    ASSERT_FALSE(drained.records.empty() && drained.notices.empty()) << "nothing came any more";
    for (const Notice& notice : drained.notices) {
      EXPECT_EQ(notice.kind, Notice::Kind::passing) << notice.text;
      EXPECT_THAT(notice.text, HasSubstr("waits until records before it are done with"));
      EXPECT_EQ(held.size(), 2U);
      waited = true;
      held.clear();
    }
    if (drained.records.empty()) continue;
    EXPECT_EQ(drained.records[0].offset, offset++);
    held.push_back(std::move(drained.owner));
    EXPECT_LE(inflated_bytes(), 2 * kMebibyte + kMebibyte / 2);
  }
  EXPECT_TRUE(waited);
  held.clear();
  EXPECT_EQ(inflated_bytes(), 0U);
}

// However little room there is: or it would wait for ever.
TEST_P(InflateTest, ABatchAloneHasRoom) {
  send({size_t{1} << 20, size_t{1} << 20});
  open(1);
  for (Offset offset = 0; offset < 2; ++offset) {
    Drained drained = next();
    while (!drained.notices.empty() && drained.records.empty()) drained = next();
    ASSERT_EQ(drained.records.size(), 1U);
    EXPECT_EQ(drained.records[0].offset, offset);
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, InflateTest, testing::Values("gzip", "snappy", "lz4", "zstd"),
                         [](const auto& codec) { return std::string(codec.param); });

}  // namespace
}  // namespace turntable::kafka
