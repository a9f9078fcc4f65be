// Where a consumer group begins in each partition. Decided once per partition and committed at
// once, so that a crash before the first record changes nothing.
//
//   the group has a commit there              → at the commit
//   it has none anywhere                      → at `start`: this is the group's beginning
//   it has some, and the partition is younger
//   than the group's beginning                → at the partition's first record: nothing of it has
//   been seen it has some, the partition was there      → at `start`: the beginning was interrupted
//   half-way
//
// Which partitions were there is remembered in the note of every commit. A group whose commits
// carry no such note was begun by another program: there, a partition without a commit counts as
// younger.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kafka/client.h"
#include "row/types.h"

namespace turntable {

struct Start {
  enum class At { latest, earliest, time };
  At at = At::latest;
  int64_t time_ms = 0;  // Since 1970; with At::time.
};

// From the option's text: "latest", "earliest", or a time in ISO 8601 (UTC where it names no
// offset).
[[nodiscard]] Result<Start> parse_start(std::string_view text);

// With how many partitions the group began: the smallest number in any note; 0 where there are
// commits but no note; nothing where there is no commit.
[[nodiscard]] std::optional<int> partitions_at_beginning(std::span<const kafka::Committed> commits);

enum class BeginAt { commit, first_record, start };

[[nodiscard]] BeginAt decide_start(PartitionId partition, const kafka::Committed& commit,
                                   std::optional<int> began_with);

}  // namespace turntable
