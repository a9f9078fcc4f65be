// The only place that names concrete sources and sinks, by the names of connector_names.h.
#pragma once

#include <functional>
#include <memory>

#include "app/pipeline.h"
#include "base/clock.h"
#include "base/output.h"
#include "base/result.h"
#include "base/stop.h"
#include "decode/decoder.h"
#include "delivery/dead_letters.h"
#include "delivery/letter_reader.h"
#include "sink/sink.h"
#include "source/source.h"
#include "source/source_topic.h"

namespace turntable {

// Why this pipeline is read and written by one lane only; empty where it can have many.
[[nodiscard]] std::string why_one_lane(const SourceSpec& source, const SinkSpec& sink);

[[nodiscard]] Result<std::unique_ptr<Decoder>> make_decoder(const SourceSpec& source);

// Finds the topic of a source that has one, and says as which group it is read, and who else is in
// it. Waits for it, but for a run to the end. To be called before anything is made for the run: the
// topic's name may be a typing error.
[[nodiscard]] Result<SourceTopic> find_source_topic(const SourceSpec& source, bool until_end,
                                                    const StopToken& stop, const Clock& clock);
// Says that a `start` on the command line counts for nothing, and how to read again, where the
// group has commits or the sink keeps positions.
void say_where_start_counts_not(const SourceSpec& source, const SourceTopic& topic,
                                const Sink& sink);

// Makes the topic of dead letters where it is missing. Waits as open_sink() does. `pipeline`
// is told in the letters. Gives the topic's id, where there is one.
[[nodiscard]] Result<std::string> prepare_dead_letters(const SourceSpec& source,
                                                       const std::string& pipeline,
                                                       const StopToken& stop, const Clock& clock);
// `topic_id`: as prepare_dead_letters() gave it. `source_topic_id`: as find_source_topic() did; it
// stands in the letters.
[[nodiscard]] Result<std::unique_ptr<DeadLetters>> make_dead_letters(
    const SourceSpec& source, const std::string& pipeline, const std::string& topic_id,
    const Clock& clock, const std::string& source_topic_id = "");
// Which topic the source's name has now: its id, empty where brokers have none. For a replay of
// letters. Waits as open_sink() does; an error of kind failed where there is no such topic.
[[nodiscard]] Result<std::string> ask_source_topic_id(const SourceSpec& source,
                                                      const StopToken& stop, const Clock& clock);
// The dead letters that there are now. Waits as open_sink() does.
[[nodiscard]] Result<std::unique_ptr<LetterReader>> open_letters(const SourceSpec& source,
                                                                 const StopToken& stop,
                                                                 const Clock& clock);
// "topic t", a path, "nowhere": for messages.
[[nodiscard]] std::string dead_letters_name(const DeadLettersSpec& spec);

// Joins the group or opens the file. `topic`: as find_source_topic() gave it. `lane`: which one of
// the process, from 1. `listener`, `stop` and `clock` outlive the source.
[[nodiscard]] Result<std::unique_ptr<Source>> open_source(
    const SourceSpec& source, const SourceTopic& topic, size_t lane, bool until_end,
    AssignmentListener& listener, const StopToken& stop, const Clock& clock);

// Whether a source that is a file can be read, and dead letters that are one be written.
[[nodiscard]] Status check_files(const SourceSpec& source);

// A consumer group, and the topic in which it has positions. Empty: the sink keeps none.
struct PositionsOf {
  std::string group = {};
  std::string topic = {};
};

// Whose positions a sink keeps that keeps some.
[[nodiscard]] PositionsOf positions_of(const SourceSpec& source);

// Connects, once. A store that is away is said and tried again with backoff until it is there or
// `stop` is requested (kind interrupted). `check_table`: the live table is compared with the
// pipeline's; SQLite's always is, and made where it is missing. `console` outlives the sink.
[[nodiscard]] Result<std::unique_ptr<Sink>> open_sink(const SinkSpec& sink, const StopToken& stop,
                                                      Output& console,
                                                      const PositionsOf& positions = {},
                                                      bool check_table = true);

// How retry_transient() speaks of what it waits for.
struct RetryOptions {
  std::string until = "it can be reached";  // "…; trying again until " this.
  std::string success = "connected";        // Said after a warning.
  // A cause that ends sooner is not worth a warning.
  Millis quiet_for{0};
};
// The same for a file, which is opened and not connected with.
[[nodiscard]] RetryOptions retry_of_file(const std::string& path);

// Calls `attempt` until it succeeds, fails for good, or `stop` is requested; says once per cause
// what is waited for.
[[nodiscard]] Status retry_transient(const StopToken& stop, const std::function<Status()>& attempt,
                                     const RetryOptions& options = {});

}  // namespace turntable
