#include "app/client_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace turntable {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ClientOptions, AreThoseOfTheSink) {
  const auto options =
      cassandra_client_options({"username=someone", "password=a=b", "consistency=QUORUM",
                                "local_dc=dc1", "request_timeout=3s"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->username, "someone");
  EXPECT_EQ(options->password, "a=b");
  EXPECT_EQ(options->consistency, "QUORUM");
  EXPECT_EQ(options->local_dc, "dc1");
  EXPECT_EQ(options->request_timeout, Millis(3'000));
}

TEST(ClientOptions, AreCheckedBeforeAnythingIsConnected) {
  const auto cassandra = cassandra_client_options(
      {"ca_file=/nowhere/ca.pem", "consistency=LOCAL_QUORM", "request_timeout=3s"});
  ASSERT_FALSE(cassandra);
  EXPECT_THAT(cassandra.error().message, HasSubstr("--set consistency: consistency cannot be"));
  EXPECT_THAT(cassandra.error().message, HasSubstr("--set ca_file: cannot read"));
  const auto kafka = kafka_client_options({"security.protocol=TLS", "key.serializer=x"});
  ASSERT_FALSE(kafka);
  EXPECT_THAT(kafka.error().message, HasSubstr("--set security.protocol: The Kafka option"));
  EXPECT_THAT(kafka.error().message, HasSubstr("--set key.serializer: 'key.serializer' is no"));
}

TEST(ClientOptions, AreOptional) {
  const auto options = cassandra_client_options({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->request_timeout, cassandra::Options{}.request_timeout);
  EXPECT_TRUE(kafka_client_options({})->empty());
}

TEST(ClientOptions, OfKafkaKeepTheirDottedNames) {
  ASSERT_EQ(setenv("TURNTABLE_TEST_SECRET", "sesame", 1), 0);
  const auto options = kafka_client_options(
      {"security.protocol=SASL_SSL", "sasl.password=${TURNTABLE_TEST_SECRET}", "debug=broker"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(*options, (kafka::Properties{{"security.protocol", "SASL_SSL"},
                                         {"sasl.password", "sesame"},
                                         {"debug", "broker"}}));
}

TEST(ClientOptions, TellAllFaultsAtOnceAndNoSecret) {
  const auto options =
      cassandra_client_options({"pasword=hunter2", "request_timeout=soon", "password=hunter2",
                                "password=hunter3", "ca_file=${TURNTABLE_TEST_UNSET}"});
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().kind, ErrorKind::usage);
  const std::string& message = options.error().message;
  EXPECT_THAT(message, HasSubstr("--set pasword: the connector 'cassandra' has no option "
                                 "'pasword'. Did you mean 'password'?"));
  EXPECT_THAT(message, HasSubstr("--set request_timeout: request_timeout cannot be 'soon'"));
  EXPECT_THAT(message, HasSubstr("option password stands twice"));
  EXPECT_THAT(message, HasSubstr("TURNTABLE_TEST_UNSET is not set"));
  EXPECT_THAT(message, Not(HasSubstr("hunter")));
}

TEST(ClientOptions, HaveANameAndAValue) {
  for (const char* set : {"username", "=x", ""}) {
    EXPECT_THAT(cassandra_client_options({set}).error().message, HasSubstr("expected NAME=VALUE"));
    EXPECT_THAT(kafka_client_options({set}).error().message, HasSubstr("expected NAME=VALUE"));
  }
}

}  // namespace
}  // namespace turntable
