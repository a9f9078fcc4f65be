// Every source into every sink: the whole product of the connectors that the program's tables have,
// of where dead letters go, of how many flushes there are and how large they may be, of lanes, of
// keys that are each record's own, come again, or are deleted by tombstones, of one table, three in one store or in two stores,
// and of how a run ends before another one continues it. Every row and every letter is compared with what must come of its record. A combination that
// cannot be has a sentence, which is compared too.
//
// What is real: pipelines, lanes, sources with their files, topics and groups (librdkafka's cluster
// in this process), SQLite files, the console's output, dead letters. Cassandra's sink is real down
// to the writer, below which a map stands in for the cluster. A kill is an exception that leaves
// the lane's thread in the middle of a batch: its lane is dropped with all that it holds.
//
// A connector that is added to the program's tables and not to these fails the first test. To add a
// dimension, add it to Cell, to all_cells() and to the cell's name. TURNTABLE_MATRIX=text plays the
// cells alone whose names have it, and says how long each takes; TURNTABLE_MATRIX_SHARE draws some.
#include <fcntl.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <thread>

#include "app/connectors.h"
#include "app/dead_letters.h"
#include "app/lane_options.h"
#include "app/letters.h"
#include "app/matrix_world.h"
#include "app/run.h"
#include "delivery/letter_source.h"
#include "kafka/mock_cluster.h"
#include "kafka/producer.h"
#include "lane/lane.h"

namespace turntable::matrix {
namespace {

using To = DeadLettersSpec::To;

// A way by which records come in.
struct SourceKind {
  const char* name;
  const char* connector;
  bool standard_input = false;
  std::optional<To> letters = {};  // They are dead letters that are run again, kept there.
};
constexpr SourceKind kSources[] = {
    {"kafka", "kafka"},
    {"file", "ndjson"},
    {"standard_input", "ndjson", true},
    {"letters_of_a_topic_in_a_file", "kafka", false, To::file},
    {"letters_of_a_file_in_a_file", "ndjson", false, To::file},
    {"letters_of_a_topic_in_a_topic", "kafka", false, To::kafka},
};

struct SinkKind {
  const char* connector;
  const char* options;
  int default_rows = 10'000;  // flush_rows where the pipeline does not say.
  bool shows_again = false;   // A row that is written twice is there twice, whatever its key.
  bool keeps_rows = true;
};
constexpr SinkKind kSinks[] = {
    {"cassandra", ", keyspace = 'k', contact_points = 'nowhere'"},
    {"sqlite", ", path = '{folder}/history.db'"},
    {"console", "", 10'000, true},
    {"null", "", 2'000, false, false},
};

constexpr To kLetters[] = {To::file, To::kafka, To::drop};
constexpr const char* letters_name(To to) {
  return to == To::file ? "file" : to == To::kafka ? "topic" : "dropped";
}
constexpr const char* end_name(End end) {
  return end == End::end ? "to_the_end" : end == End::stop ? "stopped" : "killed";
}

constexpr const char* tables_name(Tables tables) {
  return tables == Tables::one ? "one_table" : tables == Tables::three ? "three_tables" : "two_stores";
}

constexpr const char* keys_name(Keys keys) {
  return keys == Keys::apart ? "apart" : keys == Keys::repeat ? "repeat" : "deleted";
}

struct Cell {
  const SourceKind* source;
  const SinkKind* sink;
  int flushes;
  bool tiny;  // flush_rows is 2, not the default.
  unsigned lanes;
  To letters;
  Keys keys;
  Tables tables;
  End end;

  [[nodiscard]] std::string name() const {
    return fmt::format("{}_to_{}_{}_{}_flushes_lanes_{}_letters_{}_keys_{}_{}_{}", source->name,
                       sink->connector, flushes, tiny ? "tiny" : "default", lanes,
                       letters_name(letters), keys_name(keys),
                       tables_name(tables), end_name(end));
  }
  [[nodiscard]] bool to_sqlite() const { return std::string(sink->connector) == "sqlite"; }
  // Of the two stores the second is an SQLite file, or beside one a Cassandra cluster.
  [[nodiscard]] const char* second_connector() const { return to_sqlite() ? "cassandra" : "sqlite"; }
  [[nodiscard]] bool has_sqlite() const { return to_sqlite() || tables == Tables::two_stores; }
  [[nodiscard]] bool replays() const { return source->letters.has_value(); }
  [[nodiscard]] bool from_topic() const { return std::string(source->connector) == "kafka"; }
  // Three flushes of a default size come of their interval: of their size they would be too many.
  [[nodiscard]] bool by_interval() const { return !tiny && flushes > 2; }
  [[nodiscard]] int rows() const {
    if (tiny) return 2 * flushes;
    return by_interval() ? 8 * flushes : (flushes - 1) * sink->default_rows + 40;
  }
};

Moment moment_of(const Cell& cell) {
  const char* seed = std::getenv("TURNTABLE_TEST_SEED");
  const size_t drawn = std::hash<std::string>()(cell.name() + (seed == nullptr ? "" : seed));
  const bool keeps_positions = cell.to_sqlite() && cell.tables != Tables::two_stores &&
                               cell.from_topic() && !cell.replays();
  return kMoments[drawn % (std::size(kMoments) - (keeps_positions ? 0 : 1))];
}

std::vector<Cell> all_cells() {
  std::vector<Cell> cells;
  for (const SourceKind& source : kSources)
    for (const SinkKind& sink : kSinks)
      for (const int flushes : {1, 2, 50})
        for (const bool tiny : {true, false})
          for (const unsigned lanes : {1U, 3U})
            for (const To letters : kLetters)
              for (const Keys keys : {Keys::apart, Keys::repeat, Keys::deleted})
                for (const End end : {End::end, End::stop, End::kill}) {
                  // A replay has no --lanes; where its letters are is what the source is.
                  if (source.letters && lanes > 1) continue;
                  if (source.letters && letters != To::drop && letters != *source.letters) continue;
                  const bool keeps_keys = sink.keeps_rows && !sink.shows_again;
                  if (keys != Keys::apart && !keeps_keys) continue;
                  // Only a topic's records have keys of their own. How a deletion takes its place
                  // does not depend on how many flushes follow.
                  const bool has_keys = std::string(source.name) == "kafka";
                  if (keys == Keys::deleted && (!has_keys || flushes != 2)) continue;
                  for (const Tables tables : {Tables::one, Tables::three, Tables::two_stores}) {
                    // What several tables may do wrong does not depend on how many flushes follow.
                    if (tables != Tables::one && flushes != 2) continue;
                    cells.push_back(
                        {&source, &sink, flushes, tiny, lanes, letters, keys, tables, end});
                  }
                }
  return cells;
}

// Why the cell cannot be, as the program says it; nothing where it can.
std::optional<std::string> sentence_of(const Cell& cell) {
  if (cell.replays() && cell.letters == To::drop)
    return "the pipeline drops its dead letters: there are none to be read";
  if (!cell.from_topic() && cell.letters == To::kafka)
    return "dead_letters in a topic need a kafka source, whose brokers they use";
  if (!cell.from_topic() && cell.lanes > 1)
    return "--lanes: a file is read by one lane; leave the option out";
  if (cell.has_sqlite() && cell.lanes > 1)
    return "--lanes: SQLite has one writer, so one lane; leave the option out";
  return std::nullopt;
}

// What the cells share: one broker, with topics of records that nobody changes.
class World {
 public:
  World() : cluster_(std::move(kafka::MockCluster::open({}).value())), folder_("world") {
    std::ofstream songs(folder_ / "songs.csv");
    songs << "name,artist\n";
    for (int i = 0; i < kSongs; ++i) songs << fmt::format("song {0},artist {0}\n", i);
  }

  [[nodiscard]] std::string bootstrap() const { return cluster_->bootstrap(); }
  [[nodiscard]] std::string songs() const { return folder_ / "songs.csv"; }
  [[nodiscard]] std::string file_of(int records) {
    const std::lock_guard lock(mutex_);
    const std::string path = folder_ / fmt::format("plays_{}.ndjson", records);
    if (!made_.insert(path).second) return path;
    std::ofstream file(path);
    for (int i = 0; i < records; ++i) file << value_of(i) << '\n';
    return path;
  }
  [[nodiscard]] std::string topic_of(int records, Keys keys) {
    const std::lock_guard lock(mutex_);
    const std::string topic =
        fmt::format("{}_{}", keys == Keys::deleted ? "keyed" : "plays", records);
    if (!made_.insert(topic).second) return topic;
    EXPECT_TRUE(cluster_->create_topic(topic, kPartitions));
    const kafka::Properties properties{{"bootstrap.servers", bootstrap()}};
    auto producer = std::move(kafka::Producer::open({topic, properties}, clock_).value());
    for (int i = 0; i < records; ++i) {
      const std::string value = value_of(i);
      const std::string key = key_of(i);
      kafka::Producer::Message message{.value = value, .partition = place_in_topic(i).first};
      if (keys == Keys::deleted) message.key = key;
      message.has_value = !is_deletion(i, keys);
      while (!producer->send(message).value())
        producer->poll(Millis(10));
    }
    EXPECT_TRUE(producer->flush(Millis(60'000)));
    return topic;
  }
  void create_letters_topic(const std::string& topic) {
    EXPECT_TRUE(cluster_->create_topic(topic, 1));
  }

 private:
  std::unique_ptr<kafka::MockCluster> cluster_;
  Folder folder_;
  SystemClock clock_;
  std::mutex mutex_;
  std::set<std::string> made_;
};

// Standard input is the process's, so the cells that use it come one after another.
class StandardInput {
 public:
  explicit StandardInput(const std::string& path) : turn_(turns()), kept_(::dup(STDIN_FILENO)) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
    writer_ = std::thread([path, fd = ends[1]] {
      std::ifstream file(path);
      std::stringstream text;
      text << file.rdbuf();
      const std::string bytes = text.str();
      for (size_t at = 0; at < bytes.size();) {
        const ssize_t count = ::write(fd, bytes.data() + at, bytes.size() - at);
        if (count < 0) break;  // The reader has gone.
        at += static_cast<size_t>(count);
      }
      ::close(fd);
    });
  }
  ~StandardInput() {
    ::dup2(kept_, STDIN_FILENO);
    ::close(kept_);
    writer_.join();
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

 private:
  static std::mutex& turns() {
    static std::mutex mutex;
    return mutex;
  }
  std::lock_guard<std::mutex> turn_;
  int kept_;
  std::thread writer_;
};

// One cell: its pipeline, its stores, and the processes that run it, one after another.
class Play {
 public:
  Play(World& world, const Cell& cell)
      : world_(world),
        cell_(cell),
        folder_(cell.name()),
        records_(records_for(cell.rows())),
        cassandra_(cell.keys),
        console_(::open((folder_ / "console.txt").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)),
        out_(console_) {
    write_pipeline();
  }
  ~Play() { ::close(console_); }
  Play(const Play&) = delete;
  Play& operator=(const Play&) = delete;

  // The cell's own error, found without a lane.
  [[nodiscard]] Error refusal() {
    StopToken stop;
    auto outcome = cell_.replays()
                       ? run_dead_letters({.action = DeadLettersAction::replay, .pipeline = file()},
                                          stop, out_)
                       : run_pipeline({.pipeline = file(),
                                       .until_end = true,
                                       .lanes = cell_.lanes,
                                       .process_start = clock_.now()},
                                      stop, out_);
    return outcome ? Error{ErrorKind::failed, "it can be"} : outcome.error();
  }

  void run_and_compare() {
    pipeline_ = load_pipeline(file(), {}).value();
    if (!cell_.tiny) {
      EXPECT_EQ(pipeline_.stores[0].flush_rows, static_cast<uint64_t>(cell_.sink->default_rows));
    }
    if (pipeline_.source.dead_letters.to == To::kafka)
      world_.create_letters_topic(pipeline_.source.dead_letters.target);
    const Expected expected =
        expected_of(records_, cell_.from_topic() ? place_in_topic : place_in_file, cell_.keys,
                    cell_.tables);
    if (cell_.replays()) keep_letters();

    if (cell_.end != End::end) run_process(cell_.end);
    const Ran last = run_process(End::end);
    if (cell_.end == End::end) {
      compare_counts(last.counts, expected.counts);
      for (size_t table = 0; table < expected.in_tables.size(); ++table) {
        const testing::ScopedTrace trace(__FILE__, __LINE__, kTableNames[table]);
        compare_outcomes(last.in_tables[table], expected.in_tables[table]);
      }
      if (cell_.lanes == 1 && !cell_.by_interval() && cell_.tables == Tables::one) {
        // One record that comes while a full flush waits for the sink goes with it.
        const size_t most = pipeline_.stores[0].flush_rows + 1;
        EXPECT_LE(last.flushes, static_cast<size_t>(cell_.flushes));
        EXPECT_GE(last.flushes, (static_cast<size_t>(cell_.rows()) + most - 1) / most);
      }
    }
    // What a run has committed, the next does not read again. A file is read anew, and what a kill
    // comes between a row or a letter and its commit is repeated.
    const bool once =
        cell_.end == End::end || (cell_.end == End::stop && cell_.from_topic() && !cell_.replays());
    for (size_t table = 0; table < expected.rows.size(); ++table) {
      const std::string connector = connector_of(table);
      if (connector == "null") continue;
      compare(kTableNames[table], rows(table), expected.rows[table],
              once || connector != "console");
    }
    if (cell_.replays()) {
      compare("letters", letters(), kept_, true);
    } else if (cell_.letters != To::drop) {
      compare("letters", letters(), expected.letters, once);
    }
  }

 private:
  struct Ran {
    Counts counts;
    std::vector<Counts> in_tables;
    size_t flushes = 0;
  };

  [[nodiscard]] std::string file() const { return folder_ / "cell.sql"; }

  void write_pipeline() {
    const std::string dead = cell_.letters == To::drop   ? "drop"
                             : cell_.letters == To::file ? "file:" + (folder_ / "dead.jsonl")
                                                         : "kafka:dead_" + cell_.name();
    std::string source =
        fmt::format("connector = '{}', dead_letters = '{}'", cell_.source->connector, dead);
    if (cell_.from_topic()) {
      // A replay does not read the topic whose letters it has.
      source += fmt::format(
          R"(, topic = '{}', start = 'earliest', "bootstrap.servers" = '{}', "group.id" = '{}',
             "session.timeout.ms" = '2000', "heartbeat.interval.ms" = '100')",
          cell_.replays() ? "plays" : world_.topic_of(records_, cell_.keys), world_.bootstrap(), cell_.name());
    } else {
      source += fmt::format(", path = '{}'",
                            cell_.source->standard_input ? "-" : world_.file_of(records_));
    }
    const char* const key =
        cell_.keys == Keys::deleted ? ", convert_from(p.kafka_key, 'UTF8') AS k" : "";
    if (cell_.keys == Keys::deleted) source += ", tombstones = 'delete'";
    std::ofstream(file()) << fmt::format(R"(
CREATE TABLE plays (id int NOT NULL, song text NOT NULL) WITH ({});
CREATE TABLE songs () WITH (connector = 'csv', path = '{}', key = 'name');
{}
INSERT INTO history SELECT p.id, p.song, s.artist, p.kafka_partition, p.kafka_offset{}
FROM plays p JOIN songs s ON s.name = p.song;
)",
                                         source, world_.songs(), sink_tables(), key);
    if (cell_.tables == Tables::one) return;
    std::ofstream(file(), std::ios::app) << fmt::format(R"(
INSERT INTO named SELECT p.id, p.song, coalesce(s.artist, '?') AS artist, p.kafka_partition,
                         p.kafka_offset{2}
FROM plays p LEFT JOIN songs s ON s.name = p.song;
INSERT INTO early SELECT p.id, p.song, s.artist, p.kafka_partition, p.kafka_offset{2}
FROM plays p JOIN songs s ON s.name = p.song
WHERE s.artist <> 'artist {0}' AND p.id < {1};
)",
                                                        kLeftOutArtist, records_ / 2, key);
  }

  // The connector of a table, by its number.
  [[nodiscard]] std::string connector_of(size_t table) const {
    const bool second = cell_.tables == Tables::two_stores && table > 0;
    return second ? cell_.second_connector() : cell_.sink->connector;
  }

  [[nodiscard]] std::string sink_tables() const {
    std::string text;
    for (size_t table = 0; table < count_of(cell_.tables); ++table) {
      const std::string connector = connector_of(table);
      const auto kind = std::find_if(std::begin(kSinks), std::end(kSinks), [&](const SinkKind& one) {
        return one.connector == connector;
      });
      std::string options =
          fmt::format("connector = '{}', flush_interval = '{}'{}", connector,
                      cell_.by_interval() ? "0" : "1h", kind->options);
      if (const size_t at = options.find("{folder}"); at != std::string::npos)
        options.replace(at, 9, folder_ / "");
      if (cell_.tiny) options += ", flush_rows = '2'";
      text += fmt::format(
          "CREATE TABLE {} (id int, song text, artist text, kafka_partition int, kafka_offset "
          "bigint{}) WITH ({}, primary_key = '({})');\n",
          kTableNames[table], cell_.keys == Keys::deleted ? ", k text" : "", options,
          cell_.keys == Keys::apart    ? "kafka_partition, kafka_offset"
          : cell_.keys == Keys::repeat ? "song, kafka_partition"
                                       : "k");
    }
    return text;
  }

  // All records of the cell as dead letters, as if the songs had not been known.
  void keep_letters() {
    auto letters = make_dead_letters(pipeline_, "", clock_).value();
    std::vector<std::string> values;
    for (int i = 0; i < records_; ++i) values.push_back(value_of(i));
    RecordBatch batch;
    const std::string topic = cell_.from_topic() ? pipeline_.source.topic : pipeline_.source.path;
    batch.topic = topic;
    batch.owner = std::make_unique<RecordOwner>();
    for (int i = 0; i < records_; ++i) {
      const Place place = cell_.from_topic() ? place_in_topic(i) : place_in_file(i);
      Record record;
      record.value = values[static_cast<size_t>(i)];
      record.partition = place.first;
      record.offset = place.second;
      record.timestamp_ms = 1'700'000'000'000 + i;
      batch.records.push_back(record);
      kept_.emplace(place, "unmatched: " + values[static_cast<size_t>(i)]);
    }
    for (int i = 0; i < records_; ++i)
      letters->DeadLetters::add(
          batch, Reject{static_cast<uint32_t>(i), RejectCode::unmatched, "as the test wants it"});
    Status flushed = letters->flush();
    while (!flushed && flushed.error().kind == ErrorKind::transient) flushed = letters->flush();
    EXPECT_TRUE(flushed) << flushed.error().message;
  }

  // A map stands in for Cassandra's cluster.
  Result<std::vector<std::unique_ptr<Sink>>> open_sinks_of_cell(const StopToken& stop) {
    const PositionsOf positions = positions_of(pipeline_.source);
    const bool alone = pipeline_.stores.size() == 1;
    std::vector<std::unique_ptr<Sink>> sinks;
    for (const StoreSpec& store : pipeline_.stores) {
      if (store.connector == &kCassandraConnector) {
        sinks.push_back(cassandra_.open_sink(store));
        continue;
      }
      ASSIGN_OR_RETURN(auto sink,
                       store.connector->open({.store = store,
                                              .stop = stop,
                                              .console = out_,
                                              .positions = alone ? positions : PositionsOf{}}));
      sinks.push_back(std::move(sink));
    }
    return sinks;
  }

  Result<std::unique_ptr<Source>> open_source_of_cell(size_t lane, bool until_end,
                                                      AssignmentListener& listener,
                                                      const StopToken& stop) {
    if (!cell_.replays())
      return open_source({.spec = pipeline_.source,
                          .topic = topic_,
                          .lane = lane,
                          .until_end = until_end,
                          .listener = listener,
                          .stop = stop,
                          .clock = clock_});
    ASSIGN_OR_RETURN(auto reader, open_letters(pipeline_.source, stop, clock_));
    return std::make_unique<LetterSource>(
        std::move(reader),
        LetterSource::Options{
            .topic = cell_.from_topic() ? pipeline_.source.topic : pipeline_.source.path,
            .name = "letters",
            .inserts = pipeline_.insert_names()},
        listener);
  }

  std::unique_ptr<DeadLetters> open_letters_of_cell() {
    return cell_.replays() ? dropped_dead_letters()
                           : make_dead_letters(pipeline_, "", clock_).value();
  }

  // A process with its lanes, to its end.
  Ran run_process(End how) {
    StopToken stop;
    const Moment moment = moment_of(cell_);
    SCOPED_TRACE(how == End::kill ? fmt::format("killed at {}", name_of(moment)) : "");
    Ending ending(how, moment, static_cast<uint64_t>(records_), cell_.lanes, stop);
    std::atomic<size_t> flushes{0};
    std::optional<StandardInput> input;
    if (cell_.source->standard_input) input.emplace(world_.file_of(records_));
    const auto unfinished = std::make_shared<std::atomic<unsigned>>(cell_.lanes);
    // Once for all lanes, as a run does: members that join at other times read some records again.
    if (!cell_.replays()) {
      auto topic = find_source_topic(pipeline_.source, how == End::end, stop, clock_);
      EXPECT_TRUE(topic) << topic.error().message;
      if (topic) topic_ = std::move(*topic);
    }
    std::vector<std::unique_ptr<Lane>> lanes;
    for (unsigned i = 0; i < cell_.lanes; ++i) {
      LaneOptions options = lane_options(pipeline_);
      if (cell_.rows() < 1'000) options.poll_records = 8;  // Many batches, so that one is the last.
      options.unfinished_lanes = unfinished;
      options.on_flush = [&flushes](const Sink&, size_t) { ++flushes; };
      auto opened = open_sinks_of_cell(stop);
      if (!opened) ADD_FAILURE() << opened.error().message;
      if (!opened) return {};
      std::vector<std::unique_ptr<Sink>> sinks;
      for (auto& sink : *opened) {
        const Status kept = sink->keep_positions_of(topic_.id);
        EXPECT_TRUE(kept) << kept.error().message;
        sinks.push_back(std::make_unique<EndingSink>(std::move(sink), ending));
      }
      lanes.push_back(std::make_unique<Lane>(
          std::move(options),
          lane_parts(pipeline_,
                     std::make_unique<EndingDecoder>(make_decoder(pipeline_.source).value(), ending),
                     std::move(sinks),
                     std::make_unique<EndingLetters>(open_letters_of_cell(), ending)),
          stop, clock_));
    }
    std::vector<std::thread> threads;
    std::vector<Ran> of_lanes(cell_.lanes);
    for (unsigned i = 0; i < cell_.lanes; ++i)
      threads.emplace_back([&, i] {
        const testing::ScopedTrace trace(__FILE__, __LINE__, cell_.name());
        of_lanes[i] = run_lane(std::move(lanes[i]), i + 1, how, ending, stop);
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(ending.killed(), how == End::kill);
    Ran ran{.in_tables = std::vector<Counts>(count_of(cell_.tables)), .flushes = flushes};
    for (const Ran& some : of_lanes) {
      ran.counts += some.counts;
      for (size_t table = 0; table < some.in_tables.size(); ++table)
        ran.in_tables[table] += some.in_tables[table];
    }
    return ran;
  }

  // Lets go of the lane at its end.
  Ran run_lane(std::unique_ptr<Lane> lane, size_t number, End how, Ending& ending,
                  StopToken& stop) {
    JoiningLane listener(*lane, number, ending);
    auto opened = open_source_of_cell(number, how == End::end, listener, stop);
    if (!opened) {
      EXPECT_EQ(opened.error().kind, ErrorKind::interrupted) << opened.error().message;
      return {};
    }
    const std::shared_ptr<Source> source = std::move(*opened);
    try {
      const Status ran = lane->run(std::make_unique<EndingSource>(source, ending));
      EXPECT_TRUE(ran) << ran.error().message;
      EXPECT_EQ(lane->in_flight(), 0U);
      EXPECT_EQ(lane->counts().consumed, lane->counts().ended());
      Ran of_lane{.counts = lane->counts()};
      for (size_t table = 0; table < count_of(cell_.tables); ++table) {
        of_lane.in_tables.push_back(lane->counts(table));
        EXPECT_EQ(of_lane.in_tables.back().consumed, of_lane.in_tables.back().ended());
      }
      return of_lane;
    } catch (const Killed&) {
      listener.let_go();
      lane.reset();  // With what was in flight.
      (void)source->close();
      return {};
    }
  }

  static void compare_outcomes(const Counts& found, const Counts& expected) {
    // What a lane gave back, another has read.
    EXPECT_EQ(found.consumed - found.returned, expected.consumed);
    EXPECT_EQ(found.written, expected.written);
    EXPECT_EQ(found.deleted, expected.deleted);
    EXPECT_EQ(found.filtered, expected.filtered);
    EXPECT_EQ(found.unmatched, expected.unmatched);
    EXPECT_EQ(found.rejected, expected.rejected);
  }

  void compare_counts(const Counts& found, const Counts& expected) const {
    compare_outcomes(found, expected);
    const bool keeps = !cell_.replays() && cell_.letters != To::drop;
    EXPECT_EQ(found.dead_lettered, keeps ? expected.unmatched + expected.rejected : 0);
  }

  template <class Things>
  void compare(const char* what, const Things& found, const Things& expected, bool once) const {
    if (once) {
      EXPECT_EQ(found.size(), expected.size()) << what;
    }
    using Set = std::set<std::pair<Place, std::string>>;
    const Set left(found.begin(), found.end());
    const Set right(expected.begin(), expected.end());
    if (left == right) return;
    std::vector<std::pair<Place, std::string>> differ;
    std::set_symmetric_difference(left.begin(), left.end(), right.begin(), right.end(),
                                  std::back_inserter(differ));
    ADD_FAILURE() << fmt::format("{}: {} differ, such as '{}' at {}:{}; {} found, {} expected",
                                 what, differ.size(), differ[0].second, differ[0].first.first,
                                 differ[0].first.second, left.size(), right.size());
  }

  [[nodiscard]] Rows rows(size_t table) const {
    const std::string connector = connector_of(table);
    if (connector == "cassandra") return cassandra_.rows(kTableNames[table]);
    if (connector == "sqlite") return rows_in_sqlite(folder_ / "history.db", kTableNames[table]);
    return rows_on_console(folder_ / "console.txt", kTableNames[table]);
  }

  [[nodiscard]] Letters letters() const {
    StopToken stop;
    auto reader = open_letters(pipeline_.source, stop, clock_).value();
    Letters letters;
    while (!reader->at_end()) {
      const std::vector<Letter> some = reader->next(1'000, Millis(100)).value();
      for (const Letter& letter : some)
        letters.emplace(Place{letter.partition, letter.offset},
                        letter.reason + ": " + letter.value.value_or(""));
    }
    return letters;
  }

  World& world_;
  const Cell& cell_;
  Folder folder_;
  const int records_;
  CassandraTables cassandra_;
  SystemClock clock_;
  const int console_;
  Output out_;
  Pipeline pipeline_;
  SourceTopic topic_;
  Letters kept_;  // Those that a replay reads.
};

// Every cell, several at a time: most of their time is waiting for the broker.
template <class Visit>
void for_each_cell(const std::vector<Cell>& cells, Visit visit) {
  constexpr unsigned kAtOnce = 12;
  std::atomic<size_t> next{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kAtOnce; ++i)
    threads.emplace_back([&] {
      for (size_t at = next++; at < cells.size(); at = next++) {
        const testing::ScopedTrace trace(__FILE__, __LINE__, cells[at].name());
        visit(cells[at]);
      }
    });
  for (std::thread& thread : threads) thread.join();
}

TEST(MatrixTableTest, HasEveryConnectorOfTheProgram) {
  std::set<std::string_view> sources;
  std::set<To> replayed;
  for (const SourceKind& kind : kSources) {
    sources.insert(kind.connector);
    if (kind.letters) replayed.insert(*kind.letters);
  }
  std::set<std::string_view> sinks;
  for (const SinkKind& kind : kSinks) sinks.insert(kind.connector);
  for (const SourceConnector* connector : source_connectors())
    EXPECT_TRUE(sources.contains(connector->name)) << connector->name;
  for (const SinkConnector* connector : sink_connectors())
    EXPECT_TRUE(sinks.contains(connector->name)) << connector->name;
  EXPECT_EQ(replayed, (std::set<To>{To::file, To::kafka}));
}

// A test for each of these parts: cells wait for clocks most of their time, so that several parts
// run at once, and the first has ended within seconds.
std::string part_of(const Cell& cell) {
  return fmt::format("{}_to_{}_{}_lanes_{}{}", cell.source->name, cell.sink->connector,
                     end_name(cell.end), cell.lanes,
                     cell.tables == Tables::one ? "" : "_several_tables");
}

std::set<std::string> parts() {
  std::set<std::string> parts;
  for (const Cell& cell : all_cells()) parts.insert(part_of(cell));
  return parts;
}

class MatrixTest : public testing::TestWithParam<std::string> {
 protected:
  MatrixTest() { ::signal(SIGPIPE, SIG_IGN); }  // As the program has it.

  // Those that can be, or those that cannot.
  static std::vector<Cell> cells(bool can_be) {
    std::vector<Cell> cells = all_cells();
    std::erase_if(cells, [](const Cell& cell) { return part_of(cell) != GetParam(); });
    std::erase_if(cells,
                  [=](const Cell& cell) { return sentence_of(cell).has_value() == can_be; });
    // "8:3": every eighth of them, drawn by 3. Sanitizers make a cell many times as slow.
    if (const char* share = std::getenv("TURNTABLE_MATRIX_SHARE")) {
      const uint64_t of = std::strtoull(share, nullptr, 10);
      const char* colon = std::strchr(share, ':');
      const uint64_t seed = colon == nullptr ? 0 : std::strtoull(colon + 1, nullptr, 10);
      std::mt19937_64 draw(seed + std::hash<std::string>()(GetParam()));
      if (of > 1) std::erase_if(cells, [&](const Cell&) { return draw() % of != 0; });
    }
    if (const char* wanted = std::getenv("TURNTABLE_MATRIX"))
      std::erase_if(
          cells, [=](const Cell& cell) { return cell.name().find(wanted) == std::string::npos; });
    return cells;
  }

  World world_;
};

TEST_P(MatrixTest, EveryCellThatCanBeHasEveryRowAndEveryLetter) {
  const SystemClock clock;
  for_each_cell(cells(true), [&](const Cell& cell) {
    const SteadyTime begun = clock.now();
    Play(world_, cell).run_and_compare();
    if (std::getenv("TURNTABLE_MATRIX") != nullptr)
      fmt::print("{} {} ms\n", cell.name(),
                 std::chrono::duration_cast<Millis>(clock.now() - begun).count());
  });
}

TEST_P(MatrixTest, EveryCellThatCannotBeSaysWhy) {
  for_each_cell(cells(false), [this](const Cell& cell) {
    const Error error = Play(world_, cell).refusal();
    EXPECT_EQ(error.kind, ErrorKind::usage);
    EXPECT_NE(error.message.find(*sentence_of(cell)), std::string::npos) << error.message;
  });
}

INSTANTIATE_TEST_SUITE_P(All, MatrixTest, testing::ValuesIn(parts()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace turntable::matrix
