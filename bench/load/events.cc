// Fills a topic with plays, or sends them at a rate.
//
// With --rate it is an open loop: play i is due at --start-at-us + i / rate, whatever became of
// those before it, and a play that is sent late still counts from when it was due. Every so many
// plays one is by the person who is watched; its id is the microsecond, after --start-at-us, at
// which it was due, and it goes to partition 0, to which no other play goes. How long after it was
// due the broker had acknowledged such a play is said too, but for the first --skip-s seconds.
//
// The last line on standard output is one JSON object with what was sent, and what a pipeline over
// it must come to.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <thread>

#include "load/kafka.h"
#include "load/plays.h"

namespace bench {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

struct Options {
  std::string bootstrap;
  std::string topic;
  uint64_t count = 1'000'000;
  std::string compression = "gzip";
  std::vector<std::string> properties;
  PlaysOptions plays;
  double rate = 0;
  int64_t start_at_us = 0;
  uint64_t watch_every = 0;
  int64_t skip_s = 0;
};

[[nodiscard]] int64_t now_us() {
  return std::chrono::duration_cast<microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Of the thread that serves delivery reports, until it has ended.
struct Acknowledged {
  uint64_t count = 0;
  uint64_t failed = 0;
  std::vector<int64_t> late_us;  // Of the watched plays: how long after they were due.

  [[nodiscard]] double late_ms(double quantile) {
    if (late_us.empty()) return 0;
    std::sort(late_us.begin(), late_us.end());
    const auto place = static_cast<size_t>(quantile * static_cast<double>(late_us.size() - 1));
    return static_cast<double>(late_us[place]) / 1000;
  }
};

// A message's opaque is the microsecond at which it was due, where that is to be noted.
void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto* acknowledged = static_cast<Acknowledged*>(opaque);
  ++(message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? acknowledged->count : acknowledged->failed);
  if (const auto due_us = reinterpret_cast<intptr_t>(message->_private); due_us != 0)
    acknowledged->late_us.push_back(now_us() - due_us);
}

class Sender {
 public:
  explicit Sender(const Options& options) : options_(options), plays_(options.plays) {
    std::vector<std::string> words{"bootstrap.servers=" + options.bootstrap,
                                   "compression.type=" + options.compression,
                                   "enable.idempotence=true",
                                   "acks=all",
                                   options.rate > 0 ? "linger.ms=0" : "linger.ms=20",
                                   "batch.num.messages=10000",
                                   "queue.buffering.max.messages=500000"};
    words.insert(words.end(), options.properties.begin(), options.properties.end());
    client_ = open_client(RD_KAFKA_PRODUCER, words, [this](rd_kafka_conf_t* conf) {
      rd_kafka_conf_set_opaque(conf, &acknowledged_);
      rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    });
    partitions_ = partitions_of(client_, options.topic);
    topic_ = rd_kafka_topic_new(client_, options.topic.c_str(), nullptr);
  }

  // Exit code.
  int run() {
    const auto begun = steady_clock::now();
    {
      // Reports are taken when they come, not when the next play is sent.
      const std::jthread reports([this](const std::stop_token& stop) {
        while (!stop.stop_requested()) rd_kafka_poll(client_, 100);
      });
      options_.rate > 0 ? send_at_rate() : fill();
    }
    rd_kafka_flush(client_, 60'000);
    const double seconds = seconds_between(begun, steady_clock::now());
    fmt::print(
        "{{\"sent\": {}, \"acknowledged\": {}, \"matched\": {}, \"checksum\": {}, \"bytes\": {}, "
        "\"seconds\": {:.6f}, \"watched\": {}, \"latest_ms\": {:.3f}, "
        "\"acknowledged_p50_ms\": {:.3f}, \"acknowledged_p99_ms\": {:.3f}}}\n",
        sent_, acknowledged_.count, plays_.matched(), plays_.checksum(), bytes_, seconds, watched_,
        static_cast<double>(latest_us_) / 1000, acknowledged_.late_ms(0.5),
        acknowledged_.late_ms(0.99));
    return acknowledged_.count == options_.count ? 0 : 1;
  }

 private:
  void fill() {
    // Partition by partition in stretches, as a producer that fills its batches does.
    constexpr uint64_t kStretch = 2'000;
    for (; sent_ < options_.count; ++sent_) {
      const auto partition =
          static_cast<int>(sent_ / kStretch % static_cast<uint64_t>(partitions_));
      send(partition, plays_.next());
    }
  }

  void send_at_rate() {
    for (; sent_ < options_.count; ++sent_) {
      const auto due_us = static_cast<int64_t>(static_cast<double>(sent_) * 1e6 / options_.rate);
      wait_until(options_.start_at_us + due_us);
      const bool watched = options_.watch_every > 0 && sent_ % options_.watch_every == 0;
      if (watched) {
        ++watched_;
        send(0, plays_.watched(static_cast<uint64_t>(due_us), "Watched"),
             due_us >= options_.skip_s * 1'000'000 ? options_.start_at_us + due_us : 0);
      } else {
        // Partition 0 is the watched one's alone, so that its offsets have no gaps.
        const int first = options_.watch_every > 0 && partitions_ > 1 ? 1 : 0;
        send(first + static_cast<int>(sent_ % static_cast<uint64_t>(partitions_ - first)),
             plays_.next());
      }
    }
  }

  void wait_until(int64_t due_us) {
    for (;;) {
      const int64_t now = now_us();
      latest_us_ = std::max(latest_us_, now - due_us);
      if (now >= due_us) return;
      std::this_thread::sleep_for(microseconds(std::min<int64_t>(due_us - now, 1'000)));
    }
  }

  // `due_us`: since 1970, where it is to be noted when the broker has the play; else 0.
  void send(int partition, std::string_view play, int64_t due_us = 0) {
    bytes_ += play.size();
    while (rd_kafka_produce(topic_, partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(play.data()),
                            play.size(), nullptr, 0,
                            reinterpret_cast<void*>(static_cast<intptr_t>(due_us))) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        give_up(rd_kafka_err2str(rd_kafka_last_error()));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  const Options options_;
  Plays plays_;
  Acknowledged acknowledged_;
  rd_kafka_t* client_ = nullptr;
  rd_kafka_topic_t* topic_ = nullptr;
  int partitions_ = 0;
  uint64_t sent_ = 0;
  uint64_t watched_ = 0;
  uint64_t bytes_ = 0;
  int64_t latest_us_ = 0;  // How late a play was handed over, at most.
};

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("Sends made-up plays to a topic.");
  bench::Options options;
  bench::PlaysOptions& plays = options.plays;
  app.add_option("--bootstrap", options.bootstrap, "brokers")->required();
  app.add_option("--topic", options.topic, "an existing topic")->required();
  app.add_option("--count", options.count, "plays");
  app.add_option("--compression", options.compression, "none, gzip, lz4 or zstd");
  app.add_option("-X", options.properties, "name=value for librdkafka");
  app.add_option("--songs", plays.songs, "rows of the catalogue");
  app.add_option("--hit-rate", plays.hit_rate, "the share of plays that match it");
  app.add_option("--zipf", plays.zipf, "the exponent of the songs' popularity; 0: all alike");
  app.add_option("--people", plays.people, "listeners");
  app.add_option("--seconds-per-play", plays.seconds_per_play, "on the plays' own clock");
  app.add_option("--event-bytes", plays.event_bytes, "the size of a play, at least");
  app.add_option("--seed", plays.seed, "of all chance");
  app.add_option("--rate", options.rate, "plays per second, in an open loop; 0: all at once");
  app.add_option("--start-at-us", options.start_at_us, "when the first is due, in us since 1970");
  app.add_option("--skip-s", options.skip_s, "seconds whose plays' acknowledgements do not count");
  app.add_option("--watch-every", options.watch_every, "how often a play is the watched one's");
  CLI11_PARSE(app, argc, argv);
  return bench::Sender(options).run();
}
