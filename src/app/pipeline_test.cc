// What a pipeline is where its file does not say.
#include "app/pipeline.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace turntable {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kFile = "connector = 'ndjson', path = 'plays.ndjson'";
constexpr std::string_view kTopic =
    "connector = 'kafka', topic = 't', \"bootstrap.servers\" = 'b:1', \"group.id\" = 'g'";

class PipelineTest : public testing::Test {
 protected:
  ~PipelineTest() override { std::filesystem::remove(file_); }

  Pipeline with_sink(const std::string& options, std::string_view source = kFile) {
    std::ofstream(file_) << "CREATE TABLE plays (id int NOT NULL) WITH (" << source
                         << ");\n"
                            "CREATE TABLE history (id int, kafka_partition int, kafka_offset "
                            "bigint) WITH ("
                         << options
                         << ");\n"
                            "INSERT INTO history SELECT id, kafka_partition, kafka_offset FROM "
                            "plays;\n";
    auto pipeline = load_pipeline(file_, {});
    EXPECT_TRUE(pipeline) << pipeline.error().message;
    return pipeline ? std::move(*pipeline) : Pipeline{};
  }

  // What is said of such a pipeline; empty: it is right.
  std::string fault_of(std::string_view source, std::string_view sink) {
    std::ofstream(file_) << "CREATE TABLE plays (id int NOT NULL) WITH (" << source
                         << ");\nCREATE TABLE history (id int) WITH (" << sink
                         << ");\nINSERT INTO history SELECT id FROM plays;\n";
    const auto pipeline = load_pipeline(file_, {});
    return pipeline ? std::string() : pipeline.error().message;
  }

  std::string file_ = (std::filesystem::temp_directory_path() /
                       ("turntable_pipeline_" + std::to_string(::getpid()) + ".sql"))
                          .string();
};

constexpr std::string_view kToSqlite = "connector = 'sqlite', path = 'history.db'";
constexpr std::string_view kToCassandra =
    "connector = 'cassandra', contact_points = 'localhost', keyspace = 'k'";

TEST_F(PipelineTest, AKeyIsNotMadeOfTheClock) {
  const auto fault_with_key = [&](std::string_view key) {
    std::ofstream(file_) << "CREATE TABLE plays (id int NOT NULL) WITH (" << kFile
                         << ");\nCREATE TABLE history (id int, at timestamptz) WITH (" << kToSqlite
                         << ", primary_key = '" << key
                         << "');\nINSERT INTO history SELECT id, date_trunc('hour', now()) AS at "
                            "FROM plays;\n";
    const auto pipeline = load_pipeline(file_, {});
    return pipeline ? std::string() : pipeline.error().message;
  };
  EXPECT_EQ(fault_with_key("id"), "");
  EXPECT_EQ(fault_with_key("((id), at)"),
            file_ +
                ":3:51: now() is in the key of history, but has another value when a record is "
                "read again, which would become a second row: take it out of primary_key\n");
}

TEST_F(PipelineTest, RowsHaveWriteTimesWhereTheirKeyDoesNotTellRecordsApart) {
  for (const std::string_view store : {kToSqlite, kToCassandra}) {
    const auto table = [&](const std::string& options) {
      return with_sink(fmt::format("{}, {}", store, options), kTopic).stores[0].tables[0].table;
    };
    EXPECT_EQ(table("primary_key = 'id'").write_times, WriteTimeRule::delivery);
    EXPECT_EQ(table("primary_key = 'id'").nulls, Nulls::null);
    EXPECT_EQ(table("primary_key = 'id', write_timestamp = 'record'").write_times,
              WriteTimeRule::record);
    EXPECT_EQ(table("primary_key = 'id', nulls = 'unset'").nulls, Nulls::unset);
    const std::string of_records = "primary_key = '((id), kafka_partition, kafka_offset)'";
    EXPECT_EQ(table(of_records).write_times, WriteTimeRule::none);
    EXPECT_EQ(table(of_records).nulls, store == kToCassandra ? Nulls::unset : Nulls::null);
    EXPECT_EQ(table(of_records + ", nulls = 'null'").nulls, Nulls::null);
    EXPECT_FALSE(table(of_records).has_write_times());
  }
}

// Two files each have a record at offset 0: the second one's row is not to have values of the first
// one's.
TEST_F(PipelineTest, WhatAFileLeavesOutIsNull) {
  const std::string options =
      std::string(kToCassandra) + ", primary_key = '((id), kafka_partition, kafka_offset)'";
  EXPECT_EQ(with_sink(options).stores[0].tables[0].table.nulls, Nulls::null);
  EXPECT_EQ(with_sink(options + ", nulls = 'unset'").stores[0].tables[0].table.nulls, Nulls::unset);
  EXPECT_EQ(with_sink(options, kTopic).stores[0].tables[0].table.nulls, Nulls::unset);
}

TEST_F(PipelineTest, CellsThatAreAbsentAreUnsetInCassandraOnly) {
  const std::string unset = ", primary_key = 'id', nulls = 'unset'";
  EXPECT_EQ(with_sink(std::string(kToCassandra) + unset).enrich->forms[0].rows.absent, kUnsetCell);
  EXPECT_EQ(with_sink(std::string(kToSqlite) + unset).enrich->forms[0].rows.absent, kNullCell);
  EXPECT_EQ(
      with_sink(std::string(kToCassandra) + ", primary_key = 'id'").enrich->forms[0].rows.absent,
      kNullCell);
}

TEST_F(PipelineTest, RowsGatherForAStoreAndNotForNone) {
  EXPECT_EQ(with_sink("connector = 'sqlite', path = 'history.db', primary_key = 'id'")
                .stores[0]
                .flush_rows,
            10'000U);
  EXPECT_EQ(with_sink("connector = 'null'").stores[0].flush_rows, 2'000U);
  EXPECT_EQ(with_sink("connector = 'null', flush_rows = '7'").stores[0].flush_rows, 7U);
}

// Letters that are read as events make letters without end; a file with two writers is neither's.
TEST_F(PipelineTest, NoFileIsTwoThings) {
  const auto fault = [&](std::string_view source, const std::string& sink) {
    return fault_of(source, sink + ", primary_key = 'id'");
  };
  const std::string file(kFile);
  EXPECT_THAT(fault(file + ", dead_letters = 'file:plays.ndjson'", std::string(kToSqlite)),
              HasSubstr("dead_letters: 'plays.ndjson' is the file of events already"));
  EXPECT_THAT(fault(file + ", dead_letters = 'file:./x/../plays.ndjson'", std::string(kToSqlite)),
              HasSubstr("is the file of events already"));
  for (const char* end : {"", "-wal", "-shm", "-journal", "-lock"}) {
    EXPECT_THAT(fault(fmt::format("{}, dead_letters = 'file:history.db{}'", file, end),
                      std::string(kToSqlite)),
                HasSubstr("is the SQLite file of history already"));
  }
  EXPECT_THAT(fault(file, "connector = 'sqlite', path = 'plays.ndjson'"),
              HasSubstr("path: 'plays.ndjson' is the file of events already"));
  // The fault is at the option's place, whatever the store calls the table.
  EXPECT_THAT(fault(file, "connector = 'sqlite', path = 'plays.ndjson', table = 'rows'"),
              HasSubstr(file_ + ":2:59: path: 'plays.ndjson' is the file of events already"));
  EXPECT_THAT(fault(file + ", dead_letters = 'file:history.db'",
                    std::string(kToSqlite) + ", table = 'rows'"),
              HasSubstr("is the SQLite file of history already"));
  EXPECT_THAT(fault(file, fmt::format("connector = 'sqlite', path = '{}'", file_)),
              HasSubstr("is the pipeline already"));
  EXPECT_THAT(
      fault(fmt::format("{}, dead_letters = 'file:{}'", file, file_), std::string(kToSqlite)),
      HasSubstr("is the pipeline already"));
  EXPECT_EQ(fault(file + ", dead_letters = 'file:history.dbx'", std::string(kToSqlite)), "");
  EXPECT_EQ(fault("connector = 'ndjson', path = '/dev/null', dead_letters = 'file:/dev/null'",
                  std::string(kToSqlite)),
            "");
  // By another name, too.
  const std::filesystem::path one = file_ + ".one";
  const std::filesystem::path other = file_ + ".other";
  std::ofstream(one) << "{}";
  std::filesystem::create_symlink(one, other);
  EXPECT_THAT(fault(fmt::format("connector = 'ndjson', path = '{}', dead_letters = 'file:{}'",
                                one.string(), other.string()),
                    std::string(kToSqlite)),
              HasSubstr("is the file of events already"));
  std::filesystem::remove(other);
  std::filesystem::remove(one);
}

// The paths may be missing, which is said, and is no reason to take them for one file.
TEST_F(PipelineTest, PathsThatAreMissingAreNotTheSameFile) {
  const std::string fault =
      fault_of("connector = 'ndjson'", "connector = 'sqlite', primary_key = 'id'");
  EXPECT_THAT(fault, HasSubstr("table plays needs the option path"));
  EXPECT_THAT(fault, HasSubstr("table history needs the option path"));
  EXPECT_THAT(fault, Not(HasSubstr("already")));
  EXPECT_THAT(
      fault_of("connector = 'ndjson', path = '-wal'", "connector = 'sqlite', primary_key = 'id'"),
      Not(HasSubstr("already")));
}

// Two pipelines of one file name, in two folders, shared a group without a word.
TEST_F(PipelineTest, AsksForTheGroupAndSaysWhichOneItWasByDefault) {
  std::ofstream(file_)
      << "CREATE TABLE plays (id int NOT NULL)\n"
         "WITH (connector = 'kafka', topic = 't', \"bootstrap.servers\" = 'b:1');\n"
         "CREATE TABLE history (id int) WITH (connector = 'null');\n"
         "INSERT INTO history SELECT id FROM plays;\n";
  const auto pipeline = load_pipeline(file_, {});
  ASSERT_FALSE(pipeline);
  EXPECT_EQ(pipeline.error().kind, ErrorKind::usage);
  const std::string name = std::filesystem::path(file_).stem().string();
  EXPECT_THAT(pipeline.error().message,
              HasSubstr(file_ + ":1:14: table plays needs the option \"group.id\""));
  EXPECT_THAT(pipeline.error().message, HasSubstr("\"group.id\" = '" + name + "'"));
  const auto named = load_pipeline(file_, {"plays.group.id=mine"});
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_EQ(named->source.group(), "mine");
}

// ---- Times to live ----

constexpr std::string_view kKeyed =
    "connector = 'cassandra', contact_points = 'localhost', keyspace = 'k', primary_key = 'id'";

TEST_F(PipelineTest, ATimeToLiveIsWholeSecondsUpToCassandrasLimit) {
  const auto seconds = [&](std::string_view ttl) {
    return with_sink(fmt::format("{}, ttl = '{}'", kKeyed, ttl), kTopic)
        .stores[0]
        .tables[0]
        .table.ttl_seconds;
  };
  EXPECT_EQ(seconds("17520h"), 63'072'000);
  EXPECT_EQ(seconds("730d"), 63'072'000);
  EXPECT_EQ(seconds("63072000"), 63'072'000);
  EXPECT_EQ(seconds("7300d"), 630'720'000);
  EXPECT_EQ(seconds("630720000"), 630'720'000);
  EXPECT_EQ(seconds("2000ms"), 2);
  EXPECT_EQ(seconds("0"), 0);
  for (const char* bad : {"630720001", "7301d", "1500ms", "-1", "forever", "20y", ""})
    EXPECT_THAT(fault_of(kTopic, fmt::format("{}, ttl = '{}'", kKeyed, bad)),
                HasSubstr(fmt::format("2:{}: ttl cannot be '{}', expected whole seconds such as "
                                      "'86400', or a time such as '90s', '30min', '24h' or '730d', "
                                      "630,720,000 s (7,300 days) at most, which is Cassandra's "
                                      "limit; '0': rows stay",
                                      39 + kKeyed.size(), bad)));
}

class TtlColumnTest : public PipelineTest {
 protected:
  Result<Pipeline> load(std::string_view columns, std::string_view sink,
                        std::string_view insert = "INSERT INTO t SELECT id, n, a FROM plays") {
    std::ofstream(file_) << "CREATE TABLE plays (id int NOT NULL, n int, a text) WITH (" << kTopic
                         << ");\nCREATE TABLE t (" << columns << ") WITH (" << sink << ");\n"
                         << insert << ";\n";
    return load_pipeline(file_, {});
  }
  std::string fault(std::string_view columns, std::string_view sink,
                    std::string_view insert = "INSERT INTO t SELECT id, n, a FROM plays") {
    const auto pipeline = load(columns, sink, insert);
    return pipeline ? std::string() : pipeline.error().message;
  }
  std::string keyed(std::string_view more) { return fmt::format("{}, {}", kKeyed, more); }
};

TEST_F(TtlColumnTest, IsNoColumnOfTheTableAndComesBehindThose) {
  for (const char* columns : {"id int, n int, a text", ""}) {
    const auto pipeline = load(columns, keyed("ttl_column = 'n'"));
    ASSERT_TRUE(pipeline) << pipeline.error().message;
    const SinkTable& table = pipeline->stores[0].tables[0].table;
    EXPECT_EQ(insert_dml(table, Dialect::cql),
              "INSERT INTO k.t (id, a) VALUES ((int)?, (text)?) USING TTL ? AND TIMESTAMP ?");
    EXPECT_THAT(table_ddl(table, Dialect::cql), Not(HasSubstr("n int")));
    EXPECT_EQ(pipeline->enrich->program.inserts[0].outputs.back().name, "n");
    EXPECT_EQ(pipeline->enrich->forms[0].rows.ttl, 2U);
  }
}

TEST_F(TtlColumnTest, IsRefusedWhereItCannotBeOne) {
  const std::string n = "ttl_column = 'n'";
  EXPECT_THAT(fault("id int, n bigint, a text", keyed(n)),
              HasSubstr("ttl_column: n is bigint, expected int, a number of seconds"));
  EXPECT_THAT(fault("", keyed("ttl_column = 'm'")),
              HasSubstr("ttl_column = 'm': the SELECT gives t no such column"));
  EXPECT_THAT(
      fault("id int, n int, a text", keyed(n), "INSERT INTO t (id, a) SELECT id, a FROM plays"),
      HasSubstr("ttl_column = 'n': the SELECT gives t no such column"));
  EXPECT_THAT(fault("", fmt::format("{}, ttl_column = 'id'", kKeyed)),
              HasSubstr("ttl_column: id is part of the primary_key, and the time to live is no "
                        "column of the table"));
  EXPECT_THAT(fault("", keyed("ttl = '1d', ttl_column = 'n'")),
              HasSubstr("ttl and ttl_column exclude each other: coalesce(n, …) in the SELECT gives "
                        "a time to live to rows that have none"));
  EXPECT_THAT(fault("", keyed("ttl_column = ''")), HasSubstr("the option ttl_column is empty"));
}

TEST_F(TtlColumnTest, IsNoOptionOfStoresWithoutTimesToLive) {
  EXPECT_THAT(
      fault("", "connector = 'sqlite', path = 'h.db', primary_key = 'id', ttl_column = 'n'"),
      HasSubstr("the connector 'sqlite' has no option 'ttl_column'"));
  EXPECT_THAT(fault("", "connector = 'console', ttl_column = 'n'"),
              HasSubstr("the connector 'console' has no option 'ttl_column'"));
  EXPECT_THAT(fault("", "connector = 'sqlite', path = 'h.db', primary_key = 'id', ttl = '1d'"),
              HasSubstr("the connector 'sqlite' has no option 'ttl'"));
}

TEST_F(PipelineTest, FindsFaultsOfAllClientsWithTheirPlaces) {
  std::ofstream(file_) << "CREATE TABLE plays (id int NOT NULL, raw bytea) WITH (\n"
                          "connector = 'kafka', topic = 't', \"bootstrap.servers\" = 'b:1',\n"
                          "\"group.id\" = 'g', \"auto.offset.reset\" = 'earliest',\n"
                          "\"max.poll.records\" = '500');\n"
                          "CREATE TABLE history (id int) WITH (connector = 'cassandra',\n"
                          "contact_points = 'localhost', keyspace = 'k', primary_key = 'id',\n"
                          "consistency = 'LOCAL_QUORM', replication_factor = 'two',\n"
                          "ca_file = '/nowhere/ca.pem');\n"
                          "INSERT INTO history SELECT id FROM plays;\n";
  const auto pipeline = load_pipeline(file_, {"plays.value.deserializer=x"});
  ASSERT_FALSE(pipeline);
  EXPECT_EQ(pipeline.error().kind, ErrorKind::usage);
  for (const char* fault :
       {":1:38: The column 'raw' is bytea", ":3:19: The option \"auto.offset.reset\" cannot be set",
        ":4:1: 'max.poll.records' is no option of Kafka's client",
        ":7:1: consistency cannot be 'LOCAL_QUORM'", ":7:30: replication_factor = 'two'",
        ":8:1: cannot read the certificates in '/nowhere/ca.pem'",
        "--set plays.value.deserializer: 'value.deserializer' is no option"})
    EXPECT_THAT(pipeline.error().message, HasSubstr(fault));
}

}  // namespace
}  // namespace turntable
