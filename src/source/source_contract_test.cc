// What every source promises (source/source.h), tested on all of them: the fake one that lanes are
// tested with, a file, and Kafka, in-process and real. The real one is the broker that
// TURNTABLE_KAFKA names.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include "kafka/mock_cluster.h"
#include "kafka/producer.h"
#include "source/fake_source.h"
#include "source/kafka_source.h"
#include "source/ndjson_source.h"

namespace turntable {
namespace {

struct Sent {
  PartitionId partition = 0;
  std::string value;
  bool has_value = true;
  std::optional<std::string> key;
};

struct Got {
  Offset offset;
  std::string value;
  bool has_value;
  std::optional<std::string> key;
  bool operator==(const Got&) const = default;
};
using GotByPartition = std::map<PartitionId, std::vector<Got>>;

class Listener final : public AssignmentListener {
 public:
  void on_assigned(std::span<const PartitionId> partitions) override {
    owned.insert(partitions.begin(), partitions.end());
  }
  void on_revoked(std::span<const PartitionId> partitions, bool) override {
    for (const PartitionId partition : partitions) owned.erase(partition);
  }
  std::set<PartitionId> owned;
};

// One kind of source, with something to write what it reads.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual void write(const std::vector<Sent>& records) = 0;
  virtual std::unique_ptr<Source> open(AssignmentListener& listener) = 0;
  [[nodiscard]] virtual int partitions() const { return 4; }
  [[nodiscard]] virtual bool resumes() const { return true; }   // Stored positions survive.
  [[nodiscard]] virtual bool has_keys() const { return true; }  // And tombstones.
};

class FakeStage final : public Stage {
 public:
  void write(const std::vector<Sent>& records) override {
    for (const Sent& sent : records)
      topic_.partitions[sent.partition].push_back({sent.value, sent.has_value, sent.key});
  }
  std::unique_ptr<Source> open(AssignmentListener& listener) override {
    return std::make_unique<FakeSource>(topic_, listener);
  }

 private:
  FakeTopic topic_;
};

class NdjsonStage final : public Stage {
 public:
  NdjsonStage()
      : path_(testing::TempDir() + fmt::format("turntable_contract_{}.ndjson", getpid())) {
    std::ofstream(path_, std::ios::trunc);
  }
  ~NdjsonStage() override { unlink(path_.c_str()); }
  void write(const std::vector<Sent>& records) override {
    std::ofstream file(path_, std::ios::app);
    for (const Sent& sent : records) file << sent.value << '\n';
  }
  std::unique_ptr<Source> open(AssignmentListener& listener) override {
    auto source = NdjsonSource::open(path_, listener, stop_, clock_);
    if (!source) throw std::runtime_error(source.error().message);
    return std::move(*source);
  }
  [[nodiscard]] int partitions() const override { return 1; }
  [[nodiscard]] bool resumes() const override { return false; }
  [[nodiscard]] bool has_keys() const override { return false; }

 private:
  std::string path_;
  StopToken stop_;
  SystemClock clock_;
};

class KafkaStage final : public Stage {
 public:
  KafkaStage(std::string bootstrap, std::string compression, kafka::Properties properties = {})
      : bootstrap_(std::move(bootstrap)),
        compression_(std::move(compression)),
        properties_(std::move(properties)) {
    static std::atomic<int> serial{0};
    topic_ = fmt::format("contract-{}-{}-{}", getpid(), time(nullptr), ++serial);
    if (bootstrap_.empty()) {
      mock_ = std::move(kafka::MockCluster::open({}).value());
      if (!mock_->create_topic(topic_, 4)) throw std::runtime_error("no topic");
      bootstrap_ = mock_->bootstrap();
      // The in-process cluster lets a group that has been left rest for as long as a session.
      properties_.emplace("session.timeout.ms", "1000");
      properties_.emplace("heartbeat.interval.ms", "200");
    } else {
      auto producer = kafka::Producer::open({topic_, {{"bootstrap.servers", bootstrap_}}}, clock_);
      if (!producer || !(*producer)->create_topic(topic_, 4, Millis(20'000)))
        throw std::runtime_error("no topic");
    }
  }
  void write(const std::vector<Sent>& records) override {
    auto producer = kafka::Producer::open(
        {topic_, {{"bootstrap.servers", bootstrap_}, {"compression.type", compression_}}}, clock_);
    if (!producer) throw std::runtime_error(producer.error().message);
    for (const Sent& sent : records) {
      kafka::Producer::Message message{
          .value = sent.value, .has_value = sent.has_value, .partition = sent.partition};
      if (sent.key) message.key = *sent.key;
      if (!(*producer)->send(message).value()) throw std::runtime_error("queue full");
    }
    if (!(*producer)->flush(Millis(30'000))) throw std::runtime_error("not flushed");
  }
  std::unique_ptr<Source> open(AssignmentListener& listener) override {
    KafkaSourceOptions options{.topic = topic_, .properties = properties_};
    options.properties["group.id"] = topic_ + "-group";
    options.properties["bootstrap.servers"] = bootstrap_;
    options.start.at = Start::At::earliest;
    options.until_end = true;
    auto source = KafkaSource::open(std::move(options), listener, stop_, clock_);
    if (!source) throw std::runtime_error(source.error().message);
    return std::move(*source);
  }

 private:
  std::string bootstrap_;
  std::string compression_;
  kafka::Properties properties_;
  std::unique_ptr<kafka::MockCluster> mock_;
  std::string topic_;
  StopToken stop_;
  SystemClock clock_;
};

struct Case {
  std::string name;
  std::function<std::unique_ptr<Stage>()> make;
  bool needs_broker = false;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}

std::string broker() {
  const char* name = std::getenv("TURNTABLE_KAFKA");
  return name == nullptr ? "" : name;
}

class SourceContract : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (GetParam().needs_broker && broker().empty()) {
      GTEST_SKIP() << "SKIPPED: no real Kafka. Set TURNTABLE_KAFKA=host:port (./dev servers up) to "
                      "run this.";
    }
    stage_ = GetParam().make();
  }

  // So many records, spread over the partitions; the i-th of a partition has the value
  // "p<partition>-<i>".
  std::vector<Sent> spread(int count, int first = 0) const {
    std::vector<Sent> records;
    for (int i = 0; i < count; ++i) {
      const int partition = i % stage_->partitions();
      records.push_back({partition,
                         fmt::format("p{}-{}", partition, first + i / stage_->partitions()),
                         true,
                         {}});
    }
    return records;
  }

  // Polls until the end, adding what comes; `each` is called after every batch.
  static void read_all(Source& source, GotByPartition& got, size_t limit = 100,
                       const std::function<void(const RecordBatch&)>& each = {}) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      auto batch = source.poll(limit, Millis(50));
      ASSERT_TRUE(batch) << batch.error().message;
      ASSERT_LE(batch->size(), limit);
      for (const Record& record : batch->records) {
        got[record.partition].push_back(
            {record.offset, std::string(record.value), record.has_value,
             record.has_key ? std::optional(std::string(record.key)) : std::nullopt});
      }
      if (each) each(*batch);
      if (batch->empty() && source.at_end()) return;
    }
    FAIL() << "not at the end after 60 s";
  }

  void expect_complete(const GotByPartition& got, int count) const {
    int sum = 0;
    for (const auto& [partition, records] : got) {
      for (size_t i = 0; i < records.size(); ++i, ++sum) {
        ASSERT_EQ(records[i].value, fmt::format("p{}-{}", partition, i));
        ASSERT_EQ(records[i].offset, static_cast<Offset>(i));
      }
    }
    EXPECT_EQ(sum, count);
  }

  std::unique_ptr<Stage> stage_;
  Listener listener_;
};

TEST_P(SourceContract, DeliversEveryRecordOnceAndInOrder) {
  stage_->write(spread(5'000));
  auto source = stage_->open(listener_);
  GotByPartition got;
  read_all(*source, got);
  expect_complete(got, 5'000);
  EXPECT_TRUE(source->close());
}

TEST_P(SourceContract, TellsWhichPartitionsAreOursBeforeTheirRecordsCome) {
  stage_->write(spread(40));
  auto source = stage_->open(listener_);
  GotByPartition got;
  read_all(*source, got, 7, [&](const RecordBatch& batch) {
    for (const Record& record : batch.records)
      EXPECT_TRUE(listener_.owned.contains(record.partition));
  });
  expect_complete(got, 40);
  EXPECT_TRUE(source->close());
}

TEST_P(SourceContract, IsAtTheEndOfNothing) {
  auto source = stage_->open(listener_);
  GotByPartition got;
  read_all(*source, got);
  EXPECT_TRUE(got.empty());
  // An empty poll at the end is no error, however often.
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(source->poll(10, Millis(0))->empty());
  EXPECT_TRUE(source->at_end());
  EXPECT_TRUE(source->close());
}

TEST_P(SourceContract, IsNotAtTheEndWhileRecordsAreLeft) {
  stage_->write(spread(100));
  auto source = stage_->open(listener_);
  EXPECT_FALSE(source->at_end());
  GotByPartition got;
  size_t seen = 0;
  read_all(*source, got, 10, [&](const RecordBatch& batch) {
    seen += batch.size();
    if (seen < 100) {
      EXPECT_FALSE(source->at_end());
    }
  });
  EXPECT_EQ(seen, 100U);
  EXPECT_TRUE(source->close());
}

TEST_P(SourceContract, KeepsRecordsValidAsLongAsTheirBatch) {
  stage_->write(spread(2'000));
  auto source = stage_->open(listener_);
  std::vector<RecordBatch> batches;
  for (size_t seen = 0; seen < 2'000;) {
    auto batch = source->poll(64, Millis(50));
    ASSERT_TRUE(batch) << batch.error().message;
    seen += batch->size();
    batches.push_back(std::move(*batch));
  }
  GotByPartition got;
  for (const RecordBatch& batch : batches) {
    for (const Record& record : batch.records) {
      got[record.partition].push_back({record.offset, std::string(record.value), true, {}});
    }
  }
  expect_complete(got, 2'000);
  batches.clear();
  EXPECT_TRUE(source->close());
}

TEST_P(SourceContract, LosesNothingAndRepeatsNothingAroundKeepAlive) {
  stage_->write(spread(20'000));
  auto source = stage_->open(listener_);
  GotByPartition got;
  unsigned calls = 0;
  read_all(*source, got, 97, [&](const RecordBatch&) {
    for (unsigned i = 0; i < calls % 4; ++i) ASSERT_TRUE(source->keep_alive());
    if (++calls % 50 == 0) usleep(20'000);
  });
  expect_complete(got, 20'000);
  EXPECT_TRUE(source->close());
}

TEST_P(SourceContract, ResumesBehindWhatWasStored) {
  if (!stage_->resumes()) return;  // A file is read from its beginning every time.
  stage_->write(spread(400));
  GotByPartition got;
  {
    auto source = stage_->open(listener_);
    GotByPartition first;
    read_all(*source, first);
    // 40 of 100 are stored in each partition, for the last time with commit().
    for (const auto& [partition, records] : first) {
      source->store(partition, 10);
      source->store(partition, 40);
      got[partition].assign(records.begin(), records.begin() + 40);
    }
    ASSERT_TRUE(source->commit());
    ASSERT_TRUE(source->close());
  }
  auto source = stage_->open(listener_);
  read_all(*source, got);
  expect_complete(got, 400);
  EXPECT_TRUE(source->close());
}

TEST_P(SourceContract, CommitsWhatIsStoredWhenItCloses) {
  if (!stage_->resumes()) return;  // A file is read from its beginning every time.
  stage_->write(spread(40));
  {
    auto source = stage_->open(listener_);
    GotByPartition got;
    read_all(*source, got);
    for (const auto& [partition, records] : got)
      source->store(partition, records.back().offset + 1);
    ASSERT_TRUE(source->close());
  }
  auto source = stage_->open(listener_);
  GotByPartition again;
  read_all(*source, again);
  EXPECT_TRUE(again.empty());
  EXPECT_TRUE(source->close());
}

TEST_P(SourceContract, NeverStoresBackwards) {
  if (!stage_->resumes()) return;  // A file is read from its beginning every time.
  stage_->write(spread(40));
  {
    auto source = stage_->open(listener_);
    GotByPartition got;
    read_all(*source, got);
    for (const auto& [partition, records] : got) {
      source->store(partition, 8);
      source->store(partition, 3);
    }
    ASSERT_TRUE(source->commit());
    ASSERT_TRUE(source->close());
  }
  auto source = stage_->open(listener_);
  GotByPartition again;
  read_all(*source, again);
  for (const auto& [partition, records] : again) EXPECT_EQ(records.front().offset, 8);
  EXPECT_TRUE(source->close());
}

TEST_P(SourceContract, IgnoresPositionsOfPartitionsThatAreNotOurs) {
  stage_->write(spread(8));
  auto source = stage_->open(listener_);
  GotByPartition got;
  read_all(*source, got);
  source->store(1'000, 5);
  EXPECT_TRUE(source->commit());
  EXPECT_TRUE(source->close());
}

TEST_P(SourceContract, TellsKeysTombstonesAndEmptyValuesApart) {
  if (!stage_->has_keys()) return;  // Lines have no keys.
  stage_->write({{0, "v", true, "k"},
                 {0, "", false, "gone"},
                 {0, "", true, "empty"},
                 {0, "w", true, {}},
                 {0, "x", true, ""}});
  auto source = stage_->open(listener_);
  GotByPartition got;
  read_all(*source, got);
  const std::vector<Got> expected{{0, "v", true, "k"},
                                  {1, "", false, "gone"},
                                  {2, "", true, "empty"},
                                  {3, "w", true, {}},
                                  {4, "x", true, ""}};
  EXPECT_EQ(got[0], expected);
  EXPECT_TRUE(source->close());
}

TEST_P(SourceContract, MayBeClosedTwice) {
  stage_->write(spread(4));
  auto source = stage_->open(listener_);
  EXPECT_TRUE(source->close());
  EXPECT_TRUE(source->close());
}

std::vector<Case> cases() {
  const kafka::Properties eager{{"partition.assignment.strategy", "roundrobin"}};
  return {
      {"fake", [] { return std::make_unique<FakeStage>(); }},
      {"ndjson", [] { return std::make_unique<NdjsonStage>(); }},
      {"mock", [] { return std::make_unique<KafkaStage>("", "gzip"); }},
      {"mock_eager", [=] { return std::make_unique<KafkaStage>("", "gzip", eager); }},
      {"kafka", [] { return std::make_unique<KafkaStage>(broker(), "gzip"); }, true},
      {"kafka_eager", [=] { return std::make_unique<KafkaStage>(broker(), "gzip", eager); }, true},
  };
}

INSTANTIATE_TEST_SUITE_P(All, SourceContract, testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

// Every codec, in what the in-process cluster stores as it comes and in what a real broker checks.
class KafkaCodecs : public SourceContract {};

TEST_P(KafkaCodecs, AreRead) {
  stage_->write(spread(5'000));
  auto source = stage_->open(listener_);
  GotByPartition got;
  read_all(*source, got);
  expect_complete(got, 5'000);
  EXPECT_TRUE(source->close());
}

std::vector<Case> codecs() {
  std::vector<Case> all;
  for (const char* codec : {"none", "gzip", "snappy", "lz4", "zstd"}) {
    all.push_back(
        {fmt::format("mock_{}", codec), [=] { return std::make_unique<KafkaStage>("", codec); }});
    all.push_back({fmt::format("kafka_{}", codec),
                   [=] { return std::make_unique<KafkaStage>(broker(), codec); }, true});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, KafkaCodecs, testing::ValuesIn(codecs()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace turntable
