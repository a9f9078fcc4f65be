// A dead letter: a record that did not become a row, with the reason. It owns its bytes.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "row/record.h"
#include "row/types.h"

namespace turntable {

struct Header {
  std::string name;
  std::optional<std::string> value;
};

// Of one topic. A letter that names another was forged or damaged: it must not take memory.
inline constexpr PartitionId kPartitionsLimit = 100'000;

// True where a topic can have a record there.
[[nodiscard]] inline bool is_place(int64_t partition, Offset offset) {
  return partition >= 0 && partition < kPartitionsLimit && offset >= 0 &&
         offset < std::numeric_limits<Offset>::max();
}

// What an INSERT of several had against the record.
struct LetterInsert {
  std::string name;    // Its table's name in the file.
  std::string reason;  // A reject code's name.
  std::string detail;  // A sentence for a person.

  friend bool operator==(const LetterInsert&, const LetterInsert&) = default;
};

struct Letter {
  // The record's identity: the same after a replay, so that its row is the same row.
  std::string topic;
  // Which topic had that name then, as brokers write ids; empty where it is not known.
  std::string topic_id = {};
  PartitionId partition = 0;
  Offset offset = 0;
  int64_t timestamp_ms = kNoTimestamp;
  // That its row would have had; kNoWriteTime where it was given none.
  int64_t write_time_us = kNoWriteTime;
  // Its bytes, as they came.
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<Header> headers;
  bool headers_unread = false;  // It had some that could not be read: they are not here.
  // Why it is here. Where the pipeline has several INSERTs, those that made no row of it have a
  // reason each, and here is that of the worst of them.
  std::string reason;  // A reject code's name.
  std::string detail;  // A sentence for a person.
  std::vector<LetterInsert> inserts = {};  // Empty in letters of a version before: all INSERTs.
};

}  // namespace turntable
