#include "source/commit_note.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace turntable {
namespace {

constexpr std::string_view kBegin = "turntable";
constexpr std::string_view kPartitions = "partitions=";
constexpr std::string_view kTopic = "topic=";
constexpr std::string_view kWriteTime = "write_time=";
constexpr std::string_view kStores = "stores=";

template <class Number>
bool read_count(std::string_view text, Number& number) {
  return read_number(text, number) && number >= 0;
}

// The text up to the next blank, which is taken off.
std::string_view next_word(std::string_view& text) {
  const size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

}  // namespace

bool CommitNote::names_store(std::string_view id) const {
  const std::vector<std::string_view> ids = split(stores, ',');
  return !id.empty() && std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string note_text(const CommitNote& note) {
  std::string text = fmt::format("{} {}{}", kBegin, kPartitions, note.partitions);
  if (!note.topic_id.empty()) text += fmt::format(" {}{}", kTopic, note.topic_id);
  if (note.write_time_us >= 0) text += fmt::format(" {}{}", kWriteTime, note.write_time_us);
  if (!note.stores.empty()) text += fmt::format(" {}{}", kStores, note.stores);
  return text;
}

std::optional<CommitNote> parse_note(std::string_view text) {
  CommitNote note;
  if (next_word(text) != kBegin) return std::nullopt;
  const std::string_view partitions = next_word(text);
  if (!partitions.starts_with(kPartitions) ||
      !read_count(partitions.substr(kPartitions.size()), note.partitions))
    return std::nullopt;
  while (!text.empty()) {
    const std::string_view word = next_word(text);
    if (word.starts_with(kTopic)) note.topic_id = word.substr(kTopic.size());
    if (word.starts_with(kStores)) note.stores = word.substr(kStores.size());
    if (word.starts_with(kWriteTime) &&
        !read_count(word.substr(kWriteTime.size()), note.write_time_us))
      return std::nullopt;
  }
  return note;
}

}  // namespace turntable
