#include "delivery/letter_source.h"

#include <array>

#include "row/headers.h"

namespace turntable {
class LetterSource::Letters final : public RecordOwner {
 public:
  Letters(std::vector<Letter> letters, bool want_headers)
      : letters_(std::move(letters)), want_headers_(want_headers) {
    if (!want_headers_) return;
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
    if (want_headers_) {
      if (headers_[index]) record.headers = *headers_[index];
      record.headers_too_large = !headers_[index].has_value();
    }
    record.partition = letter.partition;
    record.offset = letter.offset;
    record.timestamp_ms = letter.timestamp_ms;
    return record;
  }
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(letters_.size()); }

 private:
  std::vector<Letter> letters_;
  const bool want_headers_;
  std::vector<std::optional<std::string>> headers_;  // Nothing: beyond their limits, or unread.
};

LetterSource::LetterSource(std::unique_ptr<LetterReader> reader, Options options,
                           AssignmentListener& listener)
    : reader_(std::move(reader)), options_(std::move(options)), listener_(listener) {}

LetterSource::~LetterSource() = default;

bool LetterSource::at_end() const {
  return reader_->at_end();
}

bool LetterSource::wanted(const Letter& letter) {
  if (letter.topic != options_.topic) {
    ++foreign_;
    return false;
  }
  return options_.reason.empty() || letter.reason == options_.reason;
}

Result<RecordBatch> LetterSource::poll(size_t limit, Millis wait) {
  RecordBatch batch;
  batch.topic = options_.topic;
  ASSIGN_OR_RETURN(auto letters, reader_->next(limit, wait));
  std::erase_if(letters, [this](const Letter& letter) { return !wanted(letter); });
  auto owner = std::make_unique<Letters>(std::move(letters), options_.want_headers);
  for (uint32_t i = 0; i < owner->size(); ++i) {
    batch.records.push_back(owner->record(i));
    const std::array<PartitionId, 1> partition{batch.records.back().partition};
    if (assigned_.insert(partition[0]).second) listener_.on_assigned(partition);
  }
  batch.owner = std::move(owner);
  return batch;
}

}  // namespace turntable
