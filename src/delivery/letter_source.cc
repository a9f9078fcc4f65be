#include "delivery/letter_source.h"

#include <algorithm>
#include <array>

#include "row/headers.h"

namespace turntable {
namespace {

constexpr int64_t kDayUs = int64_t{86'400} * 1'000'000;
// Eleven days into 1970: before all that was ever delivered.
constexpr int64_t kOldestLimitUs = 1'000'000'000'000;

// The write time of the record that a letter was made of. Letters of a version before have none.
// The record's own time is before that of all that was delivered later, unless its producer's clock
// was ahead: a letter was written after its record was delivered, so a time that is still to come
// cannot be right. Without a time the record is older than all that have one, and the order within
// its partition is kept.
int64_t write_time_of(const Letter& letter, const Record& record,
                      const LetterSource::Options& options) {
  const bool believed = letter.write_time_us != kNoWriteTime &&
                        (!options.now_us || letter.write_time_us <= *options.now_us + kDayUs);
  if (believed) return letter.write_time_us;
  const auto own = record_write_time_us(record);
  const bool counts = own && (options.write_times == WriteTimeRule::record || !options.now_us ||
                              *own <= *options.now_us);
  return counts ? *own : std::min(letter.offset, kOldestLimitUs);
}

}  // namespace

class LetterSource::Letters final : public RecordOwner {
 public:
  // `inserts`: those that are to run for each letter. `options` outlive this.
  Letters(std::vector<Letter> letters, std::vector<InsertSet> inserts, const Options& options)
      : letters_(std::move(letters)), inserts_(std::move(inserts)), options_(options) {
    if (!options_.want_headers) return;
    for (const Letter& letter : letters_) {
      HeadersJson json;
      for (const Header& header : letter.headers) json.add(header.name, header.value);
      headers_.push_back(letter.headers_unread ? std::nullopt : std::move(json).finish());
    }
  }
  bool visit_headers(const Record& record, const HeaderVisitor& visit) const override {
    const Letter& letter = letters_[record.index];
    for (const Header& header : letter.headers) visit(header.name, header.value);
    return !letter.headers_unread;
  }
  [[nodiscard]] Record record(uint32_t index) const {
    const Letter& letter = letters_[index];
    Record record;
    record.index = index;
    record.value = letter.value ? std::string_view(*letter.value) : std::string_view();
    record.has_value = letter.value.has_value();
    record.key = letter.key ? std::string_view(*letter.key) : std::string_view();
    record.has_key = letter.key.has_value();
    if (options_.want_headers) {
      if (headers_[index]) record.headers = *headers_[index];
      record.headers_too_large = !headers_[index].has_value();
    }
    record.partition = letter.partition;
    record.offset = letter.offset;
    record.timestamp_ms = letter.timestamp_ms;
    record.write_time_us = write_time_of(letter, record, options_);
    record.inserts = inserts_[index];
    return record;
  }
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(letters_.size()); }

 private:
  std::vector<Letter> letters_;
  std::vector<InsertSet> inserts_;
  const Options& options_;
  std::vector<std::optional<std::string>> headers_;  // Nothing: beyond their limits, or unread.
};

LetterSource::LetterSource(std::unique_ptr<LetterReader> reader, Options options,
                           AssignmentListener& listener)
    : reader_(std::move(reader)), options_(std::move(options)), listener_(listener) {}

LetterSource::~LetterSource() = default;

bool LetterSource::at_end() const {
  return reader_->at_end();
}

Result<bool> LetterSource::is_ours(const Letter& letter) {
  if (letter.topic != options_.topic) {
    ++foreign_;
    return false;
  }
  if (!letter.topic_id.empty() && options_.topic_id) {
    if (!topic_id_) {
      ASSIGN_OR_RETURN(topic_id_, options_.topic_id());
    }
    if (!topic_id_->empty() && letter.topic_id != *topic_id_) {
      ++of_another_id_;
      return false;
    }
  }
  return true;
}

// The INSERTs that are to run for the letter; none where it is passed over.
Result<InsertSet> LetterSource::wanted(const Letter& letter) {
  ASSIGN_OR_RETURN(const bool ours, is_ours(letter));
  if (!ours) return InsertSet();
  const auto has_reason = [this](const std::string& reason) {
    return options_.reason.empty() || reason == options_.reason;
  };
  if (letter.inserts.empty()) return has_reason(letter.reason) ? InsertSet::all() : InsertSet();
  InsertSet inserts;
  const std::vector<std::string>& names = options_.inserts;
  for (const LetterInsert& insert : letter.inserts) {
    if (!has_reason(insert.reason)) continue;
    const auto known = std::find(names.begin(), names.end(), insert.name);
    if (known == names.end()) {
      ++of_other_inserts_;
    } else {
      inserts |= InsertSet::of(static_cast<size_t>(known - names.begin()));
    }
  }
  return inserts;
}

Result<RecordBatch> LetterSource::poll(size_t limit, Millis wait) {
  RecordBatch batch;
  batch.topic = options_.topic;
  ASSIGN_OR_RETURN(auto read, reader_->next(limit, wait));
  read_ += read.size();
  progress_.at(read_, reader_->share_read());
  std::vector<Letter> letters;
  std::vector<InsertSet> inserts;
  for (Letter& letter : read) {
    ASSIGN_OR_RETURN(const InsertSet of_letter, wanted(letter));
    if (of_letter.empty()) continue;
    letters.push_back(std::move(letter));
    inserts.push_back(of_letter);
  }
  auto owner = std::make_unique<Letters>(std::move(letters), std::move(inserts), options_);
  for (uint32_t i = 0; i < owner->size(); ++i) {
    batch.records.push_back(owner->record(i));
    const std::array<PartitionId, 1> partition{batch.records.back().partition};
    if (assigned_.insert(partition[0]).second) listener_.on_assigned(partition);
  }
  batch.owner = std::move(owner);
  return batch;
}

}  // namespace turntable
