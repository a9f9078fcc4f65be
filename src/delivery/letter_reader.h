// Reads dead letters back, from where a pipeline keeps them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "delivery/kafka_dead_letters.h"
#include "row/letter.h"

namespace turntable {

// Of a line in a file of letters: the largest record that becomes one (NdjsonSource's longest line,
// kLetterBytesLimit) in base64, and its headers.
inline constexpr size_t kLetterLineBytesLimit = size_t{256} << 20;

// One thread.
class LetterReader {
 public:
  virtual ~LetterReader() = default;
  // The next letters, `limit` at most, waiting up to `wait` for the first; none at the end, and
  // perhaps before it. What is no letter is counted and passed over; the caller says it.
  [[nodiscard]] virtual Result<std::vector<Letter>> next(size_t limit, Millis wait) = 0;
  [[nodiscard]] virtual bool at_end() const = 0;
  // How much of all letters has been read, from 0 to 1, for people who wait; below 0: not known.
  [[nodiscard]] virtual double share_read() const { return -1; }
  // What was no letter, or too long for one.
  [[nodiscard]] virtual uint64_t unreadable() const = 0;
  // Where the first of them stands, and what is wrong with it.
  [[nodiscard]] virtual std::string first_unreadable() const { return ""; }
};

// A file that is not there has no letters: nothing has failed yet. An error of kind usage where it
// is compressed, or text in another encoding than UTF-8; of a pipe next() says so.
[[nodiscard]] Result<std::unique_ptr<LetterReader>> letters_of_file(const std::string& path);

// Up to the end that the topic has now. Errors as TopicReader's.
[[nodiscard]] Result<std::unique_ptr<LetterReader>> letters_of_topic(
    const KafkaDeadLettersOptions& options, const Clock& clock);

}  // namespace turntable
