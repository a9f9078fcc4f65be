#include "kafka/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turntable::kafka {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string refusal(const Properties& properties) {
  const auto conf = make_conf(properties);
  if (conf) return "";
  EXPECT_EQ(conf.error().kind, ErrorKind::usage);
  return conf.error().message;
}

// librdkafka's configure step leaves a codec out, and says nothing, where a header is missing.
TEST(KafkaLibrary, HasEveryCodecAndTlsAndScram) {
  const std::string features = library_features();
  for (const char* feature : {"gzip", "snappy", "lz4", "zstd", "ssl", "sasl_plain", "sasl_scram"}) {
    EXPECT_THAT("," + features + ",", HasSubstr(std::string(",") + feature + ",")) << features;
  }
}

TEST(KafkaConfig, TakesWhatLibrdkafkaKnows) {
  EXPECT_TRUE(make_conf({{"bootstrap.servers", "localhost:9092"},
                         {"security.protocol", "SASL_SSL"},
                         {"acks", "all"}}));
}

TEST(KafkaConfig, NamesAnUnknownOptionAndTheOneThatWasMeant) {
  EXPECT_THAT(refusal({{"bootstrap.server", "localhost:9092"}}),
              HasSubstr("'bootstrap.server' is no option"));
  EXPECT_THAT(refusal({{"bootstrap.server", "localhost:9092"}}),
              HasSubstr("Did you mean 'bootstrap.servers'?"));
  EXPECT_THAT(refusal({{"sesion.timeout.ms", "1"}}),
              HasSubstr("Did you mean 'session.timeout.ms'?"));
}

TEST(KafkaConfig, LeavesItToTheCallerHowTheNameIsWritten) {
  const auto faults = property_faults({{"bootstrap.server", "localhost:9092"}});
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].near, "bootstrap.servers");
  EXPECT_EQ(faults[0].text.find("Did you mean"), std::string::npos);
  EXPECT_EQ(property_faults({{"max.poll.records", "500"}})[0].near, "");
}

TEST(KafkaConfig, SaysWhatIsWrongWithAValue) {
  EXPECT_THAT(refusal({{"session.timeout.ms", "soon"}}),
              HasSubstr("'session.timeout.ms' was refused"));
  EXPECT_THAT(refusal({{"compression.type", "rar"}}), HasSubstr("rar"));
}

std::vector<std::string> names_of(const std::vector<PropertyFault>& faults) {
  std::vector<std::string> names;
  for (const PropertyFault& fault : faults) names.push_back(fault.name);
  return names;
}

TEST(KafkaConfig, FindsAllFaultsAtOnce) {
  const auto faults = property_faults({{"bootstrap.servers", "k:9092"},
                                       {"max.poll.records", "500"},
                                       {"session.timeout.ms", "soon"},
                                       {"value.deserializer", "x"}});
  EXPECT_EQ(names_of(faults), (std::vector<std::string>{"max.poll.records", "session.timeout.ms",
                                                        "value.deserializer"}));
}

TEST(KafkaConfig, SaysWhatToWriteForWhatOtherClientsKnow) {
  const auto said = [](const std::string& name) {
    return property_faults({{name, "x"}}).at(0).text;
  };
  EXPECT_THAT(said("max.poll.records"), HasSubstr("Leave it out: as much is read"));
  EXPECT_THAT(said("fetch.max.wait.ms"), HasSubstr("Write \"fetch.wait.max.ms\"."));
  EXPECT_THAT(said("ssl.truststore.location"), HasSubstr("Write \"ssl.ca.location\""));
  EXPECT_THAT(said("sasl.jaas.config"), HasSubstr("Write \"sasl.username\" and"));
  EXPECT_THAT(said("kafka.bootstrap.servers"),
              HasSubstr("Write \"bootstrap.servers\", without the prefix."));
  EXPECT_THAT(said("properties.max.poll.records"), HasSubstr("Leave it out"));
  EXPECT_THAT(property_faults({{"partition.assignment.strategy",
                                "org.apache.kafka.clients.consumer.RangeAssignor"}}),
              testing::SizeIs(0))
      << "librdkafka takes any text here, and looks at it when a client is made";
}

TEST(KafkaConfig, FindsWhatDoesNotGoTogetherWithoutABroker) {
  const auto consumer = contradiction_in({{"bootstrap.servers", "nowhere.invalid:1"},
                                          {"max.poll.interval.ms", "1000"},
                                          {"session.timeout.ms", "6000"}},
                                         ClientKind::consumer);
  ASSERT_TRUE(consumer);
  EXPECT_EQ(consumer->name, "max.poll.interval.ms");
  EXPECT_THAT(consumer->text, HasSubstr("must be >= `session.timeout.ms`"));
  const auto authority = contradiction_in(
      {{"security.protocol", "SSL"}, {"ssl.ca.location", "/nowhere/ca.pem"}}, ClientKind::producer);
  ASSERT_TRUE(authority);
  EXPECT_EQ(authority->name, "ssl.ca.location");
  EXPECT_EQ(contradiction_in({{"bootstrap.servers", "nowhere.invalid:1"}}, ClientKind::consumer),
            std::nullopt);
}

TEST(KafkaConfig, DoesNotRepeatASecret) {
  EXPECT_THAT(refusal({{"ssl.key.pem", "hunter2"}, {"nonsense", "1"}}), Not(HasSubstr("hunter2")));
}

TEST(KafkaConfig, KnowsWhatATopicCanBeNamed) {
  for (const std::string& name : {std::string("a"), std::string("Plays_2024-03.dead_letters"),
                                  std::string("..."), std::string(249, 'x')})
    EXPECT_EQ(topic_fault(name), std::nullopt) << name;
  for (const std::string& name :
       {std::string(""), std::string("."), std::string(".."), std::string("a b"),
        std::string("a/b"), std::string("a\nb"), std::string("a\0b", 3), std::string("naïve"),
        std::string("a;b"), std::string("a\"b"), std::string(250, 'x')})
    EXPECT_TRUE(topic_fault(name).has_value()) << name;
}

TEST(KafkaConfig, FindsTheBrokersUnderBothNames) {
  EXPECT_EQ(bootstrap_of({{"bootstrap.servers", "a:1"}}), "a:1");
  EXPECT_EQ(bootstrap_of({{"metadata.broker.list", "b:1"}}), "b:1");
  EXPECT_EQ(bootstrap_of({}), "no broker");
}

}  // namespace
}  // namespace turntable::kafka
