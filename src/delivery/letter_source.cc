#include "delivery/letter_source.h"

#include <algorithm>
#include <array>

#include "row/headers.h"

namespace turntable {
class LetterSource::Letters final : public RecordOwner {
 public:
  explicit Letters(std::vector<Letter> letters) : letters_(std::move(letters)) {
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
    if (headers_[index]) record.headers = *headers_[index];
    record.headers_too_large = !headers_[index].has_value();
    record.partition = letter.partition;
    record.offset = letter.offset;
    record.timestamp_ms = letter.timestamp_ms;
    return record;
  }
  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(letters_.size()); }

 private:
  std::vector<Letter> letters_;
  std::vector<std::optional<std::string>> headers_;  // Nothing: beyond their limits.
};

LetterSource::LetterSource(std::unique_ptr<LetterReader> reader,
                           std::function<bool(const Letter&)> wanted, std::string name,
                           AssignmentListener& listener)
    : reader_(std::move(reader)),
      wanted_(std::move(wanted)),
      name_(std::move(name)),
      listener_(listener) {}

LetterSource::~LetterSource() = default;

bool LetterSource::at_end() const {
  return waiting_.empty() && reader_->at_end();
}

Result<RecordBatch> LetterSource::poll(size_t limit, Millis wait) {
  RecordBatch batch;
  if (waiting_.empty()) {
    ASSIGN_OR_RETURN(waiting_, reader_->next(limit, wait));
    std::erase_if(waiting_, [this](const Letter& letter) { return !wanted_(letter); });
  }
  if (waiting_.empty()) return batch;
  batch.topic = *topics_.insert(waiting_.front().topic).first;
  const auto end = std::find_if(waiting_.begin(), waiting_.end(), [&batch](const Letter& letter) {
    return letter.topic != batch.topic;
  });
  auto owner = std::make_unique<Letters>(
      std::vector<Letter>(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end)));
  waiting_.erase(waiting_.begin(), end);
  for (uint32_t i = 0; i < owner->size(); ++i) {
    batch.records.push_back(owner->record(i));
    const std::array<PartitionId, 1> partition{batch.records.back().partition};
    if (assigned_.insert(partition[0]).second) listener_.on_assigned(partition);
  }
  batch.owner = std::move(owner);
  return batch;
}

}  // namespace turntable
