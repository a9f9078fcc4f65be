#include "app/connectors.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <thread>

#include "app/cassandra.h"
#include "app/connector_names.h"
#include "base/backoff.h"
#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
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

KafkaDeadLettersOptions kafka_dead_letters(const SourceSpec& source, const std::string& pipeline,
                                           const std::string& topic_id = "",
                                           const std::string& source_topic_id = "") {
  return {.topic = source.dead_letters.target,
          .properties = source.properties,
          .pipeline = pipeline,
          .source_topic = source.topic,
          .topic_id = topic_id,
          .source_topic_id = source_topic_id};
}

KafkaSourceOptions kafka_source(const SourceSpec& source, size_t lane, bool until_end) {
  return {.topic = source.topic,
          .properties = source.properties,
          .start = source.start,
          .lane = lane,
          .until_end = until_end,
          .want_headers = source.want_headers};
}

Result<std::unique_ptr<Source>> open_kafka(const SourceSpec& source, const SourceTopic& topic,
                                           size_t lane, bool until_end,
                                           AssignmentListener& listener, const StopToken& stop,
                                           const Clock& clock) {
  KafkaSourceOptions options = kafka_source(source, lane, until_end);
  options.topic_found = topic;
  return KafkaSource::open(std::move(options), listener, stop, clock);
}

Result<std::unique_ptr<Source>> open_ndjson(const SourceSpec& source, const SourceTopic&, size_t,
                                            bool, AssignmentListener& listener,
                                            const StopToken& stop, const Clock& clock) {
  return NdjsonSource::open(source.path, listener, stop, clock);
}

// What opens the connector of that name.
template <class Open>
struct Opener {
  std::string_view name;
  Open open;
};

constexpr Opener<decltype(&open_kafka)> kSourceOpeners[] = {
    {"kafka", open_kafka},
    {"ndjson", open_ndjson},
};

Result<std::unique_ptr<Sink>> open_cassandra(const SinkSpec& sink, const StopToken& stop, Output&,
                                             const PositionsOf&, bool check_table) {
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

// The sink makes its table where it is missing and compares it itself.
Result<std::unique_ptr<Sink>> open_sqlite(const SinkSpec& sink, const StopToken& stop, Output&,
                                          const PositionsOf& positions, bool) {
  std::unique_ptr<SqliteSink> opened;
  const auto attempt = [&]() -> Status {
    ASSIGN_OR_RETURN(opened, SqliteSink::open({.path = sink.path,
                                               .table = sink.table,
                                               .group = positions.group,
                                               .topic = positions.topic}));
    return {};
  };
  RETURN_IF_ERROR(retry_transient(stop, attempt, retry_of_file(sink.path)));
  return opened;
}

Result<std::unique_ptr<Sink>> open_console(const SinkSpec& sink, const StopToken&, Output& console,
                                           const PositionsOf&, bool) {
  return std::make_unique<ConsoleSink>(sink.table.written(), console);
}

Result<std::unique_ptr<Sink>> open_null(const SinkSpec&, const StopToken&, Output&,
                                        const PositionsOf&, bool) {
  return std::make_unique<NullSink>();
}

constexpr Opener<decltype(&open_null)> kSinkOpeners[] = {
    {"cassandra", open_cassandra},
    {"sqlite", open_sqlite},
    {"console", open_console},
    {"null", open_null},
};

template <class Openers, class Names>
constexpr bool have_one_for_each(const Openers& openers, const Names& names) {
  return std::equal(std::begin(openers), std::end(openers), std::begin(names), std::end(names),
                    [](const auto& opener, const auto& name) { return opener.name == name.name; });
}
static_assert(have_one_for_each(kSourceOpeners, kSourceConnectors));
static_assert(have_one_for_each(kSinkOpeners, kSinkConnectors));

// The options' reader has taken no other names than the tables'.
template <class Connector, size_t kCount>
const Connector& find(const Connector (&connectors)[kCount], std::string_view name) {
  const auto found = std::find_if(std::begin(connectors), std::end(connectors),
                                  [&name](const Connector& each) { return each.name == name; });
  CHECK(found != std::end(connectors));
  return *found;
}

}  // namespace

std::string why_one_lane(const SourceSpec& source, const SinkSpec& sink) {
  const std::string_view why = find(kSourceConnectors, source.connector).one_lane;
  return std::string(why.empty() ? find(kSinkConnectors, sink.connector).one_lane : why);
}

RetryOptions retry_of_file(const std::string& path) {
  return {.until = "it can be opened", .success = path + " is open"};
}

Status retry_transient(const StopToken& stop, const std::function<Status()>& attempt,
                       const RetryOptions& options) {
  Backoff backoff({.first = Millis(250), .limit = Millis(5'000)});
  const SteadyTime began = std::chrono::steady_clock::now();
  std::string said;
  SteadyTime said_at{};
  while (true) {
    if (stop.requested()) return fail(ErrorKind::interrupted, "stopped");
    Status status = attempt();
    if (status || status.error().kind != ErrorKind::transient) {
      if (status && !said.empty()) log::info("{}", options.success);
      return status;
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    const bool news = status.error().message != said || now - said_at >= kRepeatAfter;
    if (news && now - began >= options.quiet_for) {
      said = status.error().message;
      said_at = now;
      log::warn("{}; trying again until {}", said, options.until);
    }
    wait_or_stop(backoff.next(), stop);
  }
}

Result<std::unique_ptr<Decoder>> make_decoder(const SourceSpec& source) {
  return make_json_decoder(source.declared, source.whole_times);
}

Result<SourceTopic> find_source_topic(const SourceSpec& source, bool until_end,
                                      const StopToken& stop, const Clock& clock) {
  if (source.connector != "kafka") return SourceTopic{};
  const KafkaSourceOptions options = kafka_source(source, 1, until_end);
  ASSIGN_OR_RETURN(SourceTopic topic, await_source_topic(options, stop, clock));
  const std::string sentence = group_sentence(options, topic);
  if (reads_other_topics(options, topic)) {
    log::warn(
        "{}. A group whose members read different topics shares its commits and rebalances "
        "by mistake: give each pipeline a group.id of its own",
        sentence);
  } else {
    log::info("{}", sentence);
  }
  return topic;
}

void say_where_start_counts_not(const SourceSpec& source, const SourceTopic& topic,
                                const Sink& sink) {
  if (source.start_set.empty()) return;
  int kept = 0;
  for (PartitionId partition = 0; partition < topic.partitions; ++partition)
    if (sink.kept_position(partition)) ++kept;
  if (topic.committed == 0 && kept == 0) return;
  const std::string reads_on =
      kept > 0 ? fmt::format("{} keeps positions of {} of {} partitions", sink.name(), kept,
                             topic.partitions)
               : fmt::format("the group {} has commits in {} of {} partitions",
                             printable(source.group()), topic.committed, topic.partitions);
  log::warn(
      "start = '{}' does not count where there is something to read on at: {} of topic {}. To read "
      "again use another group.id (--set {}.group.id=NAME), or reset the group's offsets "
      "(kafka-consumer-groups.sh --bootstrap-server {} --group {} --topic {} --reset-offsets "
      "--to-earliest --execute){}",
      printable(source.start_set), reads_on, source.topic, source.table,
      kafka::bootstrap_of(source.properties), printable(source.group()), source.topic,
      kept > 0 ? ", and delete the group's rows from the file's table turntable_positions" : "");
}

Result<std::string> prepare_dead_letters(const SourceSpec& source, const std::string& pipeline,
                                         const StopToken& stop, const Clock& clock) {
  std::string id;
  if (source.dead_letters.to != DeadLettersSpec::To::kafka) return id;
  RETURN_IF_ERROR(retry_transient(stop, [&]() -> Status {
    ASSIGN_OR_RETURN(id, prepare_dead_letters_topic(kafka_dead_letters(source, pipeline), clock));
    return {};
  }));
  return id;
}

Result<std::unique_ptr<DeadLetters>> make_dead_letters(const SourceSpec& source,
                                                       const std::string& pipeline,
                                                       const std::string& topic_id,
                                                       const Clock& clock,
                                                       const std::string& source_topic_id) {
  switch (source.dead_letters.to) {
    case DeadLettersSpec::To::drop:
      break;
    case DeadLettersSpec::To::file:
      return dead_letters_in_file(source.dead_letters.target, ::fdatasync, source_topic_id);
    case DeadLettersSpec::To::kafka:
      return dead_letters_in_kafka(kafka_dead_letters(source, pipeline, topic_id, source_topic_id),
                                   clock);
  }
  return dropped_dead_letters();
}

Result<std::string> ask_source_topic_id(const SourceSpec& source, const StopToken& stop,
                                        const Clock& clock) {
  kafka::TopicIdentity identity;
  RETURN_IF_ERROR(retry_transient(stop, [&]() -> Status {
    ASSIGN_OR_RETURN(identity, source_topic_identity(kafka_dead_letters(source, ""), clock));
    return {};
  }));
  if (identity.exists) return std::move(identity.id);
  return fail(
      ErrorKind::failed,
      fmt::format("Topic {} does not exist at {}, and the dead letters say which topic of this "
                  "name they came from: whether the rows in the table are of the same one cannot "
                  "be found out. Where they are, take \"topic_id\" out of the letters that "
                  "`turntable dead-letters show` prints, and replay them from a file (--set "
                  "{}.dead_letters=file:PATH)",
                  source.topic, kafka::bootstrap_of(source.properties), source.table));
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

Result<std::unique_ptr<Source>> open_source(const SourceSpec& source, const SourceTopic& topic,
                                            size_t lane, bool until_end,
                                            AssignmentListener& listener, const StopToken& stop,
                                            const Clock& clock) {
  return find(kSourceOpeners, source.connector)
      .open(source, topic, lane, until_end, listener, stop, clock);
}

Status check_files(const SourceSpec& source) {
  if (source.connector == "ndjson") RETURN_IF_ERROR(NdjsonSource::check(source.path));
  if (source.dead_letters.to != DeadLettersSpec::To::file) return {};
  return check_dead_letters_file(source.dead_letters.target);
}

PositionsOf positions_of(const SourceSpec& source) {
  if (source.connector != "kafka") return {};
  return {source.group(), source.topic};
}

Result<std::unique_ptr<Sink>> open_sink(const SinkSpec& sink, const StopToken& stop,
                                        Output& console, const PositionsOf& positions,
                                        bool check_table) {
  return find(kSinkOpeners, sink.connector).open(sink, stop, console, positions, check_table);
}

}  // namespace turntable
