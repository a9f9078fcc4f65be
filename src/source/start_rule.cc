#include "source/start_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/iso_time.h"
#include "base/text.h"
#include "source/commit_note.h"

namespace turntable {

Result<Start> parse_start(std::string_view text) {
  const std::string word = lowercase(trim(text));
  if (word == "latest") return Start{Start::At::latest, 0};
  if (word == "earliest") return Start{Start::At::earliest, 0};
  if (const auto time = parse_iso_time(trim(text))) {
    return Start{Start::At::time, (*time - (*time % 1000 + 1000) % 1000) / 1000};
  }
  return fail(
      ErrorKind::usage,
      fmt::format(
          "start = '{}' is neither latest, earliest nor a time such as 2024-03-03T10:15:00Z",
          printable(text)));
}

std::optional<int> partitions_at_beginning(std::span<const kafka::Committed> commits) {
  bool any = false;
  std::optional<int> noted;
  for (const kafka::Committed& commit : commits) {
    if (commit.offset < 0) continue;
    any = true;
    if (const auto note = parse_note(commit.metadata))
      noted = noted ? std::min(*noted, note->partitions) : note->partitions;
  }
  if (!any) return std::nullopt;
  return noted.value_or(0);
}

BeginAt decide_start(PartitionId partition, const kafka::Committed& commit,
                     std::optional<int> began_with) {
  if (commit.offset >= 0) return BeginAt::commit;
  if (!began_with || partition < *began_with) return BeginAt::start;
  return BeginAt::first_record;
}

}  // namespace turntable
