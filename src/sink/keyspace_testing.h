// A fixture for tests of sinks against a real cluster.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cassandra/session.h"
#include "sink/cassandra_schema.h"
#include "sink/cassandra_sink.h"

namespace turntable {

// A session, and a keyspace's name that is free before the test and after it. Skipped where no
// server is named.
class KeyspaceTest : public testing::Test {
 protected:
  // `server`: what the environment says, which each file of tests asks for itself: that is how it
  // is known which tests need a server.
  KeyspaceTest(const char* server, std::vector<SinkTable> tables) {
    options_.connection.contact_points = server == nullptr ? "" : server;
    options_.tables = std::move(tables);
  }
  void SetUp() override {
    if (options_.connection.contact_points.empty())
      GTEST_SKIP() << "TURNTABLE_CASSANDRA names no server";
    auto session = cassandra::Session::connect(options_.connection);
    ASSERT_TRUE(session) << session.error().message;
    session_.emplace(std::move(*session));
    drop();
  }
  void TearDown() override {
    if (session_) drop();
  }
  void execute(const std::string& cql) {
    const Status done = session_->execute(cql);
    ASSERT_TRUE(done) << done.error().message;
  }
  void create() {
    for (const SinkTable& table : options_.tables) {
      const Status created = create_cassandra_table(*session_, table, {});
      ASSERT_TRUE(created) << created.error().message;
    }
  }

  CassandraSinkOptions options_;
  std::optional<cassandra::Session> session_;

 private:
  void drop() { execute("DROP KEYSPACE IF EXISTS " + options_.tables.front().keyspace); }
};

}  // namespace turntable
