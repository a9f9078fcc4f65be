// Deletions that an Enricher makes of tombstones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "enrich/testing.h"

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kPipeline = R"(
CREATE TABLE plays (song text) WITH (connector = 'x');
CREATE TABLE songs () WITH (connector = 'x');
CREATE TABLE heard () WITH (connector = 'x');
CREATE TABLE joined () WITH (connector = 'x');
INSERT INTO heard
SELECT p.song, upper(convert_from(p.kafka_key, 'UTF8')) AS id, 7 AS one, p.kafka_topic
FROM plays p WHERE p.song <> 'quiet';
INSERT INTO joined
SELECT s.tempo, cast(convert_from(p.kafka_key, 'UTF8') AS int) AS id
FROM plays p JOIN songs s ON s.name = p.song;
)";

struct Given {
  std::string key;
  std::string song;  // Empty: a tombstone.
  InsertSet inserts = InsertSet::all();
};

class Deletions : public testing::Test {
 protected:
  void run(const std::vector<Given>& given, bool write_times = true) {
    const TestLookup songs = {.csv = "name,tempo\na,100\n", .options = {.path = {}, .key = "name"}};
    TestPipeline pipeline(
        kPipeline, {{"songs", songs}},
        {{.key_columns = {"id", "one", "kafka_topic"}, .rows = {.write_time = write_times}},
         {.key_columns = {"id"}, .rows = {.write_time = write_times}}});
    RecordBatch batch;
    batch.topic = "topic";
    std::vector<Origin> origins;
    Selection alive;
    Selection tombstones;
    std::span<Column> columns = pipeline.enricher().declared();
    columns[0].reset(given.size());
    for (uint32_t i = 0; i < given.size(); ++i) {
      batch.records.push_back({.key = given[i].key,
                               .has_value = !given[i].song.empty(),
                               .has_key = given[i].key != "none",
                               .write_time_us = 1'000 + i,
                               .inserts = given[i].inserts});
      origins.push_back({0, 1, i});
      if (!given[i].song.empty()) columns[0].set<std::string_view>(i, given[i].song);
      (given[i].song.empty() ? tombstones : alive).push_back(i);
    }
    rows_.assign(2, {});
    rejects_.clear();
    const std::vector<RowBatch*> out{&rows_[0], &rows_[1]};
    CHECK(pipeline.enricher().enrich(batch, origins, alive, rejects_, out, tombstones));
    for (size_t insert = 0; insert < rows_.size(); ++insert)
      for (const sql::Output& output : pipeline.plan().program.inserts[insert].outputs)
        types_[insert].push_back(output.type);
    if (write_times)
      for (std::vector<Type>& types : types_) types.push_back(Type::int64);
  }

  // "a|A|7|topic|1000", "delete null|A|7|topic|1001".
  std::vector<std::string> rows(size_t insert) const {
    std::vector<std::string> out;
    for (size_t i = 0; i < rows_[insert].size(); ++i) {
      std::string text;
      CellReader cells(rows_[insert].row(i));
      for (const Type type : types_[insert])
        text += (text.empty() ? "" : "|") + cell_text(cells.next(), type);
      EXPECT_TRUE(cells.done());
      out.push_back((rows_[insert].kind(i) == RowKind::deletion ? "delete " : "") + text);
    }
    return out;
  }
  std::vector<std::string> faults() const {
    std::vector<std::string> out;
    for (const Reject& reject : rejects_)
      out.push_back(fmt::format("{}/{} {}: {}", reject.row, reject.insert,
                                reject_code_name(reject.code), reject.reason));
    return out;
  }

  std::vector<RowBatch> rows_;
  std::vector<std::vector<Type>> types_{2};
  Rejects rejects_;
};

TEST_F(Deletions, HaveTheKeyAndTheWriteTimeOfTheirRecords) {
  run({{"1", "a"}, {"1", ""}, {"2", ""}, {"2", "a"}, {"3", ""}});
  EXPECT_THAT(rows(0), ElementsAre("a|1|7|topic|1000", "delete null|1|7|topic|1001",
                                   "delete null|2|7|topic|1002", "a|2|7|topic|1003",
                                   "delete null|3|7|topic|1004"));
  EXPECT_THAT(rows(1), ElementsAre("100|1|1000", "delete null|1|1001", "delete null|2|1002",
                                   "100|2|1003", "delete null|3|1004"));
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_EQ(rows_[0].origins[4].ticket, 4U);
}

TEST_F(Deletions, AreMadeWhereAWhereAndAJoinWouldMakeNoRow) {
  run({{"1", "quiet"}, {"1", ""}});
  EXPECT_THAT(rows(0), ElementsAre("delete null|1|7|topic|1001"));
  EXPECT_THAT(rows(1), ElementsAre("delete null|1|1001"));
  EXPECT_THAT(faults(), ElementsAre("0/1 unmatched: no row of songs has name = 'quiet'"));
}

TEST_F(Deletions, ABatchOfNothingElseIsOne) {
  run({{"1", ""}, {"2", ""}}, false);
  EXPECT_THAT(rows(0), ElementsAre("delete null|1|7|topic", "delete null|2|7|topic"));
  EXPECT_THAT(rows(1), ElementsAre("delete null|1", "delete null|2"));
}

TEST_F(Deletions, AKeyThatFailsOrIsNullIsRejectedInItsInsertAlone) {
  run({{"x", ""}, {"none", ""}, {"\xff", ""}, {"4", ""}});
  EXPECT_THAT(rows(0), ElementsAre("delete null|X|7|topic|1000", "delete null|4|7|topic|1003"));
  EXPECT_THAT(rows(1), ElementsAre("delete null|4|1003"));
  EXPECT_THAT(faults(), testing::UnorderedElementsAre("1/0 null_key: the key column id is NULL",
                                                      "1/1 null_key: the key column id is NULL",
                                                      testing::StartsWith("0/1 bad_value: "),
                                                      testing::StartsWith("2/0 bad_value: "),
                                                      testing::StartsWith("2/1 bad_value: ")));
}

TEST_F(Deletions, OfAReplayedLetterAreInTheInsertsThatItNames) {
  run({{"1", "", InsertSet::of(1)}, {"2", "", InsertSet::of(0)}});
  EXPECT_THAT(rows(0), ElementsAre("delete null|2|7|topic|1001"));
  EXPECT_THAT(rows(1), ElementsAre("delete null|1|1000"));
}

}  // namespace
}  // namespace turntable
