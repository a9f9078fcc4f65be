// A Kafka cluster inside this process, speaking Kafka's protocol on a loopback port: librdkafka's
// mock cluster. For `turntable demo` and for tests. It keeps up to 5 MiB or 100,000 batches per
// partition and forgets the oldest.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace turntable::kafka {

// Its broker runs on threads of its own until this is destroyed; all calls are thread-safe.
class MockCluster {
 public:
  struct Options {
    int brokers = 1;
    int rebalance_delay_ms =
        0;  // How long a new group waits for more members; Kafka's default is 3000.
  };
  [[nodiscard]] static Result<std::unique_ptr<MockCluster>> open(Options options);
  ~MockCluster();
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  // "127.0.0.1:PORT,…"
  [[nodiscard]] std::string bootstrap() const;
  [[nodiscard]] Status create_topic(const std::string& topic, int partitions);

  // Another broker (from 1) leads the partition, from a new epoch on.
  [[nodiscard]] Status set_leader(const std::string& topic, int partition, int broker);

  // A broker (from 1) refuses connections, or takes them again.
  [[nodiscard]] Status set_down(int broker, bool down);
  // The next `times` requests of Kafka's `api_key` fail with its `error_code`.
  void fail_requests(int api_key, int error_code, int times);
  // Those to come do not.
  void heal_requests(int api_key);
  // What brokers say about the topic, as that they do not know it: Kafka's `error_code`; 0: nothing
  // but the truth.
  void set_topic_error(const std::string& topic, int error_code);
  // How many requests of Kafka's `api_key` have come since the last call; 0 at the first one, from
  // which on they are counted.
  [[nodiscard]] size_t requests(int api_key);

 private:
  struct Parts;
  explicit MockCluster(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace turntable::kafka
