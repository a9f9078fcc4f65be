// Which tables are in one store, and what they must agree on.
#include "app/stores.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/lane_options.h"

namespace turntable {
namespace {

using testing::HasSubstr;

class StoresTest : public testing::Test {
 protected:
  ~StoresTest() override { std::filesystem::remove(file_); }

  // A pipeline with an INSERT into a table with each of these options.
  Result<Pipeline> load(const std::vector<std::string>& tables) const {
    std::ofstream file(file_);
    file << "CREATE TABLE plays (id int NOT NULL) WITH (connector = 'ndjson', path = '-', "
            "dead_letters = 'drop');\n";
    for (size_t i = 0; i < tables.size(); ++i)
      file << fmt::format(
          "CREATE TABLE t{0} (id int) WITH ({1}, primary_key = 'id');\n"
          "INSERT INTO t{0} SELECT id FROM plays;\n",
          i, tables[i]);
    file.close();
    return load_pipeline(file_, {});
  }
  [[nodiscard]] size_t stores(const std::vector<std::string>& tables) const {
    const auto pipeline = load(tables);
    EXPECT_TRUE(pipeline) << pipeline.error().message;
    return pipeline ? pipeline->stores.size() : 0;
  }
  [[nodiscard]] std::string fault(const std::vector<std::string>& tables) const {
    const auto pipeline = load(tables);
    return pipeline ? "" : pipeline.error().message;
  }

  const std::string file_ = (std::filesystem::temp_directory_path() /
                             ("turntable_stores_" + std::to_string(::getpid()) + ".sql"))
                                .string();
};

std::string sqlite(const std::string& path, const std::string& more = "") {
  return fmt::format("connector = 'sqlite', path = '{}'{}", path, more);
}
std::string cassandra(const std::string& points, const std::string& more = "") {
  return fmt::format("connector = 'cassandra', contact_points = '{}', keyspace = 'k'{}", points,
                     more);
}

TEST_F(StoresTest, OneFileIsOneStoreHoweverItIsNamed) {
  EXPECT_EQ(stores({sqlite("h.db"), sqlite("./x/../h.db")}), 1U);
  EXPECT_EQ(stores({sqlite("h.db"), sqlite("i.db")}), 2U);
  EXPECT_EQ(stores({sqlite("h.db"), cassandra("a"), sqlite("h.db")}), 2U);
}

TEST_F(StoresTest, OneClusterIsOneStoreHoweverItsNodesAreListed) {
  EXPECT_EQ(stores({cassandra("a,b"), cassandra("B:9042, A")}), 1U);
  EXPECT_EQ(stores({cassandra("a"), cassandra("b")}), 2U);
}

TEST_F(StoresTest, WhatBelongsToTheStoreMustNotDiffer) {
  EXPECT_THAT(
      fault({cassandra("a", ", username = 'x'"), cassandra("a", ", username = 'y'")}),
      HasSubstr("username: tables t0 and t1 are in one store, and it differs between them"));
  EXPECT_THAT(fault({cassandra("a"), cassandra("a", ", replication_factor = '3'")}),
              HasSubstr("replication_factor: tables t0 and t1"));
  EXPECT_THAT(fault({sqlite("h.db", ", keyspace = 'k'"), sqlite("h.db", ", keyspace = 'l'")}),
              HasSubstr("keyspace: tables t0 and t1"));
  // What is a secret is not shown.
  EXPECT_THAT(
      fault({cassandra("a", ", password = 'first'"), cassandra("a", ", password = 'other'")}),
      testing::AllOf(HasSubstr("password: tables"), testing::Not(HasSubstr("other"))));
}

TEST_F(StoresTest, TwoInsertsDoNotShareATable) {
  EXPECT_THAT(fault({sqlite("h.db", ", table = 'rows'"), sqlite("h.db", ", table = 'ROWS'")}),
              HasSubstr("t0 and t1 are one table of the store, rows"));
  EXPECT_THAT(fault({cassandra("a", ", table = 'rows'"), cassandra("a:9042", ", table = 'rows'")}),
              HasSubstr("one table of the store, k.rows"));
}

TEST_F(StoresTest, WhatOneTableAsksForIsNotOverriddenByAnothersDefault) {
  const auto flush = [this](const std::vector<std::string>& tables) {
    return lane_options(load(tables).value()).flush;
  };
  const std::string asks = ", flush_interval = '30s', flush_rows = '50000'";
  for (const auto& tables : {std::vector{sqlite("h.db", asks), sqlite("h.db")},
                             std::vector{sqlite("h.db"), sqlite("h.db", asks)}}) {
    ASSERT_EQ(flush(tables).size(), 1U);
    EXPECT_EQ(flush(tables)[0].interval, Millis(30'000));
    EXPECT_EQ(flush(tables)[0].rows, 50'000U);
  }
  EXPECT_EQ(flush({sqlite("h.db", asks), sqlite("h.db", ", flush_interval = '5s'")})[0].interval,
            Millis(5'000));
}

// A pipeline for Cassandra whose table --set moves has a keyspace, which is no part of its name
// there.
TEST_F(StoresTest, TablesAreNamedAsTheirStoreKnowsThem) {
  const auto names = [this](const std::vector<std::string>& tables) {
    return load(tables).value().table_names();
  };
  EXPECT_EQ(names({cassandra("a"), sqlite("h.db", ", keyspace = 'k'"),
                   "connector = 'console', keyspace = 'k'"}),
            "k.t0, t1 and t2");
}

TEST_F(StoresTest, WhatOneTableAsksForCountsInItsStoreOnly) {
  const auto flush =
      lane_options(load({"connector = 'null'",
                         sqlite("h.db", ", flush_interval = '30s', flush_rows = '50000'"),
                         sqlite("i.db", ", flush_bytes = '1MB'")})
                       .value())
          .flush;
  ASSERT_EQ(flush.size(), 3U);
  EXPECT_EQ(flush[0].rows, 2'000U);
  EXPECT_EQ(flush[1].interval, Millis(30'000));
  EXPECT_EQ(flush[1].rows, 50'000U);
  EXPECT_EQ(flush[1].bytes, size_t{8} << 20);
  EXPECT_EQ(flush[2].interval, Millis(1'000));
  EXPECT_EQ(flush[2].rows, 10'000U);
  EXPECT_EQ(flush[2].bytes, 1'000'000U);
}

}  // namespace
}  // namespace turntable
