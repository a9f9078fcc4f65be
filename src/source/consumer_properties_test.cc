#include "source/consumer_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turntable {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<std::string> faulty(kafka::Properties properties) {
  properties.insert({{"bootstrap.servers", "nowhere.invalid:1"}, {"group.id", "g"}});
  std::vector<std::string> names;
  for (const kafka::PropertyFault& fault : consumer_faults(properties)) names.push_back(fault.name);
  return names;
}

kafka::Properties given_to_librdkafka(kafka::Properties properties) {
  properties.insert({{"bootstrap.servers", "b:1"}, {"group.id", "g"}});
  const auto all = consumer_properties({.topic = "t", .properties = properties});
  EXPECT_TRUE(all) << all.error().message;
  return all ? *all : kafka::Properties{};
}

TEST(ConsumerFaults, AreFoundAllAtOnce) {
  EXPECT_THAT(faulty({{"auto.offset.reset", "earliest"},
                      {"enable.auto.commit", "true"},
                      {"max.poll.records", "500"},
                      {"fetch.min.bytes", "many"},
                      {"max.poll.interval.ms", "1000"},
                      {"value.deserializer", "StringDeserializer"}}),
              UnorderedElementsAre("auto.offset.reset", "enable.auto.commit", "max.poll.records",
                                   "fetch.min.bytes", "value.deserializer",
                                   // Less than session.timeout.ms.
                                   "max.poll.interval.ms"));
  EXPECT_THAT(faulty({}), UnorderedElementsAre());
}

TEST(ConsumerFaults, OfAnAssignorOfAnotherClientSayWhatItIsCalledHere) {
  const auto faults = consumer_faults(
      {{"group.id", "g"},
       {"partition.assignment.strategy", "org.apache.kafka.clients.consumer.RangeAssignor"}});
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].name, "partition.assignment.strategy");
  EXPECT_THAT(faults[0].text, HasSubstr("Write 'range'"));
}

TEST(GroupProtocol, OfTheBrokersTakesNoneOfOurDefaultsThatItRefuses) {
  const auto properties = given_to_librdkafka({{"group.protocol", "consumer"}});
  EXPECT_EQ(properties.count("heartbeat.interval.ms"), 0U);
  EXPECT_EQ(properties.count("partition.assignment.strategy"), 0U);
  EXPECT_EQ(given_to_librdkafka({}).at("partition.assignment.strategy"), "cooperative-sticky");
  EXPECT_THAT(faulty({{"group.protocol", "consumer"}}), UnorderedElementsAre());
}

TEST(GroupProtocol, OfTheBrokersDoesNotGoWithWhatTheyDecide) {
  EXPECT_THAT(faulty({{"group.protocol", "consumer"},
                      {"session.timeout.ms", "6000"},
                      {"heartbeat.interval.ms", "1000"},
                      {"partition.assignment.strategy", "range"},
                      {"group.instance.id", "a"}}),
              UnorderedElementsAre("session.timeout.ms", "heartbeat.interval.ms",
                                   "partition.assignment.strategy", "group.instance.id"));
  EXPECT_THAT(faulty({{"group.protocol", "consumer"}, {"group.instance.id", ""}}),
              UnorderedElementsAre())
      << "as from a variable that is not set";
}

}  // namespace
}  // namespace turntable
