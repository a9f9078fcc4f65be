#include "base/secret.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

TEST(Secret, KnowsTheOptionsThatHoldOne) {
  for (const char* name :
       {"password", "sasl.password", "ssl.key.password", "ssl.key.pem", "sasl.jaas.config",
        "sasl.oauthbearer.client.secret", "ssl.keystore.password", "sasl.oauthbearer.config",
        "sasl.oauthbearer.assertion.private.key.passphrase", "SASL.Password",
        "sasl.oauthbearer.assertion.private.key.pem"}) {
    EXPECT_TRUE(is_secret(name)) << name;
  }
  for (const char* name :
       {"bootstrap.servers", "group.id", "ssl.ca.location", "ssl.key.location", "sasl.username",
        "sasl.oauthbearer.token.endpoint.url", "primary_key", "key", "keyspace"}) {
    EXPECT_FALSE(is_secret(name)) << name;
  }
}

TEST(Secret, IsCutOutOfMessagesWithAllThatShowsIt) {
  const std::string secret = "hunter2-and-more";
  EXPECT_EQ(without_secret("no such file", secret), "no such file");
  for (const char* message : {"cannot be \"hunter2-and-more\"", "cannot be \"hunter2-an", "hunt"})
    EXPECT_EQ(without_secret(message, secret).find("hunt"), std::string::npos) << message;
  EXPECT_EQ(without_secret("is 'ab' a key?", "ab").find("'ab'"), std::string::npos);
  EXPECT_EQ(without_secret("it is empty", ""), "it is empty");
}

TEST(Secret, IsSpokenOfWhereItsOptionIsNamed) {
  EXPECT_TRUE(speaks_of_secrets("WITH (\"sasl.password\" = "));
  EXPECT_FALSE(speaks_of_secrets("WITH (topic = "));
}

}  // namespace
}  // namespace turntable
