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
  health_.on_error(RD_KAFKA_RESP_ERR__AUTHENTICATION,
                   "sasl_ssl://k:9092/bootstrap: SASL authentication error: Invalid username or "
                   "password (after 318ms in state AUTH_REQ)");
  ASSERT_TRUE(health_.failure());
  EXPECT_EQ(health_.failure()->kind, ErrorKind::auth);
  EXPECT_EQ(health_.failure()->message,
            "The consumer of topic test was refused by Kafka broker k:9092: SASL authentication "
            "error: Invalid username or password; check sasl.mechanism, sasl.username and "
            "sasl.password");
}

// librdkafka gives the first of them as a fault of the connection, later ones as one of TLS.
TEST_F(HealthTest, FailsForGoodOnACertificateThatDoesNotVerifyUnderEitherCode) {
  for (const int code : {RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR__TRANSPORT}) {
    Health health("consumer of topic test", clock_);
    health.on_error(
        code,
        "ssl://k:9093/bootstrap: SSL handshake failed: error:0A000086:SSL "
        "routines::certificate verify failed: broker certificate could not be verified");
    ASSERT_TRUE(health.failure());
    EXPECT_EQ(health.failure()->kind, ErrorKind::auth);
    EXPECT_EQ(
        health.failure()->message,
        "The consumer of topic test does not trust the certificate of Kafka broker k:9093: it "
        "is not signed by an authority in ssl.ca.location, has expired, or does not name k");
  }
}

TEST_F(HealthTest, FailsForGoodWhereTheBrokerDoesNotTakeTheClientsCertificate) {
  for (const std::string alert : {"sslv3 alert bad certificate",
                                  "tlsv13 alert certificate required", "tlsv1 alert unknown ca"}) {
    Health health("consumer of topic test", clock_);
    health.on_error(RD_KAFKA_RESP_ERR__TRANSPORT,
                    "ssl://k:9093/bootstrap: Receive failed: error:0A000412:SSL routines::" +
                        alert + ": SSL alert number 42 (after 1ms in state APIVERSION_QUERY)");
    ASSERT_TRUE(health.failure()) << alert;
    EXPECT_EQ(health.failure()->kind, ErrorKind::auth);
    EXPECT_THAT(health.failure()->message, HasSubstr("k:9093"));
    EXPECT_THAT(health.failure()->message, HasSubstr("set ssl.certificate.location"));
  }
}

TEST_F(HealthTest, AsksForTheProtocolWhereConnectionsEndAtOnce) {
  constexpr int kInfo = 6;
  const std::string begin =
      "[thrd:k:9092/bootstrap]: k:9092/bootstrap: Disconnected: connection closed by peer: ";
  EXPECT_THAT(
      logged([&] {
        health_.on_log(kInfo, "FAIL", begin + "receive 0 (after 1ms in state APIVERSION_QUERY)");
      }),
      HasSubstr("warning Kafka broker k:9092 ends the connections of the consumer of topic "
                "test as soon as they are made; is security.protocol what its listener asks "
                "for?\n"));
  EXPECT_EQ(
      logged([&] { health_.on_log(kInfo, "FAIL", begin + "receive 0 (after 2ms in state UP)"); }),
      "");  // Said already.
  clock_.advance(Millis(30'000));
  EXPECT_THAT(logged([&] {
                health_.on_log(kInfo, "FAIL", begin + "receive 0 (after 60000ms in state UP)");
              }),
              testing::Not(HasSubstr("security.protocol")));  // A broker that goes away later.
}

constexpr const char* kNoAnswer =
    "c:9042/bootstrap: Receive failed: Invalid response size -2063597568 (0..134217728): increase "
    "receive.message.max.bytes (after 1ms in state APIVERSION_QUERY)";

TEST_F(HealthTest, NamesAServerThatIsNoBroker) {
  int judged = 0;
  Health health("consumer of topic test", clock_,
                {.what_is_wrong = [&](const std::string& address) {
                  ++judged;
                  return address == "c:9042" ? "it is a node of Cassandra" : "";
                }});
  health.on_error(RD_KAFKA_RESP_ERR__TRANSPORT,
                  "c:9042/bootstrap: Connect to ipv4#127.0.0.1:9042 failed: Connection refused");
  EXPECT_EQ(judged, 0) << "nobody is there to be asked";
  health.on_error(RD_KAFKA_RESP_ERR__TRANSPORT, "k:9092/bootstrap: Disconnected");
  EXPECT_FALSE(health.failure());
  health.on_error(RD_KAFKA_RESP_ERR__BAD_MSG, kNoAnswer);
  ASSERT_TRUE(health.failure());
  EXPECT_EQ(health.failure()->kind, ErrorKind::failed);
  EXPECT_EQ(health.failure()->message,
            "The consumer of topic test cannot use c:9042: it is a node of Cassandra");
  health.on_error(RD_KAFKA_RESP_ERR__BAD_MSG, kNoAnswer);
  EXPECT_EQ(judged, 2) << "each address once";
}

TEST_F(HealthTest, OnlySaysItWhereAnotherAddressMayBeRight) {
  Health health("consumer of topic test", clock_,
                {.what_is_wrong = [](const std::string&) { return "it is an HTTP server"; },
                 .only_address = false});
  EXPECT_THAT(logged([&] { health.on_error(RD_KAFKA_RESP_ERR__BAD_MSG, kNoAnswer); }),
              HasSubstr("warning The consumer of topic test cannot use c:9042: it is an HTTP "
                        "server\n"));
  EXPECT_FALSE(health.failure());
}

TEST_F(HealthTest, JudgesWhoDoesNotAnswer) {
  for (const auto& [facility, text] :
       {std::pair("REQTMOUT", "Timed out ApiVersionRequest in flight (after 10010ms, timeout #0)"),
        std::pair("METADATA",
                  "Metadata request failed: connected: Local: Required feature not "
                  "supported by broker (0ms): Permanent")}) {
    Health health("consumer of topic test", clock_,
                  {.what_is_wrong = [](const std::string&) { return "it is another server"; }});
    health.on_log(4, facility, std::string("[thrd:main]: k:1/bootstrap: ") + text);
    ASSERT_TRUE(health.failure()) << facility;
    EXPECT_EQ(health.failure()->message,
              "The consumer of topic test cannot use k:1: it is another server");
  }
}

TEST_F(HealthTest, JudgesNobodyOnceAClusterHasAnswered) {
  Health health("consumer of topic test", clock_,
                {.what_is_wrong = [](const std::string&) { return "it is an HTTP server"; }});
  health.on_cluster();
  health.on_error(RD_KAFKA_RESP_ERR__TRANSPORT, "k:9092/bootstrap: Disconnected");
  EXPECT_FALSE(health.failure());
}

TEST_F(HealthTest, IsSilentAboutOutagesWhileItIsQuiet) {
  health_.set_quiet(true);
  EXPECT_EQ(logged([&] { health_.on_error(RD_KAFKA_RESP_ERR__TRANSPORT, kRefused); }), "");
  EXPECT_FALSE(health_.any_away());
  health_.on_error(RD_KAFKA_RESP_ERR__AUTHENTICATION, "k:9092/1: SASL authentication error: no");
  EXPECT_TRUE(health_.failure());
  health_.set_quiet(false);
  EXPECT_THAT(logged([&] { health_.on_error(RD_KAFKA_RESP_ERR__TRANSPORT, kRefused); }),
              HasSubstr("is away"));
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
