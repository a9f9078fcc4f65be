// The note that stands beside every commit of a consumer group (Kafka calls it the commit's
// metadata): what the next owner of a partition has to know and Kafka does not keep.
//
//   turntable partitions=4 topic=kVWmJ1eNTFaYk7hJtA write_time=1733900000000000 stores=8c1f…
//
// Fields follow in this order; those that are not known are left out. Fields that a later version
// adds are passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "row/record.h"

namespace turntable {

struct CommitNote {
  int partitions = 0;    // How many the topic had when the group began.
  std::string topic_id;  // As the broker writes it; empty where it is not known.
  // The highest write time that was given to a record of the partition, in microseconds since 1970.
  int64_t write_time_us = kNoWriteTime;
  // Of a pipeline with several stores: the ids of those that have one, which are written up to the
  // commit and keep no position of their own. With commas between them.
  std::string stores;

  [[nodiscard]] bool names_store(std::string_view id) const;

  friend bool operator==(const CommitNote&, const CommitNote&) = default;
};

[[nodiscard]] std::string note_text(const CommitNote& note);

// Nothing where another program wrote it, or it is damaged.
[[nodiscard]] std::optional<CommitNote> parse_note(std::string_view text);

}  // namespace turntable
