// Dead letters in a topic, on the in-process cluster; tests/test_dead_letters.py has the real one.
#include "delivery/kafka_dead_letters.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "delivery/letter_reader.h"
#include "kafka/mock_cluster.h"
#include "kafka/producer.h"

namespace turntable {
namespace {

// Three records with what a record can have; a header stands twice.
class Three final : public RecordOwner {
 public:
  bool visit_headers(const Record& record, const HeaderVisitor& visit) const override {
    if (record.index == 0) return true;
    visit("trace", "a");
    visit("trace", std::nullopt);
    visit("__connect.errors.topic", "of an earlier queue");
    return true;
  }
};

class KafkaDeadLettersTest : public testing::Test {
 protected:
  KafkaDeadLettersTest() : cluster_(std::move(kafka::MockCluster::open({}).value())) {
    EXPECT_TRUE(cluster_->create_topic("dead", 2));
    options_ = {"dead",
                {{"bootstrap.servers", cluster_->bootstrap()},
                 {"group.id", "g"},  // A consumer's, which a producer would complain about.
                 {"partition.assignment.strategy", "range"}},
                "history"};
    options_.source_topic_id = "kVWmJ1eNTFaYk7hJtA0000";
  }

  RecordBatch three() {
    RecordBatch batch;
    batch.topic = "plays";
    batch.owner = std::make_unique<Three>();
    for (uint32_t i = 0; i < 3; ++i) {
      Record& record = batch.records.emplace_back();
      record.index = i;
      record.partition = 7;
      record.offset = 40 + i;
      record.timestamp_ms = 1'709'460'900'123 + i;
    }
    batch.records[0].value = std::string_view("{\"a\"\0\xff", 6);
    batch.records[1].has_value = false;
    batch.records[2].has_key = true;
    batch.records[2].key = "k";
    batch.records[1].write_time_us = 1'733'900'000'000'001;
    batch.records[2].write_time_us = 0;
    return batch;
  }

  std::vector<Letter> read_all() {
    std::vector<Letter> letters;
    auto reader = letters_of_topic(options_, clock_);
    EXPECT_TRUE(reader) << reader.error().message;
    while (reader && !(*reader)->at_end()) {
      auto some = (*reader)->next(2, Millis(100));
      EXPECT_TRUE(some) << some.error().message;
      if (!some) break;
      for (Letter& letter : *some) letters.push_back(std::move(letter));
    }
    std::sort(letters.begin(), letters.end(),
              [](const Letter& a, const Letter& b) { return a.offset < b.offset; });
    return letters;
  }

  std::unique_ptr<kafka::MockCluster> cluster_;
  KafkaDeadLettersOptions options_;
  SystemClock clock_;
};

TEST_F(KafkaDeadLettersTest, AreReadBackAsTheRecordsThatTheyWere) {
  auto letters = std::move(dead_letters_in_kafka(options_, clock_).value());
  const RecordBatch batch = three();
  for (uint32_t i = 0; i < 3; ++i)
    letters->add(batch, {i, RejectCode::bad_value, fmt::format("fault {}", i)});
  EXPECT_GT(letters->pending_bytes(), 0U);
  const auto deadline = clock_.now() + std::chrono::seconds(20);
  while (!letters->flush()) ASSERT_LT(clock_.now(), deadline);
  EXPECT_EQ(letters->pending_bytes(), 0U);
  EXPECT_TRUE(letters->flush());

  const std::vector<Letter> found = read_all();
  ASSERT_EQ(found.size(), 3U);
  for (uint32_t i = 0; i < 3; ++i) {
    Letter before = letter_of(batch, {i, RejectCode::bad_value, fmt::format("fault {}", i)});
    before.topic_id = options_.source_topic_id;
    EXPECT_EQ(dead_letter_line(found[i]), dead_letter_line(before));
  }
}

TEST_F(KafkaDeadLettersTest, SayWhatEachOfSeveralInsertsHadAgainstTheRecord) {
  options_.inserts = {"history", "by_song"};
  auto letters = std::move(dead_letters_in_kafka(options_, clock_).value());
  const RecordBatch batch = three();
  const std::vector<Reject> faults{
      {.row = 1, .code = RejectCode::unmatched, .reason = "no \"song\"", .insert = 1}};
  letters->add(batch, faults);
  const auto deadline = clock_.now() + std::chrono::seconds(20);
  while (!letters->flush()) ASSERT_LT(clock_.now(), deadline);
  const std::vector<Letter> found = read_all();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].offset, batch.records[1].offset);
  EXPECT_EQ(found[0].inserts, (std::vector<LetterInsert>{{"by_song", "unmatched", "no \"song\""}}));
}

TEST_F(KafkaDeadLettersTest, WaitForABrokerThatIsAwayAndAreNotSentTwice) {
  auto letters = std::move(dead_letters_in_kafka(options_, clock_).value());
  ASSERT_TRUE(cluster_->set_down(1, true));
  const RecordBatch batch = three();
  letters->add(batch, {0, RejectCode::json_syntax, "no"});
  const Status away = letters->flush();
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().kind, ErrorKind::transient);
  EXPECT_GT(letters->pending_bytes(), 0U);
  ASSERT_TRUE(cluster_->set_down(1, false));
  const auto deadline = clock_.now() + std::chrono::seconds(20);
  while (!letters->flush()) ASSERT_LT(clock_.now(), deadline);
  EXPECT_EQ(read_all().size(), 1U);
}

TEST_F(KafkaDeadLettersTest, AreAskedForAgainBeforeAPositionBehindThemIsStored) {
  options_.topic_id = prepare_dead_letters_topic(options_, clock_).value();
  ASSERT_FALSE(options_.topic_id.empty());
  auto letters = std::move(dead_letters_in_kafka(options_, clock_).value());
  EXPECT_TRUE(letters->still_there());
  const RecordBatch batch = three();
  letters->add(batch, {0, RejectCode::json_syntax, "no"});
  const auto deadline = clock_.now() + std::chrono::seconds(20);
  while (!letters->flush()) ASSERT_LT(clock_.now(), deadline);
  EXPECT_TRUE(letters->still_there());
  ASSERT_TRUE(cluster_->set_down(1, true));
  const Status asked = letters->still_there();
  ASSERT_FALSE(asked) << "an answer to an earlier question says nothing";
  EXPECT_EQ(asked.error().kind, ErrorKind::transient);
  letters->let_go();
  EXPECT_TRUE(letters->still_there()) << "there is nothing to ask for";
}

TEST_F(KafkaDeadLettersTest, OfATopicThatIsMadeAnewAreGoneOnARealBroker) {
  const char* broker = std::getenv("TURNTABLE_KAFKA");
  if (broker == nullptr)
    GTEST_SKIP() << "SKIPPED: no real Kafka. Set TURNTABLE_KAFKA=host:port (./dev servers up) to "
                    "run this.";
  options_.topic = fmt::format("dead-{}-{}", getpid(), clock_.wall().time_since_epoch().count());
  options_.properties = {{"bootstrap.servers", broker}};
  options_.topic_id = prepare_dead_letters_topic(options_, clock_).value();
  ASSERT_EQ(options_.topic_id.size(), 22U);
  auto letters = std::move(dead_letters_in_kafka(options_, clock_).value());
  letters->add(three(), {0, RejectCode::json_syntax, "no"});
  const auto deadline = clock_.now() + std::chrono::seconds(60);
  while (!letters->flush()) ASSERT_LT(clock_.now(), deadline);
  ASSERT_TRUE(letters->still_there());

  auto admin = kafka::Producer::open({options_.topic, options_.properties}, clock_).value();
  ASSERT_TRUE(admin->delete_topic(options_.topic, Millis(20'000)));
  while (!admin->create_topic(options_.topic, 1, Millis(5'000))) ASSERT_LT(clock_.now(), deadline);
  Status there = letters->still_there();
  while (there || there.error().kind == ErrorKind::transient) {
    ASSERT_LT(clock_.now(), deadline) << "it is not noticed";
    there = letters->still_there();
  }
  EXPECT_NE(there.error().message.find("was deleted and made anew"), std::string::npos);
  [[maybe_unused]] const Status deleted = admin->delete_topic(options_.topic, Millis(20'000));
}

// A broker may for a moment not know a topic that has just been made.
TEST(LettersTopicId, IsAskedForAgainWhereABrokerDoesNotKnowTheTopicYet) {
  const ManualClock clock;
  int asked = 0;
  const auto found = await_topic_identity(
      [&]() -> Result<kafka::TopicIdentity> {
        return ++asked < 4 ? kafka::TopicIdentity{} : kafka::TopicIdentity{true, "id"};
      },
      clock);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, "id");
  EXPECT_EQ(asked, 4);
  const auto never = await_topic_identity(
      []() -> Result<kafka::TopicIdentity> { return kafka::TopicIdentity{}; }, clock);
  ASSERT_TRUE(never);
  EXPECT_FALSE(never->exists);
}

TEST(LettersTopicId, AWriteTimeThatNoRecordCanHaveCountsAsNone) {
  class One final : public RecordOwner {
   public:
    bool visit_headers(const Record&, const HeaderVisitor& visit) const override {
      for (const Header& header : headers) visit(header.name, header.value);
      return true;
    }
    std::vector<Header> headers;
  };
  for (const char* none : {"-5", "", "soon", "1.5", "99999999999999999999"}) {
    RecordBatch batch;
    batch.records.emplace_back();
    auto owner = std::make_unique<One>();
    owner->headers = letter_headers(
        {.topic = "plays", .topic_id = "id", .write_time_us = 5, .reason = "unmatched"}, "p");
    for (Header& header : owner->headers)
      if (header.name == "turntable.write_time") header.value = none;
    batch.owner = std::move(owner);
    const auto letter = letter_from(batch, batch.records[0]);
    ASSERT_TRUE(letter) << none << ": " << letter.error().message;
    EXPECT_EQ(letter->write_time_us, kNoWriteTime) << none;
    EXPECT_EQ(letter->topic_id, "id");
  }
}

// The in-process cluster does not answer the question for settings.
TEST_F(KafkaDeadLettersTest, ATopicThatIsThereWillDoWhereItsSettingsCannotBeAsked) {
  const auto prepared = prepare_dead_letters_topic(options_, clock_);
  EXPECT_TRUE(prepared) << prepared.error().message;
}

std::vector<std::string> mended_by(const kafka::Properties& topic,
                                   const kafka::Properties& source = {}) {
  std::vector<std::string> settings;
  for (const LettersTopicFault& fault : letters_topic_faults(topic, source))
    settings.push_back(fault.mended_by);
  return settings;
}

TEST(LettersTopicFaults, AreSettingsThatLoseLetters) {
  using Settings = std::vector<std::string>;
  const kafka::Properties ours{{"max.message.bytes", "134217728"},
                               {"cleanup.policy", "delete"},
                               {"retention.ms", "-1"},
                               {"retention.bytes", "-1"}};
  EXPECT_EQ(mended_by(ours), Settings{});
  EXPECT_EQ(mended_by({}), Settings{});
  EXPECT_EQ(mended_by({{"cleanup.policy", "delete"}, {"retention.ms", "604800000"}}),
            Settings{"retention.ms=-1"});
  EXPECT_EQ(mended_by({{"cleanup.policy", "delete"}, {"retention.bytes", "1000"}}),
            Settings{"retention.bytes=-1"});
  EXPECT_EQ(mended_by({{"cleanup.policy", "compact"}, {"retention.ms", "604800000"}}),
            Settings{"cleanup.policy=delete"});
  EXPECT_EQ(mended_by({{"cleanup.policy", "compact,delete"}, {"retention.ms", "1"}}),
            (Settings{"cleanup.policy=delete", "retention.ms=-1"}));
}

TEST(LettersTopicFaults, AreBytesThatDoNotTakeARecordOfTheSourceWithOurHeaders) {
  const kafka::Properties source{{"max.message.bytes", "1048588"}};
  EXPECT_EQ(mended_by({{"max.message.bytes", "1048588"}}, source),
            std::vector<std::string>{"max.message.bytes=134217728"});
  EXPECT_EQ(mended_by({{"max.message.bytes", "2097164"}}, source), std::vector<std::string>{});
  EXPECT_EQ(mended_by({{"max.message.bytes", "134217727"}}).size(), 1U);
  EXPECT_EQ(mended_by({{"max.message.bytes", "134217728"}}, {{"max.message.bytes", "1000000000"}}),
            std::vector<std::string>{});
}

TEST_F(KafkaDeadLettersTest, AMessageWithoutTheHeadersIsNoLetter) {
  RecordBatch batch;
  batch.owner = std::make_unique<Three>();
  batch.records.emplace_back();
  const auto letter = letter_from(batch, batch.records[0]);
  ASSERT_FALSE(letter);
  EXPECT_EQ(letter.error().kind, ErrorKind::row);
}

// Whoever can write to the topic can write this.
TEST(LetterPlaces, AreThoseThatATopicCanHave) {
  EXPECT_TRUE(is_place(0, 0));
  EXPECT_TRUE(is_place(kPartitionsLimit - 1, std::numeric_limits<Offset>::max() - 1));
  EXPECT_FALSE(is_place(kPartitionsLimit, 0));
  EXPECT_FALSE(is_place(-1, 0));
  EXPECT_FALSE(is_place(0, -1));
  EXPECT_FALSE(is_place(0, std::numeric_limits<Offset>::max()));
}

TEST_F(KafkaDeadLettersTest, TakeRecordsAsLargeAsCanBeReadAndNoLarger) {
  auto letters = dead_letters_in_kafka(options_, clock_).value();
  std::string value(kLetterBytesLimit - 1'000, 'x');
  RecordBatch batch;
  batch.topic = "plays";
  batch.records.push_back({.value = value});
  letters->add(batch, {0, RejectCode::too_large, "no"});
  Status flushed = letters->flush();
  for (int again = 0; !flushed && flushed.error().kind == ErrorKind::transient && again < 100;
       ++again)
    flushed = letters->flush();  // Compressing takes longer than a flush waits.
  ASSERT_TRUE(flushed) << flushed.error().message;
  value.append(1'000, 'x');
  batch.records[0].value = value;
  letters->add(batch, {0, RejectCode::too_large, "no"});
  const Status refused = letters->flush();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::failed);
  EXPECT_NE(refused.error().message.find("dead_letters = 'file:PATH' takes it"), std::string::npos);
  const std::vector<Letter> read = read_all();
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].value->size(), kLetterBytesLimit - 1'000);
}

}  // namespace
}  // namespace turntable
