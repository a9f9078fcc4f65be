#include "kafka/mock_cluster.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <algorithm>
#include <array>
#include <vector>

#include "kafka/librdkafka.h"

namespace turntable::kafka {

struct MockCluster::Parts {
  struct HandleDeleter {
    void operator()(rd_kafka_t* rk) const { rd_kafka_destroy(rk); }
  };
  struct ClusterDeleter {
    void operator()(rd_kafka_mock_cluster_t* mock) const { rd_kafka_mock_cluster_destroy(mock); }
  };
  std::unique_ptr<rd_kafka_t, HandleDeleter>
      handle;  // Carries the cluster's log and threads; connects to nothing.
  std::unique_ptr<rd_kafka_mock_cluster_t, ClusterDeleter> cluster;
};

MockCluster::MockCluster(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
MockCluster::~MockCluster() = default;

Result<std::unique_ptr<MockCluster>> MockCluster::open(Options options) {
  auto parts = std::make_unique<Parts>();
  ASSIGN_OR_RETURN(Conf conf, make_conf({{"client.id", "mock"}, {"log_level", "2"}}));
  std::array<char, 512> why{};
  parts->handle.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
  if (!parts->handle)
    return fail(ErrorKind::failed,
                fmt::format("The in-process Kafka cannot be set up: {}", why.data()));
  [[maybe_unused]] auto* taken = conf.release();  // It belongs to the handle now.
  parts->cluster.reset(rd_kafka_mock_cluster_new(parts->handle.get(), options.brokers));
  if (!parts->cluster)
    return fail(ErrorKind::failed,
                "The in-process Kafka cannot open a port on the loopback address");
  rd_kafka_mock_group_initial_rebalance_delay_ms(parts->cluster.get(), options.rebalance_delay_ms);
  return std::unique_ptr<MockCluster>(new MockCluster(std::move(parts)));
}

std::string MockCluster::bootstrap() const {
  return rd_kafka_mock_cluster_bootstraps(parts_->cluster.get());
}

Status MockCluster::create_topic(const std::string& topic, int partitions) {
  const auto code = rd_kafka_mock_topic_create(parts_->cluster.get(), topic.c_str(), partitions, 1);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail_with(code, fmt::format("Creating topic {} in the in-process Kafka", topic));
}

Status MockCluster::set_leader(const std::string& topic, int partition, int broker) {
  const auto code =
      rd_kafka_mock_partition_set_leader(parts_->cluster.get(), topic.c_str(), partition, broker);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail_with(code, fmt::format("Broker {} as the leader of partition {} of topic {}", broker,
                                     partition, topic));
}

Status MockCluster::set_down(int broker, bool down) {
  const auto code = down ? rd_kafka_mock_broker_set_down(parts_->cluster.get(), broker)
                         : rd_kafka_mock_broker_set_up(parts_->cluster.get(), broker);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail_with(code, fmt::format("Broker {} of the in-process Kafka", broker));
}

void MockCluster::fail_requests(int api_key, int error_code, int times) {
  const std::vector<rd_kafka_resp_err_t> errors(static_cast<size_t>(times),
                                                static_cast<rd_kafka_resp_err_t>(error_code));
  rd_kafka_mock_push_request_errors_array(parts_->cluster.get(), static_cast<int16_t>(api_key),
                                          errors.size(), errors.data());
}

void MockCluster::heal_requests(int api_key) {
  rd_kafka_mock_clear_request_errors(parts_->cluster.get(), static_cast<int16_t>(api_key));
}

void MockCluster::set_topic_error(const std::string& topic, int error_code) {
  rd_kafka_mock_topic_set_error(parts_->cluster.get(), topic.c_str(),
                                static_cast<rd_kafka_resp_err_t>(error_code));
}

size_t MockCluster::requests(int api_key) {
  size_t count = 0;
  rd_kafka_mock_request_t** all = rd_kafka_mock_get_requests(parts_->cluster.get(), &count);
  rd_kafka_mock_start_request_tracking(parts_->cluster.get());  // Forgets those.
  const auto wanted = std::count_if(all, all + count, [api_key](rd_kafka_mock_request_t* request) {
    return rd_kafka_mock_request_api_key(request) == api_key;
  });
  rd_kafka_mock_request_destroy_array(all, count);
  return static_cast<size_t>(wanted);
}

}  // namespace turntable::kafka
