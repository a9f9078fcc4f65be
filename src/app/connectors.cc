#include "app/connectors.h"

#include <fmt/format.h>

#include <thread>

#include "app/cassandra.h"
#include "base/backoff.h"
#include "base/log.h"
#include "decode/json_decoder.h"
#include "sink/cassandra_schema.h"
#include "sink/cassandra_sink.h"
#include "sink/console_sink.h"
#include "sink/null_sink.h"
#include "sink/sqlite_sink.h"
#include "source/kafka_source.h"
#include "source/ndjson_source.h"

namespace turntable {
namespace {

// How long a wait may keep a stop from being noticed.
constexpr Millis kStopGranularity{50};
// The same cause is said again after so long.
constexpr Millis kRepeatAfter{30'000};

void wait_or_stop(Millis wait, const StopToken& stop) {
  const SteadyTime until = std::chrono::steady_clock::now() + wait;
  while (!stop.requested() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::min(wait, kStopGranularity));
}

KafkaDeadLettersOptions kafka_dead_letters(const SourceSpec& source, const std::string& pipeline) {
  return {source.dead_letters.target, source.properties, pipeline, source.topic};
}

}  // namespace

Status retry_transient(const StopToken& stop, const std::function<Status()>& attempt) {
  Backoff backoff({.first = Millis(250), .limit = Millis(5'000)});
  std::string said;
  SteadyTime said_at{};
  while (true) {
    if (stop.requested()) return fail(ErrorKind::interrupted, "stopped");
    Status status = attempt();
    if (status || status.error().kind != ErrorKind::transient) {
      if (status && !said.empty()) log::info("connected");
      return status;
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (status.error().message != said || now - said_at >= kRepeatAfter) {
      said = status.error().message;
      said_at = now;
      log::warn("{}; trying again until it can be reached", said);
    }
    wait_or_stop(backoff.next(), stop);
  }
}

Result<std::unique_ptr<Decoder>> make_decoder(const SourceSpec& source) {
  return make_json_decoder(source.declared);
}

Status prepare_dead_letters(const SourceSpec& source, const std::string& pipeline,
                            const StopToken& stop, const Clock& clock) {
  if (source.dead_letters.to != DeadLettersSpec::To::kafka) return {};
  return retry_transient(stop, [&] {
    return prepare_dead_letters_topic(kafka_dead_letters(source, pipeline), clock);
  });
}

Result<std::unique_ptr<DeadLetters>> make_dead_letters(const SourceSpec& source,
                                                       const std::string& pipeline,
                                                       const Clock& clock) {
  switch (source.dead_letters.to) {
    case DeadLettersSpec::To::drop:
      break;
    case DeadLettersSpec::To::file:
      return dead_letters_in_file(source.dead_letters.target);
    case DeadLettersSpec::To::kafka:
      return dead_letters_in_kafka(kafka_dead_letters(source, pipeline), clock);
  }
  return dropped_dead_letters();
}

Result<std::unique_ptr<LetterReader>> open_letters(const SourceSpec& source, const StopToken& stop,
                                                   const Clock& clock) {
  if (source.dead_letters.to == DeadLettersSpec::To::drop)
    return fail(ErrorKind::usage, "the pipeline drops its dead letters: there are none to be read");
  if (source.dead_letters.to == DeadLettersSpec::To::file)
    return letters_of_file(source.dead_letters.target);
  std::unique_ptr<LetterReader> reader;
  RETURN_IF_ERROR(retry_transient(stop, [&]() -> Status {
    ASSIGN_OR_RETURN(reader, letters_of_topic(kafka_dead_letters(source, ""), clock));
    return {};
  }));
  return reader;
}

std::string dead_letters_name(const DeadLettersSpec& spec) {
  if (spec.to == DeadLettersSpec::To::drop) return "nowhere";
  return (spec.to == DeadLettersSpec::To::kafka ? "topic " : "") + spec.target;
}

Result<std::unique_ptr<Source>> open_source(const SourceSpec& source, size_t lane, bool until_end,
                                            AssignmentListener& listener, const StopToken& stop,
                                            const Clock& clock) {
  if (source.connector == "ndjson") return NdjsonSource::open(source.path, listener, stop, clock);
  return KafkaSource::open({.topic = source.topic,
                            .properties = source.properties,
                            .group = source.group,
                            .start = source.start,
                            .lane = lane,
                            .until_end = until_end,
                            .want_headers = source.want_headers},
                           listener, stop, clock);
}

Status check_files(const SourceSpec& source) {
  if (source.connector == "ndjson") RETURN_IF_ERROR(NdjsonSource::check(source.path));
  if (source.dead_letters.to != DeadLettersSpec::To::file) return {};
  return check_dead_letters_file(source.dead_letters.target);
}

// SqliteSink makes its table where it is missing and compares it itself.
Result<std::unique_ptr<Sink>> open_sink(const SinkSpec& sink, const StopToken& stop,
                                        const PositionsOf& positions, bool check_table) {
  if (sink.connector == "null") return std::make_unique<NullSink>();
  if (sink.connector == "console") return std::make_unique<ConsoleSink>(sink.table.columns);
  if (sink.connector == "sqlite") {
    std::unique_ptr<SqliteSink> opened;
    RETURN_IF_ERROR(retry_transient(stop, [&]() -> Status {
      ASSIGN_OR_RETURN(opened, SqliteSink::open({.path = sink.path,
                                                 .table = sink.table,
                                                 .group = positions.group,
                                                 .topic = positions.topic}));
      return {};
    }));
    return opened;
  }
  CassandraSinkOptions options{.connection = sink.connection, .table = sink.table};
  // On the session that is written with: each one that is made may have to wait for a node that
  // hangs.
  if (check_table) {
    options.check = [&sink](cassandra::Session& session) -> Status {
      ASSIGN_OR_RETURN(const Difference difference, check_cassandra_table(session, sink.table));
      return difference_error(difference, sink.table.full_name());
    };
  }
  std::unique_ptr<CassandraSink> opened;
  RETURN_IF_ERROR(retry_transient(stop, [&]() -> Status {
    ASSIGN_OR_RETURN(opened, CassandraSink::open(options));
    return {};
  }));
  return opened;
}

}  // namespace turntable
