#include "produce/produce.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "kafka/consumer.h"
#include "kafka/mock_cluster.h"

namespace turntable {
namespace {

// What a topic holds, read without this project's source: every record of every partition from its
// beginning.
class Reader final : private kafka::RebalanceHandler {
 public:
  struct Play {
    std::string key;
    std::string value;
  };
  std::map<PartitionId, std::vector<Play>> read(const std::string& bootstrap,
                                                const std::string& topic, size_t count) {
    const SystemClock clock;
    auto consumer = kafka::Consumer::open({.topic = topic,
                                           .properties = {{"bootstrap.servers", bootstrap},
                                                          {"group.id", "reader"},
                                                          {"enable.auto.commit", "false"}}},
                                          *this, clock)
                        .value();
    EXPECT_TRUE(consumer->subscribe());
    std::map<PartitionId, std::vector<Play>> plays;
    const auto deadline = clock.now() + std::chrono::seconds(20);
    for (size_t got = 0; got < count && clock.now() < deadline; consumer->wait(Millis(20))) {
      consumer->listen();
      consumer->serve();
      const kafka::Drained drained = consumer->drain(1000);
      got += drained.records.size();
      for (const Record& record : drained.records) {
        plays[record.partition].push_back({std::string(record.key), std::string(record.value)});
      }
    }
    EXPECT_TRUE(consumer->close(Millis(5'000)));
    return plays;
  }

 private:
  std::optional<std::vector<kafka::Position>> on_assign(
      std::span<const PartitionId> partitions) override {
    std::vector<kafka::Position> starts;
    for (const PartitionId partition : partitions) starts.push_back({partition, 0});
    return starts;
  }
  void on_revoke(std::span<const PartitionId>, bool) override {}
};

class Produce : public testing::Test {
 protected:
  Produce() : cluster_(std::move(kafka::MockCluster::open({}).value())) {
    path_ = testing::TempDir() + fmt::format("turntable_songs_{}.csv", getpid());
    std::ofstream(path_) << "name,artists\nOne,U2\n\"Say \"\"A\"\"\",X\n1999,Prince\n";
    EXPECT_TRUE(cluster_->create_topic("test", 4));
    options_.catalogue = path_;
    options_.bootstrap = cluster_->bootstrap();
    options_.rate = 0;
    options_.count = 500;
    options_.seed = 11;
    options_.start_time = "2024-03-03 09:50";
  }
  ~Produce() override { unlink(path_.c_str()); }

  Result<ProduceReport> run() {
    std::FILE* out = std::tmpfile();
    Output output(fileno(out));
    auto report = produce(options_, stop_, output);
    std::rewind(out);
    char buffer[4096];
    for (size_t got; (got = std::fread(buffer, 1, sizeof buffer, out)) > 0;)
      output_.append(buffer, got);
    std::fclose(out);
    return report;
  }

  std::unique_ptr<kafka::MockCluster> cluster_;
  std::string path_;
  ProduceOptions options_;
  StopToken stop_;
  std::string output_;
};

TEST_F(Produce, SendsAsManyPlaysAsAskedAndSaysThatTheyAreAcknowledged) {
  const auto report = run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->sent, 500U);
  EXPECT_EQ(report->acknowledged, 500U);
  EXPECT_TRUE(output_.starts_with("Data stream open. Records sent:\n{\"id\": ")) << output_;
  EXPECT_NE(output_.find("\n500 of 500 records acknowledged by topic test in "), std::string::npos)
      << output_;

  size_t count = 0;
  std::set<std::string> values;
  for (const auto& [partition, plays] : Reader().read(options_.bootstrap, "test", 500)) {
    count += plays.size();
    for (const auto& play : plays) values.insert(play.value);
  }
  EXPECT_EQ(count, 500U);
  // What was printed is what was sent.
  std::istringstream lines(output_);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('{')) {
      EXPECT_TRUE(values.contains(line)) << line;
    }
  }
}

TEST_F(Produce, SendsTheSamePlaysAgainForTheSameSeed) {
  ASSERT_TRUE(run());
  const std::string first = std::exchange(output_, "");
  ASSERT_TRUE(run());
  const auto plays = [](const std::string& text) {
    return text.substr(0, text.find("500 of 500"));
  };
  EXPECT_EQ(plays(first), plays(output_));
}

TEST_F(Produce, KeepsAPersonsPlaysInOnePartitionWhenNamesAreTheKeys) {
  options_.key = "name";
  options_.people = 6;
  ASSERT_TRUE(run());
  std::map<std::string, PartitionId> homes;
  for (const auto& [partition, plays] : Reader().read(options_.bootstrap, "test", 500)) {
    for (const auto& play : plays) {
      EXPECT_NE(play.value.find("\"name\": \"" + play.key + "\""), std::string::npos);
      EXPECT_EQ(homes.emplace(play.key, partition).first->second, partition);
    }
  }
  EXPECT_EQ(homes.size(), 6U);
}

TEST_F(Produce, ShowsProgressInsteadOfRecordsThatAreTooMany) {
  options_.count = 20'000;
  ASSERT_TRUE(run());
  EXPECT_EQ(output_.find("{\"id\""), std::string::npos);
  EXPECT_NE(output_.find("20000 of 20000 records acknowledged"), std::string::npos) << output_;
}

TEST_F(Produce, KeepsToItsRate) {
  options_.count = 20;
  options_.rate = 50;
  const auto report = run();
  ASSERT_TRUE(report);
  // The last of 20 is due after 19/50 s.
  EXPECT_GE(report->seconds, 0.38);
  EXPECT_LT(report->seconds, 3.0);
}

TEST_F(Produce, StopsEarlyAndReportsWhatIsAcknowledged) {
  options_.count = 1'000'000;
  options_.rate = 100;
  std::thread stopper([this] {
    std::this_thread::sleep_for(Millis(500));
    stop_.request();
  });
  const auto report = run();
  stopper.join();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(report->acknowledged, 0U);
  EXPECT_LT(report->acknowledged, 1000U);
  EXPECT_EQ(report->acknowledged, report->sent);
}

TEST_F(Produce, WaitsForABrokerThatIsAway) {
  ASSERT_TRUE(cluster_->set_down(1, true));
  std::thread healer([this] {
    std::this_thread::sleep_for(Millis(1'500));
    EXPECT_TRUE(cluster_->set_down(1, false));
  });
  const auto report = run();
  healer.join();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->acknowledged, 500U);
}

TEST_F(Produce, FailsWithBothCountsWhenABrokerNeverAnswersBeforeTheStop) {
  ASSERT_TRUE(cluster_->set_down(1, true));
  std::thread stopper([this] {
    std::this_thread::sleep_for(Millis(300));
    stop_.request();
  });
  const auto report = run();
  stopper.join();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::transient);
  EXPECT_NE(report.error().message.find("0 of 500 records"), std::string::npos)
      << report.error().message;
}

TEST_F(Produce, RefusesWhatItCannotDo) {
  ProduceOptions good = options_;
  options_.compression = "rar";
  EXPECT_EQ(run().error().kind, ErrorKind::usage);
  options_ = good;
  options_.start_time = "yesterday";
  EXPECT_EQ(run().error().kind, ErrorKind::usage);
  options_ = good;
  options_.catalogue = "/nowhere/songs.csv";
  EXPECT_NE(run().error().message.find("/nowhere/songs.csv"), std::string::npos);
  options_ = good;
  options_.song_column = "title";
  EXPECT_NE(run().error().message.find("title"), std::string::npos);
}

TEST_F(Produce, TakesSongsFromTheCatalogueButNotItsHeader) {
  const auto songs = load_songs(path_, "name");
  ASSERT_TRUE(songs) << songs.error().message;
  EXPECT_EQ(*songs, (std::vector<std::string>{"One", "Say \"A\"", "1999"}));
}

}  // namespace
}  // namespace turntable
