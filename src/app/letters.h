// A pipeline's dead letters: where they are, and opening them to write or to read.
#pragma once

#include <memory>
#include <string>

#include "app/pipeline.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/stop.h"
#include "delivery/dead_letters.h"
#include "delivery/letter_reader.h"

namespace turntable {

// Makes the topic of dead letters where it is missing. Waits for brokers until they are there or
// `stop` is requested (kind interrupted), as all of these do. Gives the topic's id, where there is
// one.
[[nodiscard]] Result<std::string> prepare_dead_letters(const Pipeline& pipeline,
                                                       const StopToken& stop, const Clock& clock);

// `topic_id`: as prepare_dead_letters() gave it. `source_topic_id`: as find_source_topic() did; it
// stands in the letters.
[[nodiscard]] Result<std::unique_ptr<DeadLetters>> make_dead_letters(
    const Pipeline& pipeline, const std::string& topic_id, const Clock& clock,
    const std::string& source_topic_id = "");

// Which topic the source's name has now: its id, empty where brokers have none. For a replay of
// letters. An error of kind failed where there is no such topic.
[[nodiscard]] Result<std::string> ask_source_topic_id(const SourceSpec& source,
                                                      const StopToken& stop, const Clock& clock);

// The dead letters that there are now.
[[nodiscard]] Result<std::unique_ptr<LetterReader>> open_letters(const SourceSpec& source,
                                                                 const StopToken& stop,
                                                                 const Clock& clock);

// "topic t", a path, "nowhere": for messages.
[[nodiscard]] std::string dead_letters_name(const DeadLettersSpec& spec);

}  // namespace turntable
