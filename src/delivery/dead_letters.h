// Dead letters: records that did not become rows, kept with the reason and the bytes as they came.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "row/letter.h"
#include "row/record.h"
#include "row/reject.h"

namespace turntable {

// Of a value, a key or a header that a line has as text too, beside its base64.
inline constexpr size_t kReadableBytesLimit = size_t{1} << 20;

// One lane's. One thread.
class DeadLetters {
 public:
  virtual ~DeadLetters() = default;

  // Takes a copy of a record of the batch, of which these INSERTs could make no row: at least one
  // fault, all of the same record. Durable after the next flush() that succeeds.
  virtual void add(const RecordBatch& batch, std::span<const Reject> faults) = 0;
  void add(const RecordBatch& batch, const Reject& fault) { add(batch, std::span(&fault, 1)); }

  // Makes everything added so far durable. An error of kind transient may be tried again: nothing
  // is lost.
  [[nodiscard]] virtual Status flush() = 0;

  // Asked before a position behind letters is stored: an error of kind failed where letters that
  // were flushed since the last let_go() are gone, and of kind transient where that cannot be found
  // out now. May wait for a server, for a second at most.
  [[nodiscard]] virtual Status still_there() { return {}; }
  // Positions behind all letters that were flushed are stored: what becomes of them from now on is
  // the operator's affair.
  virtual void let_go() {}

  // Bytes added and not flushed.
  [[nodiscard]] virtual size_t pending_bytes() const = 0;

  // True where add() keeps the record; false where the pipeline says that they are dropped.
  [[nodiscard]] virtual bool keeps() const = 0;

  // A file's path, "topic t", or "nowhere": for messages.
  [[nodiscard]] virtual std::string name() const = 0;
};

// What makes a file's bytes durable, as fdatasync(2).
using SyncFile = int (*)(int descriptor);

// The letter of a record with these faults, as in DeadLetters::add(). `inserts`: the names of the
// pipeline's INSERTs; the letter says which of them had what against it.
// Its own reason is that of the first one that rejected it, or of the first that had no match.
[[nodiscard]] Letter letter_of(const RecordBatch& batch, std::span<const Reject> faults,
                               std::span<const std::string> inserts = {});
[[nodiscard]] inline Letter letter_of(const RecordBatch& batch, const Reject& fault) {
  return letter_of(batch, std::span(&fault, 1));
}

// [{"insert":"plays_by_song","reason":"unmatched","detail":"…"},…]
[[nodiscard]] std::string letter_inserts_json(const std::vector<LetterInsert>& inserts);

// One dead letter as a line of JSON, with the line break: topic, topic_id where it is known,
// partition, offset, time, reason, detail, inserts (letter_inserts_json()) where their names are
// known, write_time (microseconds since 1970) where the record was given one, value_base64 and,
// where it is UTF-8 and not beyond kReadableBytesLimit, value; key_base64 and key likewise where
// there is a key; headers where there are any, each with its name, value_base64 and value, and with
// name_base64 where the name is not UTF-8; headers null where there were some that could not be
// read. decode/letter_line.h reads it back.
[[nodiscard]] std::string dead_letter_line(const Letter& letter);

// Appends lines to the file at `path`, which is made at the first dead letter, and again where it
// was renamed or removed. One that was removed, replaced, cut short or written over before
// positions behind its letters were stored is an error of kind failed, under whatever name it was
// by then; a full disk is one of kind transient. Several lanes, each with an object of its own, may
// append to one file: lines are not mixed. `topic_id`: of the topic whose records become letters.
// `inserts`: as in letter_of().
[[nodiscard]] std::unique_ptr<DeadLetters> dead_letters_in_file(
    std::string path, SyncFile sync = ::fdatasync, std::string topic_id = {},
    std::vector<std::string> inserts = {});

// Whether the file can be written, without leaving anything behind: found out at start, not at the
// first dead letter.
[[nodiscard]] Status check_dead_letters_file(const std::string& path);

// Keeps nothing: `dead_letters = 'drop'`.
[[nodiscard]] std::unique_ptr<DeadLetters> dropped_dead_letters();

}  // namespace turntable
