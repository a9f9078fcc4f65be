// Any bytes as a line of a file of dead letters: what is taken for a letter is one line of JSON,
// and can be written and read again. And any bytes as a record that becomes a letter: written as a
// line, and as the headers of a record in a topic, it is read back as it was, so that a replay
// replays it.
//
// An input begins with 'L' and is a line, or it is the parts of a record with kBetween between
// them.
#include <algorithm>
#include <limits>
#include <string>

#include "base/check.h"
#include "base/fuzz_input.h"
#include "base/fuzz_json.h"
#include "base/text.h"
#include "decode/letter_line.h"
#include "delivery/dead_letters.h"
#include "delivery/kafka_dead_letters.h"
#include "row/headers.h"

namespace turntable {
namespace {

constexpr char kBetween = '\x1E';
constexpr size_t kHeadersLimit = 8;

bool same(const std::vector<Header>& a, const std::vector<Header>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Header& x, const Header& y) {
    return x.name == y.name && x.value == y.value;
  });
}

bool same(const Letter& a, const Letter& b) {
  return a.topic == b.topic && a.topic_id == b.topic_id && a.partition == b.partition &&
         a.offset == b.offset && a.timestamp_ms == b.timestamp_ms &&
         a.write_time_us == b.write_time_us && a.key == b.key && a.value == b.value &&
         same(a.headers, b.headers) && a.headers_unread == b.headers_unread &&
         a.reason == b.reason && a.detail == b.detail && a.inserts == b.inserts;
}

bool is_json(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const JsonOpinion opinion = JsonJudge::opinion_of(text);
  return opinion.is_json || opinion.overflow;
}

// The line without its break, which is where the only break is.
std::string line_of(const Letter& letter) {
  std::string line = dead_letter_line(letter);
  CHECK(line.ends_with('\n'));
  line.pop_back();
  CHECK(line.find('\n') == std::string::npos && is_utf8(line));
  CHECK(is_json(line));
  return line;
}

void check_line(std::string_view line) {
  const auto letter = parse_letter_line(line);
  if (!letter) {
    CHECK(!letter.error().message.empty());
    return;
  }
  CHECK(is_json(line));
  const auto again = parse_letter_line(line_of(*letter));
  CHECK(again && same(*again, *letter));
}

// A batch of one record that has headers.
class Headers final : public RecordOwner {
 public:
  explicit Headers(std::vector<Header> headers) : headers_(std::move(headers)) {}
  bool visit_headers(const Record& /*record*/, const HeaderVisitor& visit) const override {
    for (const Header& header : headers_) visit(header.name, header.value);
    return true;
  }

 private:
  std::vector<Header> headers_;
};

RecordBatch batch_of(const Letter& letter, std::vector<Header> headers) {
  RecordBatch batch;
  batch.topic = letter.topic;
  Record& record = batch.records.emplace_back();
  record.has_key = letter.key.has_value();
  record.has_value = letter.value.has_value();
  if (letter.key) record.key = *letter.key;
  if (letter.value) record.value = *letter.value;
  record.partition = letter.partition;
  record.offset = letter.offset;
  record.timestamp_ms = letter.timestamp_ms;
  record.write_time_us = letter.write_time_us;
  batch.owner = std::make_unique<Headers>(std::move(headers));
  return batch;
}

// A record as a lane could have had it, or somebody could claim; its reason is one of ours.
Letter letter_from(FuzzInput& input) {
  Letter letter;
  const uint8_t flags = input.byte();
  letter.topic = "test";
  letter.partition = static_cast<PartitionId>(input.number() & 0x7FFF'FFFF);
  letter.offset = static_cast<Offset>(input.number() & 0x7FFF'FFFF'FFFF'FFFF);
  letter.timestamp_ms = static_cast<int64_t>(input.number());
  if (letter.timestamp_ms % 2 != 0)
    letter.write_time_us = letter.timestamp_ms & std::numeric_limits<int64_t>::max();
  if ((flags & 1) != 0) letter.topic_id = "kVWmJ1eNTFaYk7hJtA";
  if ((flags & 1) != 0) letter.key = input.until(kBetween);
  if ((flags & 2) != 0) letter.value = input.until(kBetween);
  letter.reason = reject_code_name(static_cast<RejectCode>((flags >> 2) % 11));
  letter.detail = printable(input.until(kBetween));
  if ((flags & 2) != 0)
    letter.inserts = {{"history", letter.reason, letter.detail}, {"by_song", "unmatched", ""}};
  while (!input.done() && letter.headers.size() < kHeadersLimit) {
    Header& header = letter.headers.emplace_back();
    header.name = input.until('=');
    const std::string_view value = input.until(kBetween);
    if (value != "null") header.value = value;
  }
  return letter;
}

void check_record(const Letter& letter) {
  const RecordBatch batch = batch_of(letter, letter.headers);
  HeadersJson shown;
  for (const Header& header : letter.headers) shown.add(header.name, header.value);
  const auto json_text = std::move(shown).finish();
  CHECK(!json_text || json_text->empty() || is_json(*json_text));

  const auto from_line = parse_letter_line(line_of(letter));
  const RecordBatch sent = batch_of(letter, letter_headers(letter, "p"));
  const auto from_topic = letter_from(sent, sent.records[0]);
  if (!is_place(letter.partition, letter.offset)) {
    CHECK(!from_line && !from_topic);
    return;
  }
  CHECK(from_line && same(*from_line, letter));
  CHECK(from_topic && same(*from_topic, letter));
}

// Headers that are nobody's letter, or somebody's who means harm.
void check_foreign(const Letter& letter) {
  const RecordBatch batch = batch_of(letter, letter.headers);
  const auto read = letter_from(batch, batch.records[0]);
  if (read) CHECK(is_place(read->partition, read->offset) && !read->reason.empty());
}

}  // namespace
}  // namespace turntable

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  FuzzInput input(data, size);
  if (input.byte() == 'L') {
    check_line(input.rest());
    return 0;
  }
  const Letter letter = letter_from(input);
  check_record(letter);
  check_foreign(letter);
  return 0;
}
