// A plain C++ loop from Kafka to a table, as an engineer writes it in a day: one thread takes batches of
// messages from librdkafka, parses them with simdjson, looks songs up in an unordered_map, makes rows and
// hands them to a sink; then offsets are stored, which librdkafka commits in the background.
//
// The last line on standard output is one JSON object.
#include <librdkafka/rdkafka.h>
#include <simdjson.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>
#include <vector>

#include "catalogue.h"
#include "sinks.h"

namespace {

using Clock = std::chrono::steady_clock;
using Options = std::map<std::string, std::string>;

constexpr size_t kBatch = 1000;     // Messages per call, and rows per call of the sink.
constexpr int kBatchWaitMs = 20;    // For a full batch; this is what the end of a backlog waits.
constexpr size_t kSqliteBatch = 10'000;  // A transaction is synced: few and large ones.

double since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

// How long this process has been there.
double process_age() {
  std::string stat, word;
  std::getline(std::ifstream("/proc/self/stat"), stat);
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  for (int i = 0; i < 20; ++i) fields >> word;  // starttime is the 20th field behind the name.
  double uptime = 0;
  std::ifstream("/proc/uptime") >> uptime;
  return uptime - std::stod(word) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const size_t equals = word.find('=');
    if (!word.starts_with("--") || equals == std::string::npos)
      throw std::runtime_error("arguments are --name=value, not " + word);
    options[word.substr(2, equals - 2)] = word.substr(equals + 1);
  }
  return options;
}

rd_kafka_t* open_consumer(const Options& options) {
  const std::map<std::string, std::string> settings{
      {"bootstrap.servers", options.at("bootstrap")},
      {"group.id", options.at("group")},
      {"auto.offset.reset", "earliest"},
      // At least once: only what the sink has is committed.
      {"enable.auto.offset.store", "false"},
      // README.md says why these are not librdkafka's defaults.
      {"queued.min.messages", "1000000"},
      {"queued.max.messages.kbytes", "8192"},
      {"fetch.message.max.bytes", "524288"},
      {"fetch.queue.backoff.ms", "5"},
  };
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : settings)
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK)
      throw std::runtime_error(error);
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (consumer == nullptr) throw std::runtime_error(error);
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, options.at("topic").c_str(), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t failed = rd_kafka_subscribe(consumer, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  if (failed) throw std::runtime_error(rd_kafka_err2str(failed));
  return consumer;
}

// Turns messages into rows, which are kept and reused: the strings in them keep their memory.
class RowMaker {
 public:
  explicit RowMaker(const Catalogue& catalogue) : catalogue_(catalogue) {}

  // Throws simdjson::simdjson_error on a message that is no play.
  void add(const rd_kafka_message_t& message) {
    padded_.resize(message.len + simdjson::SIMDJSON_PADDING);
    std::memcpy(padded_.data(), message.payload, message.len);
    auto play = parser_.iterate(padded_.data(), message.len, padded_.size());
    const int64_t id = play["id"];
    const std::string_view name = play["name"];
    const std::string_view title = play["song"];
    const std::string_view time = play["time"];

    const auto found = catalogue_.find(title);
    if (found == catalogue_.end()) return;
    const Song& song = found->second;

    if (used_ == rows_.size()) rows_.emplace_back();
    Row& row = rows_[used_++];
    row.id = static_cast<int>(id);
    row.name = name;
    row.song = title;
    row.time = time;
    row.hour = 0;
    if (time.size() >= 13) std::from_chars(time.data() + 11, time.data() + 13, row.hour);
    row.date = time.substr(0, 10);
    row.artists = song.artists;
    row.duration_ms = song.duration_ms;
    row.album_name = song.album_name;
    row.album_release_date = song.album_release_date;
    row.danceability = song.danceability;
    row.energy = song.energy;
    row.musical_key = song.key;
    row.loudness = song.loudness;
    row.mode = song.mode;
    row.speechiness = song.speechiness;
    row.acousticness = song.acousticness;
    row.instrumentalness = song.instrumentalness;
    row.liveness = song.liveness;
    row.valence = song.valence;
    row.tempo = song.tempo;
    row.kafka_partition = message.partition;
    row.kafka_offset = message.offset;
  }

  [[nodiscard]] std::span<const Row> rows() const { return {rows_.data(), used_}; }
  void clear() { used_ = 0; }

 private:
  const Catalogue& catalogue_;
  simdjson::ondemand::parser parser_;
  std::string padded_;
  std::vector<Row> rows_;
  size_t used_ = 0;
};

int run(const Options& options) {
  const double age = process_age();
  const Clock::time_point begun = Clock::now();
  const uint64_t events = std::stoull(options.at("events"));
  const Catalogue catalogue = load_catalogue(options.at("catalogue"));
  const bool sqlite = options.at("sink") == "sqlite";
  const std::unique_ptr<Sink> sink = sqlite ? make_sqlite_sink(options.at("sqlite")) : make_null_sink();
  const size_t rows_at_once = sqlite ? kSqliteBatch : kBatch;

  rd_kafka_t* consumer = open_consumer(options);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(consumer);
  std::vector<rd_kafka_message_t*> messages(kBatch);
  std::map<int32_t, int64_t> positions;  // Behind the last message of each partition.
  RowMaker maker(catalogue);
  uint64_t consumed = 0, matched = 0;
  double startup = 0;
  Clock::time_point first, half;

  const auto flush = [&] {
    sink->write(maker.rows());
    matched += maker.rows().size();
    maker.clear();
    rd_kafka_topic_partition_list_t* offsets = rd_kafka_topic_partition_list_new(4);
    for (const auto& [partition, position] : positions)
      rd_kafka_topic_partition_list_add(offsets, options.at("topic").c_str(), partition)->offset = position;
    rd_kafka_offsets_store(consumer, offsets);  // Fails for partitions that were taken away: their new owner repeats.
    rd_kafka_topic_partition_list_destroy(offsets);
  };

  while (consumed < events) {
    const ssize_t count = rd_kafka_consume_batch_queue(queue, kBatchWaitMs, messages.data(), messages.size());
    if (count < 0) throw std::runtime_error(rd_kafka_err2str(rd_kafka_last_error()));
    for (ssize_t i = 0; i < count; ++i) {
      rd_kafka_message_t* message = messages[static_cast<size_t>(i)];
      if (message->err) {
        std::fprintf(stderr, "%s\n", rd_kafka_message_errstr(message));
      } else if (consumed < events) {
        if (consumed == 0) {
          first = Clock::now();
          startup = age + since(begun);
        }
        if (consumed == events / 2) half = Clock::now();
        ++consumed;
        maker.add(*message);
        positions[message->partition] = message->offset + 1;
      }
      rd_kafka_message_destroy(message);
    }
    if (maker.rows().size() >= rows_at_once) flush();
  }
  flush();
  const double seconds = since(first), steady = since(half);

  rd_kafka_commit(consumer, nullptr, 0);
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  std::printf(
      "{\"consumed\": %lu, \"matched\": %lu, \"seconds\": %.6f, \"startup_seconds\": %.6f, \"steady_seconds\": %.6f, "
      "\"steady_events\": %lu, \"checksum\": %ld}\n",
      consumed, matched, seconds, startup, steady, consumed - events / 2, sink->checksum());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse_options(argc, argv));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "cpp: %s\n", failure.what());
    return 1;
  }
}
