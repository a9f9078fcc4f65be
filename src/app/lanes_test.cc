// Several lanes as threads on one topic, as `turntable run --lanes` has them: real consumers and
// real dead letters on the in-process cluster, the sink fake where its rows are looked at. What
// threads share is all in play here: the catalogue, the counters, the stop token, the log. So these
// are the tests that ThreadSanitizer is run for.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <thread>

#include "app/connectors.h"
#include "app/lane_options.h"
#include "app/letters.h"
#include "app/pipeline.h"
#include "app/run.h"
#include "app/status.h"
#include "enrich/enricher.h"
#include "kafka/mock_cluster.h"
#include "kafka/producer.h"
#include "lane/lane.h"
#include "row/cell.h"
#include "sink/fake_sink.h"

namespace turntable {
namespace {

constexpr int kPartitions = 6;
constexpr int kSongs = 50;
constexpr Millis kLimit{120'000};  // Sanitizers and machines that are shared are slow.

constexpr const char* kPipeline = R"(
CREATE TABLE plays (id int NOT NULL, song text NOT NULL)
WITH (connector = 'kafka', topic = 'plays', start = 'earliest', dead_letters = 'kafka:dead',
      "bootstrap.servers" = '{0}', "group.id" = 'lanes', "session.timeout.ms" = '2000',
      "heartbeat.interval.ms" = '100');
CREATE TABLE songs () WITH (connector = 'csv', path = '{1}', key = 'name');
CREATE TABLE history (id int, artist text)
WITH (connector = 'null', flush_interval = '20ms', flush_rows = '200');
INSERT INTO history SELECT p.id, s.artist FROM plays p JOIN songs s ON s.name = p.song;
)";

// The i-th record: one of ten is no JSON, one of ten is of a song that nobody knows.
bool becomes_a_row(int i) {
  return i % 10 > 1;
}
std::string value_of(int i) {
  if (i % 10 == 0) return fmt::format("no JSON {}", i);
  return fmt::format(R"({{"id": {}, "song": "{}"}})", i,
                     i % 10 == 1 ? "unheard of" : fmt::format("song {}", i % kSongs));
}

// A lane on its thread, with a stop of its own.
struct RunningLane {
  std::unique_ptr<Lane> lane;
  FakeSink* sink = nullptr;
  StopToken stop;
  Status outcome;
  std::thread thread;
};

class LanesTest : public testing::Test {
 protected:
  LanesTest() : cluster_(std::move(kafka::MockCluster::open({}).value())) {
    EXPECT_TRUE(cluster_->create_topic("plays", kPartitions));
    EXPECT_TRUE(cluster_->create_topic("dead", 1));
    std::ofstream songs(path("songs.csv"));
    songs << "name,artist\n";
    for (int i = 0; i < kSongs; ++i) songs << fmt::format("song {0},artist {0}\n", i);
    songs.close();
    std::ofstream(path("lanes.sql"))
        << fmt::format(kPipeline, cluster_->bootstrap(), path("songs.csv"));
  }
  ~LanesTest() override {
    for (auto& running : lanes_) finish(*running);
    for (const char* name : {"songs.csv", "lanes.sql", "statistics.json"})
      ::unlink(path(name).c_str());
  }

  static std::string path(const std::string& name) {
    return testing::TempDir() + fmt::format("turntable_lanes_{}_{}", ::getpid(), name);
  }

  // Records first to last - 1, the i-th to partition i % kPartitions.
  void produce(int first, int last) const {
    const kafka::Properties properties{{"bootstrap.servers", cluster_->bootstrap()}};
    auto producer = std::move(kafka::Producer::open({"plays", properties}, clock_).value());
    for (int i = first; i < last; ++i) {
      const std::string value = value_of(i);
      while (!producer->send({.value = value, .partition = i % kPartitions}).value())
        producer->poll(Millis(10));
    }
    EXPECT_TRUE(producer->flush(kLimit));
  }

  // As run_pipeline() makes a lane, but for the sink.
  RunningLane& start(bool until_end = false) {
    if (pipeline_.file.empty()) pipeline_ = load_pipeline(path("lanes.sql"), {}).value();
    lanes_.push_back(std::make_unique<RunningLane>());
    RunningLane& running = *lanes_.back();
    auto sink = std::make_unique<FakeSink>();
    running.sink = sink.get();
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::move(sink));
    LaneOptions options = lane_options(pipeline_);
    options.poll_records = 100;
    options.drain_bound = Millis(200);
    running.lane = std::make_unique<Lane>(
        std::move(options),
        lane_parts(pipeline_, make_decoder(pipeline_.source).value(), std::move(sinks),
                   make_dead_letters(pipeline_, "", clock_).value()),
        running.stop, clock_);
    running.thread = std::thread([this, &running, until_end] {
      const auto topic = find_source_topic(pipeline_.source, until_end, running.stop, clock_);
      if (!topic) {
        running.outcome = tl::unexpected<Error>(topic.error());
        return;
      }
      auto source =
          open_source({.spec = pipeline_.source,
                       .topic = *topic,
                       .until_end = until_end,
                       .listener = *running.lane,
                       .stop = running.stop,
                       .clock = clock_});
      running.outcome =
          source ? running.lane->run(std::move(*source)) : tl::unexpected<Error>(source.error());
    });
    return running;
  }

  // Asks it to stop, and waits.
  static void finish(RunningLane& running) {
    running.stop.request();
    running.sink->uncork();
    if (running.thread.joinable()) running.thread.join();
  }

  // The lanes run meanwhile: their counters are read from this thread.
  template <class Done>
  void await(const char* what, Done done) const {
    const auto deadline = clock_.now() + kLimit;
    while (!done() && clock_.now() < deadline) std::this_thread::sleep_for(Millis(2));
    ASSERT_TRUE(done()) << what << ": not in " << kLimit.count() << " ms";
  }

  static void expect_balanced(const RunningLane& running) {
    EXPECT_TRUE(running.outcome) << running.outcome.error().message;
    EXPECT_EQ(running.lane->in_flight(), 0U);
    EXPECT_EQ(running.lane->counts().consumed, running.lane->counts().ended());
  }

  // Ids and artists of all rows that any sink took.
  [[nodiscard]] std::map<int32_t, std::string> rows() const {
    std::map<int32_t, std::string> rows;
    for (const auto& running : lanes_) {
      for (const std::string& row : running->sink->rows()) {
        CellReader cells(row);
        const int32_t id = cells.next().int32();
        rows.emplace(id, cells.next().bytes());
      }
    }
    return rows;
  }

  // The values of all dead letters, each as often as it was written.
  [[nodiscard]] std::multiset<std::string> letters() const {
    std::multiset<std::string> values;
    const SourceSpec source = load_pipeline(path("lanes.sql"), {}).value().source;
    auto reader = open_letters(source, stop_, clock_).value();
    while (!reader->at_end()) {
      const std::vector<Letter> some = reader->next(1'000, Millis(100)).value();
      for (const Letter& letter : some) values.insert(letter.value.value_or(""));
    }
    return values;
  }

  void expect_everything_delivered(int count, bool rows_are_kept) const {
    std::map<int32_t, std::string> expected_rows;
    std::set<std::string> expected_letters;
    for (int i = 0; i < count; ++i) {
      if (becomes_a_row(i)) {
        expected_rows.emplace(i, fmt::format("artist {}", i % kSongs));
      } else {
        expected_letters.insert(value_of(i));
      }
    }
    if (rows_are_kept) {
      EXPECT_EQ(rows(), expected_rows);
    }
    const auto found = letters();
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected_letters);
  }

  // `turntable run --lanes 3`, whose sink keeps nothing.
  Result<ExitCode> run(bool until_end, StopToken& stop) const {
    Output out;
    return run_pipeline({.pipeline = path("lanes.sql"),
                         .until_end = until_end,
                         .stats_json = path("statistics.json"),
                         .lanes = 3,
                         .process_start = clock_.now()},
                        stop, out);
  }

  [[nodiscard]] static std::string statistics() {
    std::ifstream file(path("statistics.json"));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  SystemClock clock_;
  StopToken stop_;
  std::unique_ptr<kafka::MockCluster> cluster_;
  Pipeline pipeline_;
  std::vector<std::unique_ptr<RunningLane>> lanes_;
};

TEST_F(LanesTest, DeliverEverythingWhileLanesComeAndGo) {
  constexpr int kRecords = 12'000;
  int sent = 3'000;
  produce(0, sent);
  RunningLane& first = start();
  RunningLane& second = start();
  const StatusReporter reporter({first.lane.get(), second.lane.get()}, Millis(20));
  // The first may have read all there is before the second is given its share: more comes, one for
  // each partition at a time.
  await("both have written", [&] {
    if (first.lane->counts().written > 0 && second.lane->counts().written > 0 &&
        first.lane->figures().lag >= 0)
      return true;
    if (sent < kRecords / 2) produce(sent, sent + kPartitions);
    sent = std::min(sent + kPartitions, kRecords / 2);
    return false;
  });

  // A third comes, and is given partitions whose rows are on their way: the sinks of the others do
  // not acknowledge them before they are given back.
  first.sink->cork();
  second.sink->cork();
  std::thread producer([this, sent] { produce(sent, kRecords); });
  await("rows are on their way",
        [&] { return first.sink->in_flight() > 0 && second.sink->in_flight() > 0; });
  RunningLane& third = start();
  await("the third has written what was given back", [&] {
    return third.lane->counts().written > 0 &&
           first.lane->counts().returned + second.lane->counts().returned > 0;
  });
  first.sink->uncork();
  second.sink->uncork();

  // The first leaves, while records still come; the others get its partitions.
  finish(first);
  expect_balanced(first);
  producer.join();
  await("every row is there", [&] { return rows().size() == size_t{kRecords} / 10 * 8; });
  second.stop.request();
  third.stop.request();
  finish(second);
  finish(third);
  expect_balanced(second);
  expect_balanced(third);

  // Who comes later reads on where they were.
  RunningLane& last = start(true);
  last.thread.join();
  expect_balanced(last);
  expect_everything_delivered(kRecords, true);
  EXPECT_LT(last.lane->counts().consumed, uint64_t{kRecords});
}

TEST_F(LanesTest, OfOneRunReadToTheEndTogether) {
  constexpr int kRecords = 6'000;
  produce(0, kRecords);
  testing::internal::CaptureStdout();
  const auto ended = run(true, stop_);
  const std::string said = testing::internal::GetCapturedStdout();
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(*ended, ExitCode::dead_letters) << said;
  EXPECT_NE(said.find("Done: "), std::string::npos) << said;
  EXPECT_NE(
      statistics().find(R"("0": 1000, "1": 1000, "2": 1000, "3": 1000, "4": 1000, "5": 1000)"),
      std::string::npos)
      << statistics();
  expect_everything_delivered(kRecords, false);
}

TEST_F(LanesTest, OfOneRunAreStoppedTogetherAndTheNextRunReadsOn) {
  constexpr int kRecords = 20'000;
  produce(0, kRecords / 2);
  testing::internal::CaptureStdout();
  StopToken stop;
  std::thread producer([this] { produce(kRecords / 2, kRecords); });
  std::thread stopper([this, &stop] {
    const kafka::Properties properties{{"bootstrap.servers", cluster_->bootstrap()}};
    auto onlooker = std::move(kafka::Producer::open({"dead", properties}, clock_).value());
    await("a dead letter is there", [&] {
      const auto marks = onlooker->watermarks("dead", 0, Millis(1'000));
      return marks && marks->high > 0;
    });
    stop.request();
  });
  const auto stopped = run(false, stop);
  stopper.join();
  producer.join();
  const std::string said = testing::internal::GetCapturedStdout();
  ASSERT_TRUE(stopped) << stopped.error().message;
  EXPECT_EQ(*stopped, ExitCode::done) << said;

  testing::internal::CaptureStdout();
  const auto ended = run(true, stop_);
  testing::internal::GetCapturedStdout();
  ASSERT_TRUE(ended) << ended.error().message;
  expect_everything_delivered(kRecords, false);
}

}  // namespace
}  // namespace turntable
