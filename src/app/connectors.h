// The only place that names concrete sources and sinks.
#pragma once

#include <functional>
#include <memory>

#include "app/pipeline.h"
#include "base/result.h"
#include "base/stop.h"
#include "decode/decoder.h"
#include "delivery/dead_letters.h"
#include "delivery/letter_reader.h"
#include "sink/sink.h"
#include "source/source.h"

namespace turntable {

[[nodiscard]] Result<std::unique_ptr<Decoder>> make_decoder(const SourceSpec& source);

// Makes the topic of dead letters where it is missing. Waits as open_sink() does. `pipeline`
// is told in the letters.
[[nodiscard]] Status prepare_dead_letters(const SourceSpec& source, const std::string& pipeline,
                                          const StopToken& stop, const Clock& clock);
[[nodiscard]] Result<std::unique_ptr<DeadLetters>> make_dead_letters(const SourceSpec& source,
                                                                     const std::string& pipeline,
                                                                     const Clock& clock);
// The dead letters that there are now. Waits as open_sink() does.
[[nodiscard]] Result<std::unique_ptr<LetterReader>> open_letters(const SourceSpec& source,
                                                                 const StopToken& stop,
                                                                 const Clock& clock);
// "topic t", a path, "nowhere": for messages.
[[nodiscard]] std::string dead_letters_name(const DeadLettersSpec& spec);

// Joins the group or opens the file. `lane`: which one of the process, from 1. `listener`, `stop`
// and `clock` outlive the source.
[[nodiscard]] Result<std::unique_ptr<Source>> open_source(const SourceSpec& source, size_t lane,
                                                          bool until_end,
                                                          AssignmentListener& listener,
                                                          const StopToken& stop,
                                                          const Clock& clock);

// Whether a source that is a file can be read, and dead letters that are one be written.
[[nodiscard]] Status check_files(const SourceSpec& source);

// A consumer group, and the topic in which it has positions. Empty: the sink keeps none.
struct PositionsOf {
  std::string group = {};
  std::string topic = {};
};

// Connects, once. A store that is away is said and tried again with backoff until it is there or
// `stop` is requested (kind interrupted). `check_table`: the live table is compared with the
// pipeline's; SQLite's always is, and made where it is missing.
[[nodiscard]] Result<std::unique_ptr<Sink>> open_sink(const SinkSpec& sink, const StopToken& stop,
                                                      const PositionsOf& positions = {},
                                                      bool check_table = true);

// Calls `attempt` until it succeeds, fails for good, or `stop` is requested; says once per cause
// what is waited for.
[[nodiscard]] Status retry_transient(const StopToken& stop, const std::function<Status()>& attempt);

}  // namespace turntable
