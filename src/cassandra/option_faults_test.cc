#include "cassandra/option_faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turntable::cassandra {
namespace {

using testing::HasSubstr;

std::vector<std::string> faulty(const Options& options) {
  std::vector<std::string> names;
  for (const OptionFault& fault : option_faults(options)) names.push_back(fault.option);
  return names;
}
using Names = std::vector<std::string>;

TEST(CassandraOptionFaults, AreFoundAllAtOnce) {
  EXPECT_EQ(faulty({.contact_points = "a:x", .ca_file = "/nowhere/ca.pem", .consistency = "MOST"}),
            (Names{"contact_points", "consistency", "ca_file"}));
  EXPECT_EQ(faulty({.contact_points = "a,b:9042", .consistency = "local_quorum"}), Names{});
  EXPECT_EQ(faulty({}), Names{});
}

TEST(CassandraOptionFaults, NameTheLevelThatWasMeant) {
  const auto faults = option_faults({.consistency = "LOCAL_QUORM"});
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_THAT(faults[0].text, HasSubstr("consistency cannot be 'LOCAL_QUORM', expected 'ONE' or"));
  EXPECT_THAT(faults[0].text, HasSubstr("Did you mean 'LOCAL_QUORUM'?"));
  EXPECT_THAT(option_faults({.consistency = "any"}).at(0).text, HasSubstr("'ONE' is the lowest"));
}

TEST(CassandraOptionFaults, AreAtTheFileThatIsWrong) {
  EXPECT_EQ(faulty({.key_file = "k.pem"}), Names{"key_file"});
  EXPECT_EQ(faulty({.ca_file = "ca.pem", .certificate_file = "c.pem"}), Names{"certificate_file"});
  EXPECT_EQ(faulty({.ca_file = "/nowhere/ca.pem"}), Names{"ca_file"});
}

}  // namespace
}  // namespace turntable::cassandra
