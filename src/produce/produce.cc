#include "produce/produce.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/clock.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "kafka/producer.h"
#include "produce/listeners.h"

namespace turntable {

namespace {

constexpr double kReadableRate = 50;  // Records per second that a person can watch go by.
constexpr uint64_t kReadableCount = 1000;
constexpr Millis kSlice{50};  // A stop is noticed so soon.
constexpr Millis kStoppedWait{
    5'000};  // After a stop: for what was sent to be acknowledged, while nothing is.
constexpr uint64_t kPollEvery = 512;  // Records between two looks at delivery reports.

constexpr Millis kBetweenLines{200};  // Of progress.

// What people see while it runs: each record, or, where they are too many, one line of progress on
// a terminal.
class ProduceProgress {
 public:
  ProduceProgress(const ProduceOptions& options, Output& out, const Clock& clock)
      : out_(out),
        clock_(clock),
        wanted_(options.count),
        each_((options.rate > 0 && options.rate <= kReadableRate) ||
              options.count <= kReadableCount),
        terminal_(out.is_terminal() && !log::is_json()),
        last_at_(clock.now()) {
    out_.show("Data stream open. Records sent:\n");
  }

  void sent(std::string_view json) {
    if (!each_) return;
    out_.show(fmt::format("{}\n", json));
  }

  // Called often; draws seldom, and on a terminal only.
  void acknowledged(uint64_t count) {
    const auto now = clock_.now();
    if (each_ || !terminal_ || now - last_at_ < kBetweenLines) return;
    const double seconds = std::chrono::duration<double>(now - last_at_).count();
    const double rate = static_cast<double>(count - last_count_) / seconds;
    // In the last column some terminals go on to the next line.
    const size_t columns = std::max<size_t>(out_.columns(), 1) - 1;
    out_.show(fmt::format("\r{}\033[K", line_of(count, rate, columns)));
    open_line_ = true;
    last_at_ = now;
    last_count_ = count;
  }

  void end(const ProduceReport& report, const std::string& topic) {
    const double rate =
        report.seconds > 0 ? static_cast<double>(report.acknowledged) / report.seconds : 0;
    out_.show(fmt::format("{}{} of {} records acknowledged by topic {} in {:.1f} s ({}/s).\n",
                          open_line_ ? "\r\033[K" : "", report.acknowledged, report.wanted, topic,
                          report.seconds, grouped(static_cast<uint64_t>(std::llround(rate)))));
  }

 private:
  // With as much of it as has room in so many columns; 0: any number.
  [[nodiscard]] std::string line_of(uint64_t count, double rate, size_t columns) const {
    constexpr size_t kWidth = 24;
    const size_t full = wanted_ == 0 ? kWidth : std::min<size_t>(kWidth, count * kWidth / wanted_);
    const std::string bar = fmt::format("[{:=<{}}{: <{}}] ", "", full, "", kWidth - full);
    const std::string counts =
        fmt::format("{} of {} records acknowledged", grouped(count), grouped(wanted_));
    const std::string pace = fmt::format(", {}/s", grouped(static_cast<uint64_t>(rate)));
    const std::string left =
        rate > 0
            ? fmt::format(", {} left", time_left_text(static_cast<double>(wanted_ - count) / rate))
            : "";
    for (const std::string& line :
         {bar + counts + pace + left, counts + pace + left, counts + left})
      if (columns == 0 || line.size() <= columns) return line;
    return cut_to(counts, columns);
  }

  Output& out_;
  const Clock& clock_;
  uint64_t wanted_;
  bool each_;
  bool terminal_;
  bool open_line_ = false;
  SteadyTime last_at_;
  uint64_t last_count_ = 0;
};

Result<Listeners> make_listeners(const ProduceOptions& options, const Clock& clock) {
  if (options.people == 0) return fail(ErrorKind::usage, "--people must be at least 1");
  if (options.key != "none" && options.key != "name" && options.key != "song") {
    return fail(ErrorKind::usage, fmt::format("--key {} is not known: it is none, name or song",
                                              printable(options.key)));
  }
  if (!(options.rate >= 0) || !std::isfinite(options.rate)) {
    return fail(ErrorKind::usage, "--rate must be 0 or more records per second");
  }
  ASSIGN_OR_RETURN(std::vector<std::string> songs,
                   load_songs(options.catalogue, options.song_column));
  SeededRandom random(options.seed ? *options.seed : std::random_device{}());
  std::vector<std::string> people = people_names(options.people, options.name, random);
  Listeners::Options chosen{std::move(people), std::move(songs), options.time_format, {}};
  if (Listeners::time_text(options.time_format, {}).empty()) {
    return fail(ErrorKind::usage,
                fmt::format("--time-format '{}' gives no text, or one of more than 255 bytes",
                            printable(options.time_format)));
  }
  if (!options.start_time.empty()) {
    ASSIGN_OR_RETURN(chosen.start_time, parse_civil_time(options.start_time));
  }
  return Listeners(std::move(chosen), random, clock);
}

// The time at which record number `index` is due. Counted from the start, so that delays do not add
// up.
SteadyTime due(SteadyTime start, uint64_t index, double rate) {
  if (rate <= 0) return start;
  const std::chrono::duration<double> after(static_cast<double>(index) / rate);
  return start + std::chrono::duration_cast<SteadyTime::duration>(after);
}

Result<std::unique_ptr<kafka::Producer>> open_producer(const ProduceOptions& options,
                                                       const Clock& clock) {
  kafka::Properties properties = options.properties;
  properties.emplace("bootstrap.servers", options.bootstrap);
  properties.emplace("compression.type", options.compression);
  properties.emplace("client.id", "turntable-produce");
  return kafka::Producer::open({options.topic, std::move(properties)}, clock);
}

// The loop: a play when it is due, delivery reports in between. Ends when all are sent, on a stop,
// or on what no retry mends.
Status send_all(const ProduceOptions& options, Listeners& listeners, kafka::Producer& producer,
                const StopToken& stop, ProduceProgress& progress, const Clock& clock) {
  const SteadyTime start = clock.now();
  for (uint64_t i = 0; i < options.count && !stop.requested(); ++i) {
    for (SteadyTime at = due(start, i, options.rate); options.rate > 0 && !stop.requested();) {
      const auto left = std::chrono::ceil<Millis>(at - clock.now());
      if (left <= Millis(0)) break;
      producer.poll(std::min(left, kSlice));
      if (producer.failure()) return tl::unexpected<Error>(*producer.failure());
      progress.acknowledged(producer.acknowledged());
    }
    if (stop.requested()) return {};

    const Listeners::Play play = listeners.next();
    kafka::Producer::Message message{.value = play.json};
    if (options.key == "name") message.key = play.person;
    if (options.key == "song") message.key = play.song;
    while (true) {
      ASSIGN_OR_RETURN(const bool taken, producer.send(message));
      if (taken) break;
      // The queue is full: the brokers set the pace.
      producer.poll(kSlice);
      if (producer.failure()) return tl::unexpected<Error>(*producer.failure());
      if (stop.requested()) return {};
      progress.acknowledged(producer.acknowledged());
    }
    progress.sent(play.json);
    if (i % kPollEvery == 0 || options.rate > 0) {
      producer.poll(Millis(0));
      if (producer.failure()) return tl::unexpected<Error>(*producer.failure());
      progress.acknowledged(producer.acknowledged());
    }
  }
  return {};
}

// Waits for what is under way, as long as it takes; after a stop only while acknowledgements keep
// coming.
void await_acknowledgements(kafka::Producer& producer, const StopToken& stop,
                            ProduceProgress& progress, const Clock& clock) {
  SteadyTime last_news = clock.now();
  for (uint64_t before = producer.in_flight(); producer.in_flight() > 0 && !producer.failure();) {
    if (producer.flush(kSlice * 4)) return;
    progress.acknowledged(producer.acknowledged());
    if (producer.in_flight() != before) last_news = clock.now();
    before = producer.in_flight();
    if (!stop.requested()) last_news = clock.now();
    if (clock.now() - last_news > kStoppedWait) return;
  }
}

}  // namespace

Result<std::vector<std::string>> load_songs(const std::string& path, const std::string& column) {
  CatalogueOptions wanted;
  wanted.path = path;
  wanted.key = column;
  wanted.declared = {{column, Type::text, false}};  // Titles such as 1999 are text too.
  auto loaded_or = load_csv_catalogue(wanted);
  // As of a lookup of a pipeline: the file that was named is at fault.
  if (!loaded_or) return fail(ErrorKind::usage, loaded_or.error().message);
  const LoadedCatalogue loaded = std::move(*loaded_or);
  const Catalogue& catalogue = *loaded.catalogue;
  const Column& names = catalogue.columns()[0];
  std::vector<std::string> songs;
  for (size_t row = 0; row < catalogue.rows(); ++row)
    songs.emplace_back(names.get<std::string_view>(row));
  if (songs.empty())
    return fail(ErrorKind::usage, fmt::format("{} has no songs in its column {}", path, column));
  return songs;
}

Result<ProduceReport> produce(const ProduceOptions& options, const StopToken& stop, Output& out) {
  const SystemClock clock;
  ASSIGN_OR_RETURN(Listeners listeners, make_listeners(options, clock));
  ASSIGN_OR_RETURN(const std::unique_ptr<kafka::Producer> producer, open_producer(options, clock));

  ProduceProgress progress(options, out, clock);
  const SteadyTime start = clock.now();
  const Status sent = send_all(options, listeners, *producer, stop, progress, clock);
  await_acknowledgements(*producer, stop, progress, clock);
  const double seconds = std::chrono::duration<double>(clock.now() - start).count();
  const ProduceReport report{options.count, producer->sent(), producer->acknowledged(), seconds};
  progress.end(report, options.topic);

  const std::string counts =
      fmt::format("{} of {} records that were sent to topic {} are acknowledged",
                  report.acknowledged, report.sent, options.topic);
  if (!sent || producer->failure()) {
    Error error = Error(sent ? *producer->failure() : sent.error()).with(counts);
    if (producer->wants_keys()) error.message += "; give them one: --key name, or --key song";
    return tl::unexpected<Error>(std::move(error));
  }
  if (report.acknowledged < report.sent) {
    return fail(ErrorKind::transient,
                fmt::format("Only {}; {} gave no answer in time", counts, options.bootstrap));
  }
  return report;
}

}  // namespace turntable
