#include "app/letters.h"

#include <fmt/format.h>
#include <unistd.h>

#include "app/retry_transient.h"
#include "delivery/kafka_dead_letters.h"
#include "kafka/config.h"
#include "kafka/topic_identity.h"

namespace turntable {
namespace {

// What is asked of the letters' topic, and of the source's.
KafkaDeadLettersOptions topic_of_letters(const SourceSpec& source) {
  return {.topic = source.dead_letters.target,
          .properties = source.properties,
          .source_topic = source.topic};
}

}  // namespace

Result<std::string> prepare_dead_letters(const Pipeline& pipeline, const StopToken& stop,
                                         const Clock& clock) {
  std::string id;
  if (pipeline.source.dead_letters.to != DeadLettersSpec::To::kafka) return id;
  RETURN_IF_ERROR(retry_transient(stop, [&]() -> Status {
    KafkaDeadLettersOptions options = topic_of_letters(pipeline.source);
    options.pipeline = pipeline.name();
    ASSIGN_OR_RETURN(id, prepare_dead_letters_topic(options, clock));
    return {};
  }));
  return id;
}

Result<std::unique_ptr<DeadLetters>> make_dead_letters(const Pipeline& pipeline,
                                                       const std::string& topic_id,
                                                       const Clock& clock,
                                                       const std::string& source_topic_id) {
  const SourceSpec& source = pipeline.source;
  KafkaDeadLettersOptions options = topic_of_letters(source);
  switch (source.dead_letters.to) {
    case DeadLettersSpec::To::drop:
      return dropped_dead_letters();
    case DeadLettersSpec::To::file:
      return dead_letters_in_file(source.dead_letters.target, ::fdatasync, source_topic_id,
                                  pipeline.insert_names());
    case DeadLettersSpec::To::kafka:
      options.pipeline = pipeline.name();
      options.topic_id = topic_id;
      options.source_topic_id = source_topic_id;
      options.inserts = pipeline.insert_names();
      return dead_letters_in_kafka(std::move(options), clock);
  }
  return dropped_dead_letters();
}

Result<std::string> ask_source_topic_id(const SourceSpec& source, const StopToken& stop,
                                        const Clock& clock) {
  kafka::TopicIdentity identity;
  RETURN_IF_ERROR(retry_transient(stop, [&]() -> Status {
    ASSIGN_OR_RETURN(identity, source_topic_identity(topic_of_letters(source), clock));
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
    ASSIGN_OR_RETURN(reader, letters_of_topic(topic_of_letters(source), clock));
    return {};
  }));
  return reader;
}

std::string dead_letters_name(const DeadLettersSpec& spec) {
  if (spec.to == DeadLettersSpec::To::drop) return "nowhere";
  return (spec.to == DeadLettersSpec::To::kafka ? "topic " : "") + spec.target;
}

}  // namespace turntable
