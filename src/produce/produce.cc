#include "produce/produce.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <numeric>
#include <random>

#include "base/clock.h"
#include "base/iso_time.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "kafka/producer.h"
#include "produce/listeners.h"

namespace turntable {
namespace {

// Up to so many plays, or so many a second, people can read them as they come.
constexpr uint64_t kReadableCount = 1'000;
constexpr double kReadableRate = 50;
constexpr Millis kTerminalInterval{200};
constexpr Millis kLogInterval{5'000};
constexpr Millis kWaitLimit{100};

Result<std::vector<std::string>> read_songs(const std::string& path) {
  ASSIGN_OR_RETURN(const LoadedCatalogue loaded, load_csv_catalogue({.path = path, .key = "name"}));
  const Column& names = loaded.catalogue->columns()[loaded.catalogue->key_column()];
  if (names.type() != Type::text)
    return fail(ErrorKind::usage, fmt::format("the column 'name' of {} is {}, expected song names", path, sql_name(names.type())));
  std::vector<std::string> songs;
  for (size_t row = 0; row < names.rows(); ++row)
    if (!names.is_null(row)) songs.emplace_back(names.get<std::string_view>(row));
  if (songs.empty()) return fail(ErrorKind::usage, fmt::format("the catalogue {} has no songs", path));
  return songs;
}

// The clock of the plays, as text: the machine's, or the events' own, a second a play.
class PlayClock {
 public:
  static Result<PlayClock> make(const ProduceOptions& options) {
    PlayClock clock(options.time_format);
    if (!options.start_time.empty()) {
      const auto micros = parse_iso_time(options.start_time);
      if (!micros)
        return fail(ErrorKind::usage, fmt::format("--start-time cannot be '{}', expected a form such as '2024-03-03 09:50'",
                                                  printable(options.start_time)));
      clock.own_ = *micros / 1'000'000;
    }
    if (clock.text_at(clock.own_.value_or(::time(nullptr)), clock.own_.has_value()).empty())
      return fail(ErrorKind::usage, fmt::format("--time-format '{}' gives an empty text", printable(options.time_format)));
    clock.last_ = -1;
    return clock;
  }

  // The text of play number `index`.
  [[nodiscard]] std::string_view text(uint64_t index) {
    if (own_) return text_at(*own_ + static_cast<std::time_t>(index), true);
    return text_at(::time(nullptr), false);
  }

 private:
  explicit PlayClock(std::string format) : format_(std::move(format)) {}

  std::string_view text_at(std::time_t second, bool utc) {
    if (second == last_) return {buffer_.data(), length_};
    std::tm parts{};
    if (utc) {
      ::gmtime_r(&second, &parts);
    } else {
      ::localtime_r(&second, &parts);
    }
    length_ = std::strftime(buffer_.data(), buffer_.size(), format_.c_str(), &parts);
    last_ = second;
    return {buffer_.data(), length_};
  }

  std::string format_;
  std::optional<std::time_t> own_;
  std::time_t last_ = -1;
  std::array<char, 256> buffer_{};
  size_t length_ = 0;
};

// What people see while plays go out.
class Progress {
 public:
  Progress(const ProduceOptions& options, std::FILE* out)
      : out_(out),
        count_(options.count),
        each_(options.count <= kReadableCount || (options.rate > 0 && options.rate <= kReadableRate)),
        terminal_(::isatty(::fileno(out)) == 1),
        start_(std::chrono::steady_clock::now()),
        shown_(start_) {
    fmt::print(out_, "Data stream open. Records sent:\n");
    std::fflush(out_);
  }

  void sent(std::string_view json) {
    if (!each_) return;
    fmt::print(out_, "{}\n", printable(json, 4096));
    std::fflush(out_);
  }

  void acknowledged(uint64_t acknowledged) {
    if (each_) return;
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now - shown_ < (terminal_ ? kTerminalInterval : kLogInterval)) return;
    shown_ = now;
    if (terminal_) {
      constexpr uint64_t kBarWidth = 40;
      const uint64_t filled = count_ == 0 ? 0 : std::min(kBarWidth, acknowledged * kBarWidth / count_);
      fmt::print(out_, "\r[{:=<{}}{: <{}}] ", "", filled, "", kBarWidth - filled);
    }
    fmt::print(out_, "{} of {} acknowledged, {}/s{}", grouped(acknowledged), grouped(count_), rate(acknowledged),
               terminal_ ? "\x1b[K" : "\n");
    std::fflush(out_);
    drawn_ = terminal_;
  }

  void end(uint64_t sent, uint64_t acknowledged, const std::string& topic) {
    if (drawn_) fmt::print(out_, "\r\x1b[K");
    fmt::print(out_, "{} of {} records acknowledged by topic {} in {:.1f} s ({}/s).\n", acknowledged, sent, topic,
               seconds(), rate(acknowledged));
    std::fflush(out_);
  }

 private:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  [[nodiscard]] std::string rate(uint64_t acknowledged) const {
    return grouped(static_cast<uint64_t>(static_cast<double>(acknowledged) / std::max(seconds(), 1e-3)));
  }

  std::FILE* out_;
  uint64_t count_;
  bool each_;
  bool terminal_;
  bool drawn_ = false;
  SteadyTime start_;
  SteadyTime shown_;
};

// When play number `index` is to be sent. Counted from the start, so that delays do not add up.
SteadyTime due(SteadyTime start, double rate, uint64_t index) {
  if (rate <= 0) return start;
  return start + std::chrono::duration_cast<SteadyTime::duration>(
                     std::chrono::duration<double>(static_cast<double>(index) / rate));
}

Status send_all(const ProduceOptions& options, const StopToken& stop, Listeners& listeners, PlayClock& clock,
                kafka::Producer& producer, Progress& progress) {
  const SteadyTime start = std::chrono::steady_clock::now();
  for (uint64_t index = 0; index < options.count && !stop.requested(); ++index) {
    const SteadyTime when = due(start, options.rate, index);
    while (options.rate > 0 && !stop.requested()) {
      const auto left = std::chrono::ceil<Millis>(when - std::chrono::steady_clock::now());
      if (left <= Millis(0)) break;
      producer.poll(std::min(left, kWaitLimit));
      progress.acknowledged(producer.acknowledged());
    }
    if (stop.requested()) return {};
    const Listeners::Play play = listeners.play(clock.text(index));
    kafka::Producer::Message message{.value = play.json};
    if (options.key == "name") message.key = play.name;
    if (options.key == "song") message.key = play.song;
    while (!stop.requested()) {
      ASSIGN_OR_RETURN(const bool taken, producer.send(message));
      if (taken) break;
      producer.poll(kWaitLimit);  // The queue is full: the broker sets the pace.
      progress.acknowledged(producer.acknowledged());
    }
    progress.sent(play.json);
    // Reports are fetched a thousand plays at a time where plays are many.
    if (options.rate > 0 || index % 1024 == 0) {
      producer.poll(Millis(0));
      progress.acknowledged(producer.acknowledged());
    }
    if (producer.failed() > 0) return {};
  }
  return {};
}

}  // namespace

Status produce(const ProduceOptions& options, const StopToken& stop, std::FILE* out) {
  ASSIGN_OR_RETURN(const std::vector<std::string> songs, read_songs(options.catalogue));
  ASSIGN_OR_RETURN(PlayClock play_clock, PlayClock::make(options));
  std::mt19937_64 random(options.seed.value_or((uint64_t{std::random_device{}()} << 32) | std::random_device{}()));
  const std::vector<std::string> names = make_names(options.people, options.name, random);
  Listeners listeners(names, songs, random);

  const SystemClock clock;
  ASSIGN_OR_RETURN(const auto producer,
                   kafka::Producer::open({.topic = options.topic,
                                          .properties = {{"bootstrap.servers", options.bootstrap},
                                                         {"compression.type", options.compression},
                                                         {"linger.ms", options.rate > 0 ? "0" : "20"}}},
                                         clock));
  Progress progress(options, out);
  const Status sent = send_all(options, stop, listeners, play_clock, *producer, progress);

  // Everything that was sent is waited for, also after a stop: a second signal leaves at once.
  while (sent && producer->in_flight() > 0 && producer->failed() == 0) {
    if (producer->flush(kWaitLimit)) break;
    progress.acknowledged(producer->acknowledged());
  }
  progress.end(producer->sent(), producer->acknowledged(), options.topic);
  RETURN_IF_ERROR(sent);
  if (producer->acknowledged() == producer->sent()) return {};
  const auto& cause = producer->failure();
  return fail(ErrorKind::failed, fmt::format("{} of {} records were not acknowledged: {}",
                                             producer->sent() - producer->acknowledged(), producer->sent(),
                                             cause ? cause->message : "the broker gave no reason"));
}

}  // namespace turntable
