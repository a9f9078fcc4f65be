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

TEST(KafkaConfig, SaysWhatIsWrongWithAValue) {
  EXPECT_THAT(refusal({{"session.timeout.ms", "soon"}}),
              HasSubstr("'session.timeout.ms' was refused"));
  EXPECT_THAT(refusal({{"compression.type", "rar"}}), HasSubstr("rar"));
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
