#include "kafka/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

namespace turntable::kafka {
namespace {

using testing::HasSubstr;

class HealthTest : public testing::Test {
 protected:
  // What is logged while `act` runs.
  template <class Act>
  static std::string logged(Act act) {
    testing::internal::CaptureStderr();
    act();
    return testing::internal::GetCapturedStderr();
  }

  ManualClock clock_;
  Health health_{"consumer of topic test", clock_};
};

constexpr const char* kRefused =
    "localhost:29092/bootstrap: Connect to ipv4#127.0.0.1:29092 failed: Connection refused (after "
    "0ms in state CONNECT)";

TEST_F(HealthTest, SaysAnOutageOnceWithTheBrokerAndTheCause) {
  const std::string text = logged([&] {
    for (int i = 0; i < 5; ++i) health_.on_error(RD_KAFKA_RESP_ERR__TRANSPORT, kRefused);
    health_.on_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  });
  EXPECT_THAT(
      text,
      HasSubstr(
          "Kafka broker localhost:29092 is away; retrying: Connect to ipv4#127.0.0.1:29092 failed: "
          "Connection refused\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_TRUE(health_.any_away());
}

TEST_F(HealthTest, LooksForBrokersThatAreAwayEveryTwoSeconds) {
  EXPECT_FALSE(health_.probe_due());
  logged([&] { health_.on_error(RD_KAFKA_RESP_ERR__TRANSPORT, kRefused); });
  EXPECT_TRUE(health_.probe_due());
  EXPECT_FALSE(health_.probe_due());
  clock_.advance(Millis(2'000));
  EXPECT_TRUE(health_.probe_due());
  health_.on_answer({"localhost:29092"});
  clock_.advance(Millis(2'000));
  EXPECT_FALSE(health_.probe_due());
}

TEST_F(HealthTest, DoesNotTakeABrokerForBackBecauseAnotherListsIt) {
  logged([&] { health_.on_error(RD_KAFKA_RESP_ERR__TRANSPORT, kRefused); });
  health_.on_answer({"localhost:29092", "localhost:29192"});
  EXPECT_TRUE(health_.any_away());
  clock_.advance(Millis(10'000));
  health_.on_answer({"localhost:29092", "localhost:29192"});
  EXPECT_FALSE(health_.any_away());
}

TEST_F(HealthTest, FailsForGoodOnRefusedCredentials) {
  health_.on_error(
      RD_KAFKA_RESP_ERR__AUTHENTICATION,
      "sasl_ssl://k:9092/bootstrap: SASL authentication error: Invalid username or password");
  ASSERT_TRUE(health_.failure());
  EXPECT_EQ(health_.failure()->kind, ErrorKind::auth);
  EXPECT_THAT(health_.failure()->message, HasSubstr("Invalid username or password"));
}

TEST_F(HealthTest, FailsForGoodOnACertificateThatDoesNotVerify) {
  health_.on_error(RD_KAFKA_RESP_ERR__SSL,
                   "ssl://k:9093/bootstrap: SSL handshake failed: certificate verify failed");
  ASSERT_TRUE(health_.failure());
  EXPECT_EQ(health_.failure()->kind, ErrorKind::auth);
}

TEST_F(HealthTest, TakesOtherFaultsOfTlsForAnOutage) {
  logged([&] {
    health_.on_error(RD_KAFKA_RESP_ERR__SSL,
                     "ssl://k:9093/1: SSL handshake failed: connection closed");
  });
  EXPECT_FALSE(health_.failure());
  EXPECT_TRUE(health_.any_away());
}

TEST_F(HealthTest, SaysAWarningAtMostEveryHalfMinute) {
  const auto warn = [&] { health_.on_log(4, "COMMITFAIL", "[thrd:main]: a commit failed"); };
  EXPECT_THAT(logged([&] { warn(); }), HasSubstr("a commit failed"));
  EXPECT_EQ(logged([&] { warn(); }), "");
  clock_.advance(Millis(30'000));
  EXPECT_THAT(logged([&] { warn(); }), HasSubstr("a commit failed"));
}

}  // namespace
}  // namespace turntable::kafka
